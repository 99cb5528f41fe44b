"""Correct labs of every kind, each in an account of its own on one sandbox."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labproof.aws.connection import Connection
from labproof.aws.operations import SERVICES
from labproof.evidence.taking import InventoryLab
from labproof.faults import Place
from labproof.labs.kinds import kinds
from labproof.labs.resolving import resolve
from labproof.sandbox import Sandbox
from tests.support.client import Folder
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

# How many records a large file has where their number cannot matter
FEW_RECORDS = 1000
# How long the sandbox of SETTINGS may take to try a failed event again
RETRY_MS = 500


def names(who: str) -> dict[str, Any]:
    """Return inventory variables with names as a learner may choose them."""
    return {
        "lab_source_bucket": f"in.{who}.example",
        "lab_destination_bucket": f"out-{who}",
        "lab_function": f"Handle_{who}",
        "lab_role": f"{who}@lambda",
        "lab_table": f"Table.{who}",
        "lab_key_alias": f"alias/{who}/key",
        "lab_trail": f"trail-{who}",
        "lab_trail_bucket": f"trail-{who}",
        "lab_client_dir": "/home/learner",
    }


def enrol(
    sandbox: Sandbox, account: str, kind: str, host: str = "learner", **variables: Any
) -> InventoryLab:
    """Return a lab of a kind, under names that nobody else has, in an account of its own."""
    connection = Connection(
        endpoint_url=sandbox.endpoint_url,
        http_endpoint_url=sandbox.http_endpoint_url,
        ca_bundle=str(sandbox.ca_bundle),
        access_key=account,
        secret_key="sandbox-only",
        account_id=account,
    )
    wanted = (*kinds()[kind]["requires"], "lab_client_dir")
    mine = {k: v for k, v in names(account[-6:]).items() if k in wanted}
    return InventoryLab(resolve(f"{host}-{account[-3:]}", [kind], mine | variables), connection)


@dataclass(frozen=True)
class Bench:
    """Where labs are built: a sandbox, and a folder for their client hosts."""

    sandbox: Sandbox
    folder: Path

    def enrol(self, label: str, account: str) -> InventoryLab:
        """Return one of the five labs under names that nobody else has."""
        kind, variables = LABS[label]
        client = {"lab_client_dir": str(self.folder / account)}
        return enrol(self.sandbox, account, kind, label, **variables, **client)

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
