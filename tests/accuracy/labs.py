"""Correct labs of every kind, each in an account of its own on one sandbox."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from labproof.aws.connection import Connection
from labproof.aws.operations import SERVICES
from labproof.evidence.snapshot import Snapshot
from labproof.evidence.taking import InventoryLab, take
from labproof.evidence.uploads import samples
from labproof.faults import Place
from labproof.grading.judge import judge
from labproof.labs.kinds import kinds
from labproof.labs.resolving import resolve
from labproof.sandbox import Sandbox
from tests.support.client import Folder
from tests.support.grading import names
from tests.support.learner import FILES, STEPS, Step

DEVOPS: dict[str, Any] = {
    "lab_role_managed_policies": ["AmazonS3FullAccess", "AWSLambdaBasicExecutionRole"],
    "lab_role_policies": {
        "devops-put-audit-items": [{"actions": ["dynamodb:PutItem"], "on": "table"}]
    },
}
EXTENDED: dict[str, Any] = {
    "lab_table_index": "by-upload-time",
    "lab_topic": "uploads",
    "lab_more_source_buckets": ["more.uploads.example"],
}
# The five labs: their kinds, and what their inventories say beside names. One of them has
# all switches on, except for the stack.
LABS: dict[str, tuple[str, dict[str, Any]]] = {
    "xfusion": ("file_transfer", {}),
    "devops": ("file_transfer", DEVOPS),
    "event-copy": ("event_copy", {}),
    "file-metadata": ("file_metadata", {}),
    "file-metadata-extended": ("file_metadata", EXTENDED),
    "secure-ingestion": ("secure_ingestion", {}),
}


# How long uploads are followed (s), with other labs on the same machine
TIMEOUT_S = 60.0
# How many records a large file has where their number cannot matter
FEW_RECORDS = 1000
# How long the sandbox of SETTINGS may take to try a failed event again
RETRY_MS = 500


@dataclass(frozen=True)
class Bench:
    """Where labs are built: a sandbox, and a folder for their client hosts."""

    sandbox: Sandbox
    folder: Path

    def enrol(self, label: str, account: str) -> InventoryLab:
        """Return one of the five labs under names that nobody else has."""
        kind, variables = LABS[label]
        connection = Connection(
            endpoint_url=self.sandbox.endpoint_url,
            http_endpoint_url=self.sandbox.http_endpoint_url,
            ca_bundle=str(self.sandbox.ca_bundle),
            access_key=account,
            secret_key="sandbox-only",
            account_id=account,
        )
        wanted = (*kinds()[kind]["requires"], "lab_client_dir")
        client = str(self.folder / account)
        mine = {k: v for k, v in names(account[-6:]).items() if k in wanted}
        lab = resolve(
            f"{label}-{account[-3:]}", [kind], mine | variables | {"lab_client_dir": client}
        )
        return InventoryLab(lab, connection)

    def built(
        self, label: str, account: str, steps: Mapping[str, Step] = STEPS
    ) -> tuple[InventoryLab, Place]:
        """Build one of the five labs, step by step."""
        entry = self.enrol(label, account)
        for service in SERVICES:
            entry.connection.client(service)
        client = Path(entry.lab.client.dir)
        client.mkdir(parents=True)
        for name in entry.lab.client.files:
            shutil.copy(FILES / name, client / name)
        for step in steps.values():
            step(entry.lab, entry.connection)
        return entry, Place(entry.lab, entry.connection, Folder(client), RETRY_MS)


def grade(
    entry: InventoryLab, timeout: float = TIMEOUT_S, records: int = samples.BULK
) -> dict[str, Any]:
    """Return a lab's entry of results.json; ``timeout`` is in seconds.

    ``records`` is how many the probe's large file of records has.
    """
    with patch.object(samples, "BULK", records):
        return judge(Snapshot(take(entry, client_files(entry), timeout)))


def client_files(entry: InventoryLab) -> dict[str, Any]:
    folder = Folder(Path(entry.lab.client.dir))
    bodies = {name: folder.read(name) for name in entry.lab.client.files}
    return {
        name: body and {"sha256": hashlib.sha256(body).hexdigest(), "size": len(body)}
        for name, body in bodies.items()
    }
