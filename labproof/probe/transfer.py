"""Fresh uploads, followed to the end: what only a working lab can answer.

Keys and contents are unguessable, so a copied file or a typed-in item does not pass. The probe's
own objects and items are removed afterwards where the lab allows it.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from botocore.exceptions import ClientError

from labproof.aws import Connection
from labproof.follow import Transfer, follow
from labproof.labs import Lab
from labproof.package import zip_bytes

# Each label with the key's form; {} is the unguessable part.
KEYS = {
    "zip": "probe/{}.zip",
    "spaces and signs": "probe/a b+c %25 {}.zip",
    "accents": "probe/é ü ñ/{}.zip",
    "punctuation": "probe/&$@=;:,?'()! {}.zip",
    "other type": "probe/{}.csv",
}
REPEATED = "zip"


def transfer(lab: Lab, connection: Connection, timeout: float = 60) -> dict[str, dict[str, Any]]:
    """Upload fresh files and follow them, all at once; then upload to one of the keys again.

    Returns ``{label: transfer}``: the fields of Transfer with the file's ``sha256`` and ``size``.
    The second upload is labelled ``again``.
    """
    token, items = secrets.token_hex(8), int(lab.flow == "transfer")
    keys = {label: form.format(token) for label, form in KEYS.items()}
    with ThreadPoolExecutor(max_workers=len(keys)) as pool:
        futures = {
            label: pool.submit(send, lab, connection, key, timeout, items)
            for label, key in keys.items()
        }
        seen = {label: future.result() for label, future in futures.items()}
    if seen[REPEATED]["audit_items"]:
        seen["again"] = send(lab, connection, keys[REPEATED], timeout, items=2)
    for transfer in seen.values():
        _clean_up(lab, connection, transfer)
    return seen


def send(
    lab: Lab, connection: Connection, key: str, timeout: float, items: int = 1
) -> dict[str, Any]:
    """Upload one fresh file under ``key`` and follow it; expect ``items`` audit items."""
    text = secrets.token_hex(64)
    body = zip_bytes({"probe.txt": text}) if key.endswith(".zip") else text.encode()
    signed_ms = time.time_ns() // 1_000_000
    connection.client("s3").put_object(Bucket=lab.source_bucket, Key=key, Body=body)
    uploaded_ms = time.time_ns() // 1_000_000
    digest = hashlib.sha256(body).hexdigest()
    upload = Transfer(key, signed_ms, uploaded_ms, wanted_items=items, wanted_sha256=digest)
    seen = follow(lab, connection, upload, timeout)
    return asdict(seen) | {"sha256": digest, "size": len(body)}


def _clean_up(lab: Lab, connection: Connection, seen: dict[str, Any]) -> None:
    s3, dynamodb = connection.client("s3"), connection.client("dynamodb")
    for bucket in (lab.source_bucket, lab.destination_bucket):
        try:
            s3.delete_object(Bucket=bucket, Key=seen["key"])
        except ClientError:
            continue  # a lab may forbid it; its objects then stay
    for item in seen["audit_items"]:
        if lab.partition_key in item:
            try:
                dynamodb.delete_item(
                    TableName=lab.table,
                    Key={lab.partition_key: {"S": item[lab.partition_key]}},
                )
            except ClientError:
                continue
