"""Prove event-copy: a CSV file with metadata and tags arrives whole, and the listing shows it."""

from __future__ import annotations

import csv
import hashlib
import io
import secrets
import time
from typing import Any

from labproof.aws import Connection
from labproof.follow import Transfer, follow
from labproof.labs import Lab
from labproof.readers import ask

CONTENT_TYPE = "text/csv"


def fresh_csv() -> bytes:
    """Return a CSV file of ten rows that nobody has seen before."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["order", "customer", "token"])
    writer.writerows([n, f"customer {n}", secrets.token_hex(8)] for n in range(10))
    return text.getvalue().encode()


def prove(lab: Lab, connection: Connection, timeout: float) -> dict[str, Any]:
    """Upload a fresh CSV with metadata and tags, and follow it to the destination.

    Returns the fields of Transfer and ``sent`` and ``arrived``, each with ``content_type``,
    ``metadata``, ``tags``, ``sha256`` and ``size`` (``arrived`` is None when nothing came), and
    ``listed``: whether the destination's listing shows the copy.
    """
    s3, body, token = connection.client("s3"), fresh_csv(), secrets.token_hex(8)
    key = f"verify/orders {token}.csv"
    sent = {
        "content_type": CONTENT_TYPE,
        "metadata": {"token": token},
        "tags": {"purpose": "proof"},
        "sha256": hashlib.sha256(body).hexdigest(),
        "size": len(body),
    }
    signed_ms = time.time_ns() // 1_000_000
    s3.put_object(
        Bucket=lab.source_bucket,
        Key=key,
        Body=body,
        ContentType=CONTENT_TYPE,
        Metadata=sent["metadata"],
        Tagging="purpose=proof",
    )
    upload = Transfer(key, signed_ms, time.time_ns() // 1_000_000, wanted_items=0)
    seen = follow(lab, connection, upload, timeout)
    listing = ask(s3, "list_objects_v2", "Contents", Bucket=lab.destination_bucket, Prefix=key)
    return vars(seen) | {
        "sent": sent,
        "arrived": arrived(s3, str(lab.destination_bucket), seen),
        "listed": any(entry["Key"] == key for entry in listing or []),
    }


def arrived(s3: Any, bucket: str, seen: Transfer) -> dict[str, Any] | None:
    """Return what the destination says of the copy; None when it is not there."""
    if seen.copied is None:
        return None
    head = s3.head_object(Bucket=bucket, Key=seen.key)
    tags = s3.get_object_tagging(Bucket=bucket, Key=seen.key)["TagSet"]
    return {
        "content_type": head["ContentType"],
        "metadata": head["Metadata"],
        "tags": {tag["Key"]: tag["Value"] for tag in tags},
        **seen.copied,
    }
