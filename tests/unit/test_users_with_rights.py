"""account.no-keys: who surely has rights on a lab, who might, and when nobody can tell."""

from __future__ import annotations

from typing import Any

import pytest

from labproof.aws.answers import error_of
from labproof.evidence.snapshot import Snapshot
from labproof.grading.judge import ERROR, FAILED, PASSED, Outcome, ask
from labproof.grading.rubric import rubric
from labproof.labs.grants import targets
from tests.support.account import ACCOUNT, KEY_ARN, PLACE, a_whole_lab

ADA = f"arn:aws:iam::{ACCOUNT}:user/ada"
UNREAD = error_of("get_resource_policy", "AccessDenied", "no right")


def judged(
    listed: tuple[dict[str, Any], ...] = (), cut: bool = False, counted: int = 1, **policies: Any
) -> Outcome:
    """Ask the check about an account with these users, and the policies of the lab's parts."""
    lab = a_whole_lab()
    state = {
        "source_bucket": {"policy": policies.get("bucket")},
        "table": {"policy": policies.get("table")},
        "key": {"arn": KEY_ARN, "policy": policies.get("key")},
        "function": {"files": {}, "environment": {}},
        "users": {"counted": counted, "cut": cut, "listed": list(listed)},
    }
    document = {
        "lab": lab.as_data(),
        "target": PLACE | {"emulated": False},
        "arns": targets(lab, KEY_ARN, **PLACE),
        "state": state,
    }
    return ask(rubric()["account.no-keys"], Snapshot(document))


def user(policy: Any) -> dict[str, Any]:
    own = {"inline": {"own": policy}, "attached": [], "groups": [], "boundary": None}
    return {"name": "ada", "arn": ADA} | own


def allowing(action: str, **statement: Any) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"} | statement]}


READER = user(allowing("s3:GetObject"))
STRANGER = user(allowing("s3:GetObject", Resource="arn:aws:s3:::elsewhere/*"))
NAMED = {part: {part: allowing("*", Principal={"AWS": ADA})} for part in ("bucket", "table", "key")}


def test_an_account_without_users_passes_whatever_could_not_be_read() -> None:
    assert judged(counted=0, table=UNREAD).status == PASSED


def test_an_idle_user_and_one_with_rights_elsewhere_take_no_part() -> None:
    assert judged().status == judged((STRANGER,)).status == PASSED


def test_a_user_with_rights_is_told_though_the_listing_was_cut_or_a_policy_not_read() -> None:
    for more in ({}, {"cut": True}, {"table": UNREAD}):
        found = judged((READER,), **more)
        assert (found.status, found.found.startswith("user ada may s3:GetObject")) == (FAILED, True)


def test_a_cut_listing_proves_nothing() -> None:
    for listed in ((), (STRANGER,)):
        found = judged(listed, cut=True)
        assert (found.status, "TooManyUsers" in found.found) == (ERROR, True)


@pytest.mark.parametrize("part", ["bucket", "table", "key"])
def test_a_policy_of_a_part_gives_rights_too(part: str) -> None:
    found = judged(**NAMED[part])
    assert (found.status, found.found.startswith("user ada may ")) == (FAILED, True)
    assert judged((STRANGER,), **NAMED[part]).status == FAILED


@pytest.mark.parametrize("part", ["bucket", "table", "key"])
def test_a_policy_that_could_not_be_read_blames_nobody(part: str) -> None:
    for listed in ((), (STRANGER,)):
        assert judged(listed, **{part: UNREAD}).status == ERROR


def test_a_users_own_policy_that_could_not_be_read_blames_nobody() -> None:
    assert judged((user(UNREAD),)).status == ERROR


def test_an_administrator_whom_a_policy_names_takes_no_part() -> None:
    assert judged((user(allowing("*")),), **NAMED["key"]).status == PASSED
