"""Write the valid records of each uploaded JSON file to DynamoDB, and reject the others loudly.

Trigger: new objects in the landing bucket, reported by S3 itself or through EventBridge. The
environment variable TABLE_NAME names the table: partition key device_id, sort key timestamp.

A file is a JSON array of records: objects with device_id and timestamp (ISO 8601), strings that
are not empty, and value, a number; other fields may hold a string, a number, a boolean or null.
Each is stored as it is, and of several with one key the last one stays. What is no valid record,
or larger than 400 KB, is logged with its index and the reason, and the others are written. Where
a file stops being an array, an ERROR line says why and where, and what came before is written.
None of this raises: a retry would only read the same again. What AWS refuses, and what is not
written when the time is up, does raise, and the retry writes the same items.

A file is read a piece at a time, whatever its size; the function's time-out must suit the largest.
A folder marker ("in/", no bytes) is passed over. The role needs s3:GetObject, s3:GetObjectVersion,
kms:Decrypt on the key that encrypts the objects, and dynamodb:BatchWriteItem on the table.
"""

import io
import json
import os
import random
import re
import time
from collections import Counter, namedtuple
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from decimal import Context, Decimal, DecimalException, Inexact, Subnormal
from functools import partial
from itertools import count
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote_plus

import boto3
from boto3.dynamodb.table import BatchWriter
from botocore.config import Config
from botocore.exceptions import ClientError

TABLE_NAME = os.environ.get("TABLE_NAME", "")
CHUNK_SIZE, MAX_RECORD_SIZE, MAX_DEPTH = 64 * 1024, 400 * 1024, 1000
BATCH_SIZE, MAX_BATCH_LENGTH = 25, 1024**2  # a character takes up to 12 bytes of a request's 16 MB
MAX_NAME_SIZE, MAX_REJECT_LINES, MAX_ERROR_LENGTH = 65535, 100, 1000
KEY_SIZES = {"device_id": 2048, "timestamp": 1024}
RESERVED_SECONDS = 1  # to report what is not written, before Lambda ends the function
THROTTLED = "ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"
NUMBERS = Context(38, Emin=-130, Emax=125, traps=[Inexact, Subnormal])  # what DynamoDB can hold
NEXT, QUOTE, MARK = map(re.compile, (r"[^ \t\n\r]", r'(?s)\\.|"', r'[][{}",]'))
UNREADABLE = "it is no JSON, larger than 400 KB or nested too deeply"
SURROGATE = re.compile("[\ud800-\udfff]")  # half a character, or a byte that is not UTF-8
s3 = boto3.client("s3")
dynamodb = boto3.resource("dynamodb", config=Config(read_timeout=10, retries={"mode": "standard"}))
Upload = namedtuple("Upload", "bucket key version_id")


def lambda_handler(event: Any, context: Any) -> dict[str, Any]:
    """Ingest every file of the event; only then raise the first error, if any."""
    if not TABLE_NAME:
        raise RuntimeError("TABLE_NAME is not set: let it name the table for the records.")
    uploads = read_uploads(event)
    if not uploads:
        log("INFO", "the event reports no new object", request_id=context.aws_request_id)
    errors = [error for upload in uploads if (error := ingest(upload, context))]
    if errors:
        raise errors[0]
    return {"ingested": len(uploads), "keys": [upload.key for upload in uploads]}


def read_uploads(event: Any) -> list[Upload]:
    """Return the new objects that an event reports; the test event of a new trigger has none."""
    match event:
        case {"Event": "s3:TestEvent"}:
            return []
        case {"detail": {"bucket": {"name": bucket}, "object": {"key": key, **stored}}}:
            return [Upload(bucket, key, stored.get("version-id"))] if is_new(event) else []
        case {"Records": [_, *_] as records} if all("s3" in record for record in records):
            return [from_s3(record["s3"]) for record in records if is_new(record)]
    raise ValueError("The event holds no S3 records: is the trigger a bucket or a rule for one?")


