"""Good records arrive, bad ones are named."""

from __future__ import annotations

import re
from typing import Any

import pytest

from labproof.analysis.log import is_report, names_key, started
from labproof.evidence.snapshot import Failure, Snapshot, expect, expect_none
from labproof.labs.flows import FLOWS

from .followed import FUNCTION, LOG, STORED, upload, why

REFUSAL = re.compile(
    r"reject|refus|invalid|malform|not[ -_]a?|skip|\bbad\b|err|fail|cannot|could ?n|unable|decod"
    r"|expect|unsupported|ignor|discard|wrong|warn|corrupt|exception|quarantin|dead.?letter",
    re.IGNORECASE,
)


def records(snapshot: Snapshot, label: str) -> Any:
    """Return what became of a file's records. Raises Failure when it was not sent."""
    upload(snapshot, label)
    return snapshot.seen("files")[label]


def stored_problem(snapshot: Snapshot, label: str) -> str:
    """Say which good records of a file are not in the table as sent; empty if all are."""
    found = records(snapshot, label)
    missing = [record for record in found["sent"] if record not in found["stored"]]
    extra = [record for record in found["stored"] if record not in found["sent"]]
    if not missing and not extra:
        return ""
    reason = why(snapshot, upload(snapshot, label)) if not found["stored"] else ""
    other = f"; not as sent: {extra[0]}" if extra else ""
    return f"{len(found['sent']) - len(missing)} of {len(found['sent'])}{other}{reason}"


@pytest.mark.requirement(
    "ingest.records",
    weight=6,
    rests_on=[*STORED, "key.exists", "function.environment"],
    hint="Write each record of the JSON array to $table as it is: device_id and timestamp as "
    "String, value as Number (json.loads(..., parse_float=Decimal)).",
    command=LOG,
    playbook=FUNCTION,
)
def test_every_good_record_is_stored_field_by_field(snapshot: Snapshot) -> None:
    """Every valid record of a fresh upload is in the table, equal field by field."""
    problem = stored_problem(snapshot, "later")
    expect(not problem, f"every record in {snapshot.lab.table.name}, as it was sent", problem)


@pytest.mark.requirement(
    "ingest.rejects",
    weight=5,
    rests_on=["ingest.records"],
    hint="Validate each record by itself: write the good ones, and log the file and the index of "
    "each that is bad, with the reason.",
    command=LOG,
    playbook=FUNCTION,
)
def test_bad_records_and_files_are_named_and_stop_nothing(snapshot: Snapshot) -> None:
    """Bad records lose no good ones and are named; bad files are named and stop no later ones."""
    problem = stored_problem(snapshot, "mixed")
    expect(not problem, "the good records of a file with bad ones", problem)
    unnamed = [bad["what"] for bad in records(snapshot, "mixed")["bad"] if not bad["named_by"]]
    expect_none(unnamed, "each bad record named in the log, by its index or its content")
    refused = FLOWS[snapshot.lab.flow].refused
    silent = [label for label in refused if not is_refused(upload(snapshot, label))]
    expect_none(silent, "each file that is no array of records named in the log as refused")


def is_refused(found: Any) -> bool:
    """Tell whether the log names a file, and says that something is wrong with it."""
    own = [line for line in found["log"] if not started(line) and not is_report(line)]
    named = any(names_key(line, found["key"]) for line in own)
    return named and (bool(found["errors"]) or any(REFUSAL.search(line) for line in own))


@pytest.mark.requirement(
    "ingest.bulk",
    weight=5,
    rests_on=["ingest.records"],
    hint="Write in batches of 25, send UnprocessedItems again, and give the function more time "
    "and memory.",
    command="aws lambda update-function-configuration --function-name $function --timeout 300 "
    "--memory-size 512",
    playbook=FUNCTION,
)
def test_ten_thousand_records_arrive(snapshot: Snapshot) -> None:
    """A file of 10,000 records arrives complete."""
    found = records(snapshot, "bulk")
    if found["stored"] == found["sent"]:
        return
    wrong = f"; not as sent: {found['wrong'][0]}" if found["wrong"] else ""
    reason = why(snapshot, upload(snapshot, "bulk"))
    raise Failure(f"{found['sent']} records", f"{found['stored']}{wrong}{reason}")
