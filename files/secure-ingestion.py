"""Write the valid records of each uploaded JSON file to DynamoDB, and reject the others loudly.

Trigger: new objects in the landing bucket, reported by S3 itself or through EventBridge. The
environment variable TABLE_NAME names the table: partition key device_id, sort key timestamp.

A file is a JSON array of records: objects with device_id and timestamp (ISO 8601), strings that
are not empty, and value, a number; other fields may hold a string, a number, a boolean or null.
Each is stored as it is, and of several with one key the last one stays. A record that is not
valid, or larger than 400 KB, is logged with its index and the reason, and the others are written.
Where a file stops being a JSON array in UTF-8, an ERROR line says why and where, and what came
before is written. None of this raises: a retry would only read the same again. What AWS refuses,
and what is not written when the time is up, does raise, and the retry writes the same items.

A file is read a piece at a time, whatever its size; the function's time-out must suit the largest
one. A folder marker ("in/", no bytes) is passed over. The role needs s3:GetObject and
s3:GetObjectVersion on the bucket's objects, kms:Decrypt on the key that encrypts them, and
dynamodb:BatchWriteItem on the table.
"""

import codecs
import json
import os
import random
import re
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from decimal import Context, Decimal, DecimalException, Inexact, Subnormal
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

TABLE_NAME = os.environ.get("TABLE_NAME", "")

CHUNK_SIZE = 64 * 1024
MAX_RECORD_SIZE = 400 * 1024
MAX_DEPTH = 1000
LOOKAHEAD = len("-Infinity")  # from so many characters on, a number or a name is surely whole
BATCH_SIZE = 25
MAX_BATCH_LENGTH = 1024 * 1024  # in characters; each takes up to 12 bytes of a request's 16 MB
KEY_SIZES = {"device_id": 2048, "timestamp": 1024}
MAX_NAME_SIZE = 65535
MAX_REJECT_LINES = 100
RESERVED_SECONDS = 1  # to report what is not written, before Lambda ends the function
MAX_ERROR_LENGTH = 1000
THROTTLED = "ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"

# What DynamoDB can hold: 38 significant digits, from 1E-130 to almost 1E+126.
NUMBERS = Context(38, Emin=-130, Emax=125, traps=[Inexact, Subnormal])
NEXT = re.compile(r"[^ \t\n\r]")
NEXT_IN_VALUE = re.compile(r'[][{}",]')
NEXT_IN_STRING = re.compile(r'\\.|"')
SURROGATE = re.compile("[\ud800-\udfff]")
TOO_LARGE = object()

s3 = boto3.client("s3")
retries = {"mode": "standard", "total_max_attempts": 3}
dynamodb = boto3.client("dynamodb", config=Config(read_timeout=10, retries=retries))

Item = dict[str, dict[str, Any]]


class Upload(NamedTuple):
    """One new object, as its event describes it."""

    bucket: str
    key: str
    version_id: str | None


class RecordError(Exception):
    """Why a record is not valid."""


class DamageError(Exception):
    """Why a file is no JSON array in UTF-8, and from which character on."""


def lambda_handler(event: Any, context: Any) -> dict[str, Any]:
    """Ingest every file of the event; only then raise the first error, if any."""
    if not TABLE_NAME:
        raise RuntimeError("TABLE_NAME is not set: let it name the table for the records.")
    uploads = read_uploads(event)
    if not uploads:
        log("INFO", "the event reports no new object", request_id=context.aws_request_id)
    files = [Ingestion(upload, context) for upload in uploads]
    errors = [error for file in files if (error := file.run())]
    if errors:
        raise errors[0]
    totals = {name: sum(file.counts[name] for file in files) for name in ("written", "rejected")}
    return {**totals, "files": [file.report() for file in files]}


def read_uploads(event: Any) -> list[Upload]:
    """Return the new objects that an event reports; the test event of a new trigger has none."""
    match event:
        case {"Event": "s3:TestEvent"}:
            return []
        case {"detail": {"bucket": {"name": _}, "object": {"key": _}}}:
            return [from_eventbridge(event)] if is_new(event) else []
        case {"Records": [_, *_] as records} if all("s3" in record for record in records):
            return [from_s3(record) for record in records if is_new(record)]
    raise ValueError("The event holds no S3 records: is the trigger a bucket or a rule for one?")


