"""The extensions of a file-metadata lab: what a switch adds, and what is refused."""

from typing import Any

import pytest

from labproof.labs.grants import function_environment, policy_documents, targets
from labproof.labs.lab import Lab, LabError
from labproof.labs.resolving import resolve, shared_names

PLACE = {"partition": "aws-cn", "region": "cn-north-1", "account": "111122223333"}
NAMES = {
    "lab_source_bucket": "ada-uploads",
    "lab_table": "ada-items",
    "lab_role": "ada-role",
    "lab_function": "ada-record",
}
OTHERS = NAMES | {"lab_destination_bucket": "ada-private"}
TOPIC_ARN = "arn:aws-cn:sns:cn-north-1:111122223333:ada-news"
EVERYTHING = {
    "lab_table_index": "by-time",
    "lab_topic": "ada-news",
    "lab_more_source_buckets": ["ada-more"],
    "lab_stack": "ada-stack",
}
IDS = {
    "lab_table_index": "metadata.index",
    "lab_topic": "metadata.notified",
    "lab_more_source_buckets": "metadata.multi-bucket",
    "lab_stack": "metadata.template",
}


def a_lab(**variables: Any) -> Lab:
    return resolve("ada", ["file_metadata"], NAMES | variables)


def problems(**variables: Any) -> list[str]:
    with pytest.raises(LabError) as refused:
        a_lab(**variables)
    return str(refused.value).splitlines()


def test_all_switches_are_off_by_default() -> None:
    lab = a_lab()
    assert not any((lab.table.index, lab.topic.name, lab.source.more_buckets, lab.stack.name))
    assert not {*IDS.values()} & {*lab.requirements}
    assert lab.table.sort_key == ""
    assert lab.function.environment == {"TABLE_NAME": "ada-items"}


@pytest.mark.parametrize("switch", EVERYTHING)
def test_a_switch_adds_its_own_requirement_and_no_other(switch: str) -> None:
    lab = a_lab(**{switch: EVERYTHING[switch]})
    assert set(lab.requirements) - set(a_lab().requirements) == {IDS[switch]}


def test_all_switches_go_together() -> None:
    assert set(a_lab(**EVERYTHING).requirements) > set(IDS.values())


def statements(lab: Lab) -> list[dict[str, Any]]:
    arns = targets(lab, "", **PLACE)
    return list(policy_documents(lab.role.policies, arns)["file-metadata"]["Statement"])


def test_a_topic_may_be_published_to_and_is_named_to_the_function() -> None:
    lab, plain = a_lab(lab_topic="ada-news"), a_lab()
    assert function_environment(lab, PLACE) == {"TABLE_NAME": "ada-items", "TOPIC_ARN": TOPIC_ARN}
    *before, last = statements(lab)
    assert last == {"Effect": "Allow", "Action": ["sns:Publish"], "Resource": [TOPIC_ARN]}
    assert before == statements(plain)


def test_several_buckets_may_all_be_read_and_are_told_apart_by_the_sort_key() -> None:
    lab = a_lab(lab_more_source_buckets=["ada-more"])
    assert lab.table.sort_key == "BucketName"
    assert lab.source.buckets == ("ada-uploads", "ada-more")
    assert targets(lab, "", **PLACE)["source-objects"] == [
        "arn:aws-cn:s3:::ada-uploads/*",
        "arn:aws-cn:s3:::ada-more/*",
    ]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"lab_table_index": "a b"}, "lab_table_index of ada, 'a b', must be 3 to 255 letters"),
        ({"lab_table_index": 5}, "lab_table_index of ada must be a text, in quotes, found 5"),
        ({"lab_topic": "news.fifo"}, "lab_topic of ada, 'news.fifo', must be 1 to 256 letters"),
        ({"lab_stack": "1st"}, "lab_stack of ada, '1st', must be a letter and then"),
        ({"lab_more_source_buckets": "ada-more"}, "must be a list of texts, found 'ada-more'"),
        ({"lab_more_source_buckets": ["Ada"]}, "lab_more_source_buckets of ada, 'Ada', may only"),
        (
            {"lab_more_source_buckets": ["ada-uploads"]},
            "The bucket 'ada-uploads' stands twice in lab_source_bucket and "
            "lab_more_source_buckets of ada: name each bucket once.",
        ),
        (
            {"lab_more_source_buckets": ["ada-more", "ada-more"]},
            "The bucket 'ada-more' stands twice",
        ),
        (
            {"lab_more_source_buckets": ["ada-more"], "lab_table_sort_key": "ETag"},
            "lab_table_sort_key of ada must be BucketName where several buckets feed one table",
        ),
        (
            {"lab_stack": "ada", "lab_delivery": "eventbridge"},
            "lab_delivery of ada is eventbridge, the template delivers straight from S3",
        ),
        (
            {"lab_stack": "ada", "lab_function_source": "mine.py"},
            "lab_function_source of ada has no place in the template: leave it out, or lab_stack.",
        ),
        ({"lab_stack": "ada", "lab_table_sort_key": "ETag"}, "can only be BucketName"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(variables: dict[str, Any], said: str) -> None:
    found = problems(**variables)
    assert len(found) == 1
    assert said in found[0]


@pytest.mark.parametrize("switch", EVERYTHING)
def test_a_lab_of_another_flow_has_no_extensions(switch: str) -> None:
    with pytest.raises(LabError) as refused:
        resolve("ada", ["file_transfer"], OTHERS | {switch: EVERYTHING[switch]})
    assert str(refused.value) == (
        f"{switch} of ada is for labs whose lab_flow is metadata: leave it out."
    )


def test_what_the_inventory_repeats_of_the_kind_is_no_change_to_the_template() -> None:
    assert a_lab(lab_stack="ada", lab_function_source="file-metadata.py").stack.name == "ada"


def test_two_labs_may_not_share_one_of_several_buckets() -> None:
    labs = [
        {"host": "ada", "lab_source_bucket": "b", "lab_more_source_buckets": ["shared"]},
        {"host": "bob", "lab_source_bucket": "shared"},
    ]
    assert shared_names(labs) == [
        "The bucket 'shared' is claimed twice, by lab_more_source_buckets of ada and by "
        "lab_source_bucket of bob: give each lab a name of its own."
    ]
