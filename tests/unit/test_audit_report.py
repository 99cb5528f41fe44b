"""An auditor's report, sorted: what is the lab's, what is explained, what is left to mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.findings import EXCEPTIONS, Verdict, judge, resources, summary, table
from audit.run import environment
from labproof.aws.connection import Connection
from labproof.labs.arns import KINDS
from tests.support.fakes import a_lab

IDENTITY = {"partition": "aws-cn", "region": "cn-north-1", "account": "111122223333"}
OWN = {
    "arn:aws:s3:::ada-public": "source_bucket",
    "arn:aws:s3:::ada-logs": "log_bucket",
    "arn:aws:logs:r:1:log-group:/aws/lambda/ada": "log_group",
}
KNOWN = {"logging": {"parts": ["log_bucket"], "why": "It would log itself."}}


def row(check: str, arn: str, status: str = "FAIL") -> dict[str, str]:
    return {"CHECK_ID": check, "CHECK_TITLE": "T", "RESOURCE_UID": arn, "STATUS": status}


def judged(*rows: dict[str, str]) -> Verdict:
    return judge(rows, OWN, KNOWN)


def test_a_failed_check_on_the_lab_is_to_be_mended_unless_it_is_explained() -> None:
    verdict = judged(row("logging", "arn:aws:s3:::ada-logs"), row("lock", "arn:aws:s3:::ada-logs"))
    assert [finding.check for finding in verdict.failed] == ["lock"]
    assert [finding.check for finding in verdict.explained] == ["logging"]


def test_an_explanation_holds_for_the_parts_that_it_names_and_no_others() -> None:
    verdict = judged(row("logging", "arn:aws:s3:::ada-public"))
    assert [finding.part for finding in verdict.failed] == ["source_bucket"]


def test_what_is_not_the_labs_is_counted_and_no_more() -> None:
    account = row("root_mfa", "arn:aws:iam::1:root")
    neighbour = row("logging", "arn:aws:s3:::ada-public-2", "PASS")
    assert judged(account, neighbour) == Verdict(0, [], [], 1)


def test_passed_checks_count_and_manual_ones_do_not() -> None:
    arn = "arn:aws:logs:r:1:log-group:/aws/lambda/ada:*"
    assert judged(row("kms", arn, "PASS"), row("more", arn, "MANUAL")) == Verdict(1, [], [], 0)


def test_the_labs_resources_are_those_that_have_a_name() -> None:
    found = resources(a_lab(), IDENTITY, "")
    assert set(found.values()) == {
        *("source_bucket", "destination_bucket", "role", "table", "function", "log_group"),
    }
    assert found["arn:aws-cn:s3:::ada-public"] == "source_bucket"
    assert found["arn:aws-cn:iam::111122223333:role/ada-role"] == "role"
    assert resources(a_lab(), IDENTITY, "arn:k")["arn:k"] == "key"


def test_the_summary_names_every_failed_check_and_says_what_is_not_explained() -> None:
    bucket = "arn:aws:s3:::ada-logs"
    said = summary("ada", judged(row("logging", bucket), row("lock", bucket)))
    assert "ada: 0 passed, 2 failed, 1 explained" in said
    assert "Not explained in docs/audit.md: \n  lock" in said


def test_the_inventorys_account_is_asked_about_not_the_shells(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("AWS_CA_BUNDLE", "/mine.pem")
    sandbox = Connection(access_key="1", secret_key="2", ca_bundle="/theirs.pem")
    found = environment(sandbox)
    assert (found["AWS_ACCESS_KEY_ID"], found["AWS_CA_BUNDLE"]) == ("1", "/theirs.pem")
    assert "AWS_PROFILE" not in found
    assert environment(Connection())["AWS_CA_BUNDLE"] == "/mine.pem"


def test_the_document_shows_the_exceptions_as_they_are() -> None:
    document = Path(__file__).parents[2] / "docs" / "audit.md"
    assert table(EXCEPTIONS) in document.read_text("utf-8")


def test_every_exception_is_of_known_parts_and_says_why_in_one_sentence() -> None:
    for check, entry in EXCEPTIONS.items():
        assert entry["parts"], check
        assert set(entry["parts"]) <= {*KINDS, "all_trails", "key"}, check
        assert entry["why"].endswith("."), check
        assert ". " not in entry["why"], check