def is_new(report: dict[str, Any]) -> bool:
    """Tell whether S3 reports a new object and not, say, a deleted one, which a rule may match."""
    name: str = report.get("eventName") or report.get("detail-type") or "ObjectCreated"
    return name.replace(" ", "").startswith("ObjectCreated")


def from_s3(record: dict[str, Any]) -> Upload:
    """Return the upload of a record that S3 sent itself."""
    stored = record["s3"]["object"]
    key = unquote_plus(stored["key"])  # "red flower.jpg" arrives as "red+flower.jpg"
    return Upload(record["s3"]["bucket"]["name"], key, stored.get("versionId"))


def from_eventbridge(event: dict[str, Any]) -> Upload:
    """Return the upload of an event that came through EventBridge, where keys are not encoded."""
    stored = event["detail"]["object"]
    return Upload(event["detail"]["bucket"]["name"], stored["key"], stored.get("version-id"))


def number(text: str) -> Decimal:
    """Return a number of JSON as it is written, or NaN where DynamoDB cannot hold it."""
    try:
        return NUMBERS.create_decimal(text)
    except DecimalException:
        return Decimal("NaN")


DECODER = json.JSONDecoder(parse_float=number, parse_int=number, parse_constant=Decimal)


class Text:
    """The text of a file: a window of it, and the place in the window that is read next."""

    def __init__(self, body: Any) -> None:
        self.body, self.decoder = body, codecs.getincrementaldecoder("utf-8")()
        self.window, self.at, self.before = "", 0, 0
        self.ended, self.is_utf8 = False, True

    def more(self) -> bool:
        """Move the window on by one piece; return False at the end of the file."""
        if not self.is_utf8:
            raise self.damage("it is not UTF-8", len(self.window))
        if self.ended:
            return False
        piece = self.body.read(CHUNK_SIZE)
        try:
            text = self.decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            text, self.is_utf8 = error.object[: error.start].decode(), False
        self.ended = not piece or not self.is_utf8
        if not self.before and not self.window:
            text = text.removeprefix("\ufeff")
        self.window, self.before, self.at = self.window[self.at :] + text, self.before + self.at, 0
        return True

    def peek(self) -> str:
        """Return the next character that is no white space, or nothing at the end of the file."""
        while not (found := NEXT.search(self.window, self.at)):
            self.at = len(self.window)
            if not self.more():
                return ""
        self.at = found.start()
        return found[0]

    def value(self) -> Any:
        """Read the JSON value that comes next, or pass over one too large for a record."""
        self.peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self.window, self.at)
                if self.ended or end + LOOKAHEAD <= len(self.window):
                    size, self.at = len(self.window[self.at : end].encode()), end
                    return value if size <= MAX_RECORD_SIZE else TOO_LARGE
            except json.JSONDecodeError as error:
                self.expect_cut(error)
            except RecursionError:
                return self.skip()
            if len(self.window) - self.at > MAX_RECORD_SIZE + LOOKAHEAD:
                return self.skip()
            self.more()

    def expect_cut(self, error: json.JSONDecodeError) -> None:
        """Raise DamageError unless a value looks wrong only because the window ends within it."""
        is_open = error.msg.startswith("Unterminated string")
        is_end = is_open or error.pos >= len(self.window)
        is_cut = is_open or error.pos + LOOKAHEAD >= len(self.window)
        if self.ended and (is_end or (is_cut and not self.is_utf8)):
            raise self.early_end()
        if self.ended or not is_cut:
            raise self.damage(error.msg, error.pos)

    def skip(self) -> object:
        """Pass over a value of any size without keeping it."""
        depth, in_string = 0, False
        while depth <= MAX_DEPTH:
            found = (NEXT_IN_STRING if in_string else NEXT_IN_VALUE).search(self.window, self.at)
            if not found:
                # A backslash at the window's end belongs to the character behind it.
                self.at = max(self.at, len(self.window) - self.window.endswith("\\"))
                if not self.more():
                    raise self.early_end()
            elif not depth and found[0] in "]},":
                self.at = found.start()
                return TOO_LARGE
            else:
                self.at = found.end()
                in_string ^= found[0] == '"'
                depth += (found[0] in "[{") - (found[0] in "]}")
        raise self.damage("it is nested too deeply", self.at)

    def early_end(self) -> DamageError:
        """Return what is wrong with a file that ends here."""
        self.more()  # raises where only its UTF-8 ends
        return self.damage("it ends within the array", len(self.window))

    @property
    def place(self) -> int:
        """The index of the character that is read next."""
        return self.before + self.at

    def damage(self, reason: str, at: int) -> DamageError:
        """Return what is wrong at a place of the window."""
        return DamageError(reason, self.before + at)


