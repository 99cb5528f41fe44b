"""Fresh uploads: names and contents that nobody can guess, or tell by a prefix of the probe's."""

from __future__ import annotations

import csv
import hashlib
import io
import secrets
from dataclasses import dataclass, field, fields
from email.utils import parsedate_to_datetime
from typing import Any

from labproof.aws.answers import is_error
from labproof.aws.connection import Connection
from labproof.evidence.uploads.reading import asked, now_ms
from labproof.labs.package import zip_bytes

# AWS's clock is told in whole seconds; smaller differences are none.
SMALLEST_SKEW_MS = 2000
RUN_LENGTH = 12
WORDS = (
    *("report", "invoice", "holiday", "backup", "draft", "minutes", "photo", "survey", "order"),
    *("ledger", "export", "notes", "plan", "budget", "review", "scan", "letter", "summary"),
)
TYPES = {"zip": "application/zip", "csv": "text/csv", "json": "application/json"}


@dataclass
class Upload:
    """One upload and what was seen of it.

    Times are milliseconds since the epoch, None for what was not seen. ``token`` is the unguessable
    part of the key. ``head`` is what S3 says of the object, ``copied`` what is at its key in the
    destination; ``audit_items`` are items as text. A reading that failed is an error.
    """

    label: str
    key: str
    token: str = ""
    size: int = 0
    sha256: str | None = None
    content_type: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    signed_ms: int = 0
    uploaded_ms: int = 0
    skew_ms: int = 0
    head: Any = None
    version_id: str | None = None
    invoked_ms: int | None = None
    reported_ms: int | None = None
    request_id: str | None = None
    requests: list[str] = field(default_factory=list)
    attempts: int = 0
    copied_ms: int | None = None
    copied: Any = None
    strays: list[str] = field(default_factory=list)
    versions: Any = None
    listed: Any = None
    wanted_items: int = 0
    audited_ms: int | None = None
    audit_items: Any = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    retried: list[str] = field(default_factory=list)
    # Lambda may try again for all we care: one attempt tells what is asked
    once: bool = False
    finished: bool = False
    waited_s: float = 0.0
    # Invocations that worked on an earlier upload to the same key
    earlier: frozenset[str | None] = frozenset()

    def as_dict(self) -> dict[str, Any]:
        """Return plain data, without what is only for following."""
        hidden = ("token", "earlier", "wanted_items", "label", "once", "skew_ms")
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in hidden}


def fresh(label: str, form: str, run: str = "") -> Upload:
    """Return an upload that has not happened yet; ``{}`` in its form is a new, unguessable name.

    ``run`` begins the tokens of uploads that are looked for together.
    """
    token = (run or new_run()) + secrets.token_hex(3)
    key = form.replace("{}", f"{secrets.choice(WORDS)}-{token}")
    kind = key.rpartition(".")[2]
    type_ = TYPES.get(kind, "application/octet-stream")
    return Upload(label, key, token, content_type=type_, metadata={"origin": secrets.token_hex(8)})


def new_run() -> str:
    return secrets.token_hex(RUN_LENGTH // 2)


def content(upload: Upload) -> bytes:
    """Return fresh content that suits the type."""
    text = secrets.token_hex(64)
    if upload.content_type == TYPES["zip"]:
        return zip_bytes({"notes.txt": text})
    return fresh_csv() if upload.content_type == TYPES["csv"] else text.encode()


def fresh_csv() -> bytes:
    """Return a CSV file of ten rows that nobody has seen before."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["order", "customer", "token"])
    writer.writerows([n, f"customer {n}", secrets.token_hex(8)] for n in range(10))
    return text.getvalue().encode()


def send(connection: Connection, bucket: str, upload: Upload, body: bytes, **more: Any) -> Any:
    """Put an upload's object and read what S3 says of it; return the upload, None, or an error."""
    s3 = connection.client("s3")
    upload.size, upload.sha256 = len(body), hashlib.sha256(body).hexdigest()
    upload.signed_ms = now_ms()
    answer = asked(
        "put_object",
        lambda: s3.put_object(
            Bucket=bucket,
            Key=upload.key,
            Body=body,
            ContentType=upload.content_type,
            Metadata=upload.metadata,
            **more,
        ),
    )
    return answer if answer is None or is_error(answer) else _sent(s3, bucket, upload, answer)


def _sent(s3: Any, bucket: str, upload: Upload, answer: dict[str, Any]) -> Upload:
    upload.uploaded_ms, upload.version_id = now_ms(), answer.get("VersionId")
    upload.skew_ms = skew_ms(answer, upload.signed_ms, upload.uploaded_ms)
    upload.signed_ms += upload.skew_ms
    upload.uploaded_ms += upload.skew_ms
    upload.head = read_head(s3, bucket, upload.key, upload.version_id)
    return upload


def skew_ms(answer: dict[str, Any], asked_ms: int, answered_ms: int) -> int:
    """Return how far AWS's clock is ahead of ours, as its answer tells; 0 where they can agree."""
    stamp = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    try:
        told = int(parsedate_to_datetime(str(stamp)).timestamp() * 1000)
    except ValueError:
        return 0
    # The answer was dated between the two, and rounded down to a second.
    if told > answered_ms + SMALLEST_SKEW_MS:
        return told - answered_ms
    behind = asked_ms - (told + 1000)
    return -behind if behind > SMALLEST_SKEW_MS else 0


def read_head(s3: Any, bucket: str, key: str, version_id: str | None = None) -> Any:
    """Return what S3 says of an object, None, or an error.

    Shape: ``{"size", "etag", "modified_ms", "content_type", "metadata", "version_id",
    "encryption": {"algorithm", "key"}}``.
    """
    which = {"Bucket": bucket, "Key": key} | ({"VersionId": version_id} if version_id else {})
    head = asked("head_object", lambda: s3.head_object(**which))
    if head is None or is_error(head):
        return head
    return {
        "size": head["ContentLength"],
        "etag": head["ETag"].strip('"'),
        "modified_ms": int(head["LastModified"].timestamp() * 1000),
        "content_type": head.get("ContentType"),
        "metadata": head.get("Metadata", {}),
        "version_id": head.get("VersionId"),
        "encryption": {
            "algorithm": head.get("ServerSideEncryption"),
            "key": head.get("SSEKMSKeyId"),
        },
    }
