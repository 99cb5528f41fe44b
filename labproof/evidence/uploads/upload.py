"""Fresh uploads: names and contents that nobody can guess, or tell by a prefix of the probe's."""

from __future__ import annotations

import csv
import io
import secrets
from dataclasses import dataclass, field
from typing import Any

from labproof.labs.package import zip_bytes

RUN_LENGTH = 12
WORDS = (
    *("report", "invoice", "holiday", "backup", "draft", "minutes", "photo", "survey", "order"),
    *("ledger", "export", "notes", "plan", "budget", "review", "scan", "letter", "summary"),
)
TYPES = {"zip": "application/zip", "csv": "text/csv", "json": "application/json"}
EVIDENCE = (
    *("key", "size", "sha256", "content_type", "metadata", "version_id", "head"),
    *("signed_ms", "uploaded_ms"),
)


@dataclass(frozen=True)
class Upload:
    """What was uploaded, or is to be.

    Times are milliseconds since the epoch, by AWS's clock, which is ``skew_ms`` ahead of ours.
    ``token`` is the unguessable part of the key; ``head`` what S3 says of the object, or an error.
    ``may_fail``: the function may refuse it by an error, so one try tells all that is asked.
    ``earlier``: request ids of invocations seen before it, which cannot be due to it.
    """

    label: str
    key: str
    token: str = ""
    content_type: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    may_fail: bool = False
    size: int = 0
    sha256: str | None = None
    signed_ms: int = 0
    uploaded_ms: int = 0
    skew_ms: int = 0
    version_id: str | None = None
    head: Any = None
    earlier: frozenset[str | None] = frozenset()

    def as_evidence(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in EVIDENCE}


def fresh(label: str, form: str, run: str = "", may_fail: bool = False) -> Upload:
    """Return an upload that has not happened yet; ``{}`` in its form is a new, unguessable name.

    ``run`` begins the tokens of uploads that are looked for together.
    """
    token = (run or new_run()) + secrets.token_hex(3)
    key = form.replace("{}", f"{secrets.choice(WORDS)}-{token}")
    type_ = TYPES.get(key.rpartition(".")[2], "application/octet-stream")
    return Upload(label, key, token, type_, {"origin": secrets.token_hex(8)}, may_fail)


def new_run() -> str:
    return secrets.token_hex(RUN_LENGTH // 2)


def content(upload: Upload) -> bytes:
    """Return fresh content that suits the type."""
    text = secrets.token_hex(64)
    if upload.content_type == TYPES["zip"]:
        return zip_bytes({"notes.txt": text})
    return _rows() if upload.content_type == TYPES["csv"] else text.encode()


def _rows() -> bytes:
    """Return a CSV file of ten rows that nobody has seen before."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["order", "customer", "token"])
    writer.writerows([n, f"customer {n}", secrets.token_hex(8)] for n in range(10))
    return text.getvalue().encode()