def read_array(text: Text) -> Iterator[Any]:
    """Yield the values of a JSON array; raise DamageError where the text is none."""
    if text.peek() != "[":
        raise text.damage("it is not a JSON array", text.at)
    text.at += 1
    if text.peek() != "]":
        yield text.value()
        while text.peek() == ",":
            text.at += 1
            yield text.value()
    if not (found := text.peek()):
        raise text.early_end()
    if found != "]":
        raise text.damage("a comma or the end of the array is missing", text.at)
    text.at += 1
    if text.peek():
        raise text.damage("something follows the array", text.at)


def to_item(record: Any) -> Item:
    """Return a valid record as DynamoDB takes it; raise RecordError for any other."""
    if record is TOO_LARGE:
        raise RecordError("it is larger than 400 KB or nested too deeply")
    if not isinstance(record, dict):
        raise RecordError("it is not an object")
    for name, kind in (("device_id", str), ("timestamp", str), ("value", Decimal)):
        if not isinstance(record.get(name), kind):
            expected = "a number" if kind is Decimal else "a string"
            raise RecordError(
                f"{name} is not {expected}" if name in record else f"{name} is missing"
            )
    for name, size in KEY_SIZES.items():
        if not 0 < len(record[name].encode(errors="replace")) <= size:
            raise RecordError(f"{name} is empty, or longer than {size} bytes")
    try:
        datetime.fromisoformat(record["timestamp"])
    except (ValueError, OverflowError):
        raise RecordError("timestamp is not ISO 8601") from None
    return {name: attribute(name, value) for name, value in record.items()}


def attribute(name: str, value: Any) -> dict[str, Any]:
    """Return a field's value as DynamoDB takes it; raise RecordError where it does not."""
    if not name or SURROGATE.search(name) or len(name.encode()) > MAX_NAME_SIZE:
        raise RecordError(f"DynamoDB does not take the field name {name[:50]!r}")
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case Decimal() if value.is_finite():
            return {"N": str(value) if value else "0"}
        case Decimal():
            raise RecordError(f"{name[:50]!r} is a number that DynamoDB cannot hold")
        case str() if not SURROGATE.search(value):
            return {"S": value}
    raise RecordError(f"{name[:50]!r} is no text, number, boolean or null")


def write(items: list[Item], context: Any) -> None:
    """Put up to 25 items with different keys; raise TimeoutError where time does not suffice."""
    waiting = [{"PutRequest": {"Item": item}} for item in items]
    attempt = 0
    while waiting:
        left = context.get_remaining_time_in_millis() / 1000 - RESERVED_SECONDS
        if left <= 0:
            raise TimeoutError(
                f"The time is up: {len(waiting)} records of a batch are not written, nor is what "
                "follows them. Give the function more time, or the table more capacity."
            )
        if attempt:
            pause = random.uniform(0, 0.05 * 2 ** min(attempt, 7))  # noqa: S311 - spreads load
            time.sleep(min(pause, left))
        waiting, attempt = put(waiting), attempt + 1