def is_new(report: dict[str, Any]) -> bool:
    """Tell whether S3 reports a new object and not, say, a deleted one, which a rule may match."""
    name: str = report.get("eventName") or report.get("detail-type") or "ObjectCreated"
    return name.replace(" ", "").startswith("ObjectCreated")


def from_s3(report: dict[str, Any]) -> Upload:
    """Return the upload that S3 itself reports, with its key encoded, as EventBridge does not."""
    key = unquote_plus(report["object"]["key"])  # "red flower.jpg" arrives as "red+flower.jpg"
    return Upload(report["bucket"]["name"], key, report["object"].get("versionId"))


def ingest(upload: Upload, context: Any) -> Exception | None:
    """Write a file's records and log how that went; return the error, as other files wait."""
    say = partial(log, **upload._asdict(), request_id=context.aws_request_id)
    counts = Counter(written=0, rejected=0)
    try:
        source = zip(("Bucket", "Key", "VersionId"), upload, strict=True)
        stored = s3.get_object(**{name: value for name, value in source if value})
        is_file = stored["ContentLength"] or not upload.key.endswith("/")
        with io.TextIOWrapper(stored["Body"], "utf-8-sig", "surrogateescape", "") as file:
            for batch in batches(Text(file), counts, say) if is_file else ():
                client = SimpleNamespace(batch_write_item=partial(send, context, count()))
                with BatchWriter(TABLE_NAME, client, overwrite_by_pkeys=[*KEY_SIZES]) as writer:
                    for record in batch:
                        writer.put_item(record)
                counts["written"] += len(batch)
    except Exception as error:
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
        told = {"error_code": code or type(error).__name__, "error": str(error)[:MAX_ERROR_LENGTH]}
        say("ERROR", "ingestion failed", **told, **counts)
        return error
    say("WARNING" if counts["rejected"] or counts["damaged"] else "INFO", "ingested", **counts)
    return None


def batches(text: "Text", counts: Counter[str], say: Callable[..., None]) -> Iterator[list[Any]]:
    """Yield the valid records up to the file's end or damage; log and count what else there is."""
    batch, limit, index = [], MAX_BATCH_LENGTH, -1
    try:
        for index, record in enumerate(text.array()):
            fault = fault_of(record)
            counts["rejected"] += bool(fault)
            if not fault:
                batch.append(record)
            elif counts["rejected"] <= MAX_REJECT_LINES:
                say("WARNING", "record rejected", index=index, reason=fault)
            if len(batch) == BATCH_SIZE or text.before + text.at > limit:
                yield batch
                batch, limit = [], text.before + text.at + MAX_BATCH_LENGTH
    except json.JSONDecodeError as end:
        say("ERROR", "the file is damaged", reason=end.msg, index=index + 1, character=end.pos)
        counts["damaged"] += 1
    yield batch


