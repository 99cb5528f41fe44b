"""ARNs as AWS writes them, of every kind and of a lab's parts."""

import re

import pytest

from labproof.labs.arns import FORMS, KINDS, arn, arns, names
from tests.support.account import PLACE, a_whole_lab
from tests.support.fakes import a_lab

CHINA = {"partition": "aws-cn", "region": "cn-north-1", "account": "111122223333"}


@pytest.mark.parametrize("kind", FORMS)
def test_an_arn_is_of_its_partition_and_names_the_resource(kind: str) -> None:
    found = arn(kind, "named", CHINA)
    assert re.fullmatch(r"arn:aws-cn:[a-z0-9]+:(cn-north-1)?:(111122223333|aws)?:.+", found)
    assert ("named" in found) is (kind not in ("account", "logs"))


def test_the_parts_of_a_lab_have_the_arns_that_aws_gives_them() -> None:
    here = f"us-east-1:{PLACE['account']}"
    assert arns(a_whole_lab(), PLACE) | {"log_bucket": ""} == {
        "source_bucket": "arn:aws:s3:::ada-landing",
        "destination_bucket": "arn:aws:s3:::ada-copies",
        "trail_bucket": "arn:aws:s3:::ada-trail-bucket",
        "log_bucket": "",
        "role": f"arn:aws:iam::{PLACE['account']}:role/ada-role",
        "trail_role": f"arn:aws:iam::{PLACE['account']}:role/ada-trail-to-logs",
        "table": f"arn:aws:dynamodb:{here}:table/ada-table",
        "function": f"arn:aws:lambda:{here}:function:ada-ingest",
        "log_group": f"arn:aws:logs:{here}:log-group:/aws/lambda/ada-ingest",
        "trail": f"arn:aws:cloudtrail:{here}:trail/ada-trail",
        "trail_log_group": f"arn:aws:logs:{here}:log-group:/aws/cloudtrail/ada-trail",
    }


def test_a_part_that_a_lab_does_not_have_has_no_name_and_no_arn() -> None:
    lab = a_lab()
    missing = {"key", "trail", "trail_bucket", "trail_role", "trail_log_group", "log_bucket"}
    assert not (missing | {"topic", "stack"}) & {*names(lab), *arns(lab, CHINA)}
    assert set(arns(lab, CHINA)) <= set(KINDS)
