"""What the function logs, and what is counted."""

from __future__ import annotations

import pytest

from labproof.evidence.snapshot import Snapshot, expect, expect_none
from labproof.labs.flows import FLOWS

from .followed import FUNCTION, INVOKED, LOG, STORED, upload

RIGHTS = [*STORED, "destination-bucket.exists", "role.can-write-destination"]
RIGHTS += ["function.environment"]


@pytest.mark.requirement(
    "logs.group",
    rests_on=INVOKED,
    hint="Let $function log to its own group, and invoke it once: its concurrency must not be 0.",
    command="aws logs create-log-group --log-group-name /aws/lambda/$function",
    playbook=FUNCTION,
)
def test_the_log_group_exists(snapshot: Snapshot) -> None:
    """The function's log group exists."""
    snapshot.part("log_group")


@pytest.mark.requirement(
    "logs.no-errors",
    weight=3,
    rests_on=RIGHTS,
    hint="Read the error in the function's log, and mend what it names.",
    command=LOG,
    playbook=FUNCTION,
)
def test_the_logs_of_good_uploads_hold_no_error(snapshot: Snapshot) -> None:
    """No error, traceback or time-out in the logs of fresh, good uploads."""
    refused = FLOWS[snapshot.lab.flow].refused
    labels = [label for label in snapshot.seen("uploads") if label not in refused]
    found = [upload(snapshot, label) for label in labels]
    seen = any(one["requests"] for one in found)
    expect(seen, "a log of fresh uploads without errors", "no log of any")
    errors = [line for one in found for line in one["errors"]]
    expect_none(list(dict.fromkeys(errors))[:3], "a log of fresh uploads without errors")


@pytest.mark.requirement(
    "logs.metrics",
    rests_on=["transfer.invoked", "logs.no-errors"],
    hint="Look at the metrics Invocations and Errors of $function, and mend what fails.",
    command="aws cloudwatch list-metrics --namespace AWS/Lambda "
    "--dimensions Name=FunctionName,Value=$function",
    playbook=FUNCTION,
)
def test_invocations_are_counted(snapshot: Snapshot) -> None:
    """The metrics show the invocations and no errors; where there are none, the REPORT lines do."""
    snapshot.seen("uploads")  # without any, there is nothing to count
    counted = snapshot.seen("metrics")
    source, wanted = counted["source"], counted["uploads"]
    found = f"{counted['invocations']} and {counted['errors']} errors ({source})"
    enough = counted["invocations"] >= wanted
    # A bad file may be refused by an error, and what another try mended did no harm.
    clean = counted["errors"] <= counted["excused"]
    expect(enough and clean, f"{wanted} invocations without an error", found)
