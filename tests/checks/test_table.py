"""The table that the function writes to."""

from __future__ import annotations

from contextlib import suppress

import pytest

from labproof.evidence.snapshot import Snapshot, Unreadable, expect

# States of a key in which AWS makes the tables under it inaccessible, sooner or later
UNUSABLE = ("Disabled", "PendingDeletion", "Missing", "Unavailable")


@pytest.mark.requirement(
    "table.exists",
    hint="Create the table $table with the partition key $table_partition_key (String).",
    command="aws dynamodb create-table --table-name $table --billing-mode PAY_PER_REQUEST "
    "$key_arguments",
    playbook="create-table.yml",
)
def test_table_exists(snapshot: Snapshot) -> None:
    """The table exists under its exact name."""
    snapshot.part("table")


@pytest.mark.requirement(
    "table.key",
    weight=3,
    rests_on=["table.exists"],
    hint="A table's key cannot be changed: delete $table and create it again with $written_key.",
    command="aws dynamodb delete-table --table-name $table",
    playbook="create-table.yml",
)
def test_table_has_its_key(snapshot: Snapshot) -> None:
    """The key is the lab's: names, types, and no part too many."""
    wanted, found = snapshot.lab.table.key, snapshot.part("table")["key"]
    expect(found == wanted, written(wanted), written(found))


def written(key: list[dict[str, str]]) -> str:
    return ", ".join(f"{k['name']} ({k['type']}, {k['role']})" for k in key)


@pytest.mark.requirement(
    "table.active",
    rests_on=["table.exists", "table.encrypted"],
    hint="Wait until the table $table is ACTIVE, enable the key that encrypts it, grade again.",
    command="aws dynamodb wait table-exists --table-name $table",
)
def test_table_is_active(snapshot: Snapshot) -> None:
    """The table is ready to be used."""
    status = snapshot.part("table")["status"]
    expect(status == "ACTIVE", "status ACTIVE", status)
    if key_in_use(snapshot):
        # On AWS the status tells of the key, too: no right to look at keys is needed.
        with suppress(Unreadable):
            expect_usable_key(snapshot)


def key_in_use(snapshot: Snapshot) -> str | None:
    """Return the key that the table names; without one, DynamoDB encrypts with its own.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_SSESpecification.html
    """
    encryption = snapshot.part("table")["encryption"] or {}
    named = encryption.get("Status") != "DISABLED"
    return encryption.get("KMSMasterKeyArn") if named else None


def expect_usable_key(snapshot: Snapshot) -> None:
    """Raise Failure where the key that encrypts the table is out of use. Raises Unreadable."""
    key = snapshot.part("table").get("encryption_key")
    state = key and key["state"]
    expect(state not in UNUSABLE, "a table under a key that is enabled", f"a key that is {state}")


@pytest.mark.requirement(
    "table.on-demand",
    rests_on=["table.exists"],
    hint="Switch the table $table to on-demand billing.",
    command="aws dynamodb update-table --table-name $table --billing-mode PAY_PER_REQUEST",
    playbook="create-table.yml",
)
def test_table_is_billed_on_demand(snapshot: Snapshot) -> None:
    """The table is billed on demand."""
    billing = snapshot.part("table")["billing"]
    expect(billing == "PAY_PER_REQUEST", "billing mode PAY_PER_REQUEST", billing)


@pytest.mark.requirement(
    "table.encrypted",
    rests_on=["table.exists"],
    hint="Encrypt the table $table with DynamoDB's own key, or an enabled key of this account.",
    command="aws dynamodb update-table --table-name $table --sse-specification Enabled=false",
    playbook="create-table.yml",
)
def test_table_is_encrypted_at_rest(snapshot: Snapshot) -> None:
    """The table is encrypted at rest with a usable key of this account."""
    key = key_in_use(snapshot)
    mine = key is None or f":{snapshot.target['account']}:" in key
    expect(mine, "a key of this account", key)
    if key:
        expect_usable_key(snapshot)


@pytest.mark.requirement(
    "table.recoverable",
    rests_on=["table.exists"],
    hint="Switch on point-in-time recovery for the table $table.",
    command="aws dynamodb update-continuous-backups --table-name $table "
    "--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true",
    playbook="create-table.yml",
)
def test_table_can_be_recovered_to_a_point_in_time(snapshot: Snapshot) -> None:
    """Point-in-time recovery is on."""
    backups = snapshot.part("table")["recovery"] or {}
    status = (backups.get("PointInTimeRecoveryDescription") or {}).get("PointInTimeRecoveryStatus")
    expect(status == "ENABLED", "point-in-time recovery ENABLED", status)