def send(context: Any, attempts: Iterator[int], RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
    """Write what there is capacity for; the writer comes with the rest at once, and for ever."""
    if (left := context.get_remaining_time_in_millis() / 1000 - RESERVED_SECONDS) <= 0:
        raise TimeoutError(
            f"The time is up: {len(RequestItems[TABLE_NAME])} records of a batch are not written, "
            "nor is what follows. Give the function more time, or the table more capacity."
        )
    time.sleep(min(left, random.uniform(0, 0.05 * (2 ** min(next(attempts), 7) - 1))))  # noqa: S311
    try:
        return dynamodb.meta.client.batch_write_item(RequestItems=RequestItems)
    except ClientError as error:
        if error.response["Error"]["Code"] not in THROTTLED:
            raise
        return {"UnprocessedItems": RequestItems}


def fault_of(record: Any) -> str | None:
    """Return why a value is no valid record, None for a valid one."""
    if not isinstance(record, dict):
        return UNREADABLE if record is UNREADABLE else "it is not an object"
    for name, size in {**KEY_SIZES, "value": 0}.items():
        if not isinstance(record.get(name), str if size else Decimal):
            return f"{name} is missing, or no {'text' if size else 'number'} that DynamoDB can hold"
        if size and not 0 < len(record[name].encode(errors="replace")) <= size:
            return f"{name} is empty, or longer than {size} bytes"
    try:
        datetime.fromisoformat(record["timestamp"])
    except (ValueError, OverflowError):
        return "timestamp is not ISO 8601"
    for name, value in record.items():
        if not name or SURROGATE.search(name) or len(name.encode()) > MAX_NAME_SIZE:
            return f"DynamoDB does not take the field name {name[:50]!r}"
        if not isinstance(value, str | bool | Decimal | None) or SURROGATE.search(str(value)):
            return f"{name[:50]!r} is no text, number, boolean or null that DynamoDB can hold"
    return None


def number(text: str) -> Decimal | float:
    """Return a number of JSON as it is written, or a float where DynamoDB cannot hold it."""
    with suppress(DecimalException):
        return NUMBERS.create_decimal(text) or Decimal()
    return float("nan")


class Text:
    """A file's text: a window of it, where that is in the file, and what in it is read next."""

    def __init__(self, file: io.TextIOBase) -> None:
        self.file, self.window, self.before, self.at = file, "", 0, 0
        self.decoder = json.JSONDecoder(parse_float=number, parse_int=number, parse_constant=float)

    def array(self) -> Iterator[Any]:
        """Yield the values of a JSON array, and UNREADABLE for each that is none."""
        self.expect("[", "it is not a JSON array")
        more = self.find(NEXT) != "]"
        while more:
            yield self.value()
            more = self.find(NEXT) == ","
            self.at += more
        self.expect("]", "a comma or the end of the array is missing")
        self.expect("", "something follows the array")

    def expect(self, wanted: str, fault: str) -> None:
        """Pass over what has to come next. Raise JSONDecodeError where it does not."""
        found, place = self.find(NEXT), self.before + self.at
        if found != wanted:
            raise json.JSONDecodeError(fault if found or not place else "it ends early", "", place)
        self.at += 1

    def find(self, pattern: re.Pattern[str]) -> str:
        """Move on to the next match and return it, or to the end of the file."""
        while not (found := pattern.search(self.window, self.at)):
            self.at = max(self.at, len(self.window) - 1)  # what comes last may be half an escape
            if not self.more():
                self.at = len(self.window)
                return ""
        self.at = found.start()
        return found[0]

    def more(self) -> str:
        """Move the window on by one piece of the file, and return that."""
        piece, rest = self.file.read(CHUNK_SIZE), self.window[self.at :]
        self.window, self.before, self.at = rest + piece, self.before + self.at, 0
        return piece

    def value(self) -> Any:
        """Return the value that comes next, or pass over it and return UNREADABLE."""
        self.find(NEXT)
        while len(self.window) - self.at <= MAX_RECORD_SIZE and self.more():
            pass
        with suppress(json.JSONDecodeError, RecursionError):
            value, end = self.decoder.raw_decode(self.window, self.at)
            if len(self.window[self.at : end].encode(errors="replace")) <= MAX_RECORD_SIZE:
                self.at = end
                return value
        self.skip()
        return UNREADABLE

    def skip(self) -> None:
        """Move on to the end of a value, whatever it is, and keep nothing of it."""
        depth, in_string = 0, False
        while depth <= MAX_DEPTH and (mark := self.find(QUOTE if in_string else MARK)):
            if mark in "]," and not depth and not in_string:
                return
            self.at += len(mark)
            in_string ^= mark == '"'
            depth += 0 if in_string else (mark in "[{") - (mark in "]}" and depth > 0)
        self.expect("the end of the value", "it is nested too deeply")


def log(level: str, message: str, **fields: Any) -> None:
    """Print one JSON object a line: CloudWatch shows it whatever the root logger's level is."""
    print(json.dumps({"level": level, "message": message, **fields}))