def put(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Send one batch; return what of it DynamoDB had no capacity for."""
    try:
        answer = dynamodb.batch_write_item(RequestItems={TABLE_NAME: requests})
    except ClientError as error:
        if error.response["Error"]["Code"] in THROTTLED:
            return requests
        raise
    unprocessed: list[dict[str, Any]] = answer.get("UnprocessedItems", {}).get(TABLE_NAME, [])
    return unprocessed


class Ingestion:
    """One file on its way into the table, record by record."""

    def __init__(self, upload: Upload, context: Any) -> None:
        self.upload, self.context = upload, context
        self.counts = {"written": 0, "rejected": 0, "duplicates": 0}
        self.damage: str | None = None
        self.batch: dict[tuple[str, str], Item] = {}
        self.batched = 0

    def run(self) -> Exception | None:
        """Ingest the file and log how that went; return the error, as other files still wait."""
        try:
            self.ingest()
        except Exception as error:
            self.log("ERROR", "ingestion failed", **self.counts, **describe(error))
            return error
        is_perfect = not self.damage and not self.counts["rejected"]
        self.log("INFO" if is_perfect else "WARNING", "ingested", **self.counts)
        return None

    def ingest(self) -> None:
        """Write the file's records up to its end or its damage."""
        source = {"Bucket": self.upload.bucket, "Key": self.upload.key}
        if self.upload.version_id:
            source["VersionId"] = self.upload.version_id
        stored = s3.get_object(**source)
        with closing(stored["Body"]) as body:
            if self.upload.key.endswith("/") and not stored["ContentLength"]:
                return
            try:
                self.read(Text(body))
            except DamageError as damage:
                self.damage, character = damage.args
                where = {"index": self.index, "character": character}
                self.log("ERROR", "the file is damaged", reason=self.damage, **where)
        self.write_batch()

    def read(self, text: Text) -> None:
        """Take or reject each record of a text, and write whenever a batch is full."""
        limit = MAX_BATCH_LENGTH
        for record in read_array(text):
            self.add(record)
            if len(self.batch) == BATCH_SIZE or text.place > limit:
                self.write_batch()
                limit = text.place + MAX_BATCH_LENGTH

    @property
    def index(self) -> int:
        """The index of the record that comes next."""
        return self.counts["written"] + self.counts["rejected"] + self.batched

    def add(self, record: Any) -> None:
        """Take a record into the batch, over one with its key, or reject it."""
        try:
            item = to_item(record)
        except RecordError as reason:
            self.reject(str(reason))
            return
        self.batch[item["device_id"]["S"], item["timestamp"]["S"]] = item
        self.batched += 1

    def reject(self, reason: str) -> None:
        """Log a record that is not valid; from the hundredth on, only count it."""
        if self.counts["rejected"] < MAX_REJECT_LINES:
            self.log("WARNING", "record rejected", index=self.index, reason=reason)
        elif self.counts["rejected"] == MAX_REJECT_LINES:
            self.log("WARNING", "further rejected records are only counted", index=self.index)
        self.counts["rejected"] += 1

    def write_batch(self) -> None:
        """Write the records that wait; where two had one key, count both and the duplicate."""
        write(list(self.batch.values()), self.context)
        self.counts["written"] += self.batched
        self.counts["duplicates"] += self.batched - len(self.batch)
        self.batch, self.batched = {}, 0

    def report(self) -> dict[str, Any]:
        """Return what became of the file."""
        return {
            "bucket": self.upload.bucket,
            "key": self.upload.key,
            **self.counts,
            "damage": self.damage,
        }

    def log(self, level: str, message: str, **fields: Any) -> None:
        """Print a line that names the file and the request."""
        request_id = self.context.aws_request_id
        log(level, message, **self.upload._asdict(), request_id=request_id, **fields)


def describe(error: Exception) -> dict[str, str]:
    """Return an error's code and its message, short enough for a log line."""
    code = type(error).__name__
    if isinstance(error, ClientError):
        code = error.response["Error"]["Code"]
    return {"error_code": code, "error": str(error)[:MAX_ERROR_LENGTH]}


def log(level: str, message: str, **fields: Any) -> None:
    """Print one JSON object a line: CloudWatch shows it whatever the root logger's level is."""
    print(json.dumps({"level": level, "message": message, **fields}))
