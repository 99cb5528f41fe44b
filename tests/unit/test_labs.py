"""From inventory variables to a lab, or to one sentence for each thing that is wrong."""

import copy
import json
import re
from typing import Any

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labproof.labs.grants import TARGETS, managed_policy_arn, policy_documents, targets
from labproof.labs.kinds import kind_of, kinds
from labproof.labs.lab import VARIABLES as DECLARED
from labproof.labs.lab import Lab, LabError
from labproof.labs.resolving import resolve, shared_names
from tests.support.fakes import NAMES, a_lab

CHINA = {"partition": "aws-cn", "region": "cn-north-1", "account": "111122223333"}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
VARIABLES = sorted(DECLARED)
GRANTS = st.dictionaries(
    st.one_of(st.just("put-items"), ANYTHING.filter(lambda v: isinstance(v, str | int))),
    st.lists(
        st.fixed_dictionaries(
            {"actions": st.lists(st.text(), max_size=2) | ANYTHING},
            optional={"on": st.sampled_from([*TARGETS, "moon"]) | ANYTHING},
        )
        | ANYTHING,
        max_size=2,
    )
    | ANYTHING,
    max_size=2,
)


def problems(**variables: Any) -> list[str]:
    with pytest.raises(LabError) as refused:
        a_lab(**variables)
    return str(refused.value).splitlines()


def test_a_lab_needs_nothing_but_its_names() -> None:
    expected = {
        "kind": "file_transfer",
        "learner": "ada",
        "source_bucket": "ada-public",
        "source_public": True,
        "destination_bucket": "ada-private",
        "table": "ada-logs",
        "table_partition_key": "LogID",
        "role": "ada-role",
        "role_managed_policies": (
            "AmazonS3FullAccess",
            "AmazonDynamoDBFullAccess",
            "AWSLambdaBasicExecutionRole",
        ),
        "role_policies": {},
        "function": "ada-copy",
        "function_source": "lambda-function.py",
        "function_runtime": "python3.14",
        "function_timeout": 300,
        "function_memory": 128,
        "log_retention_days": 14,
        "trigger_events": ("s3:ObjectCreated:Put",),
        "client_dir": "",
        "client_files": ("lambda-function.py", "sample.zip"),
    }
    found = a_lab().names()
    assert {name: found[name] for name in expected} == expected


def test_a_kind_may_leave_out_all_but_a_functions_source_and_events(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    defaults = {
        "lab_flow": "copy",
        "lab_function_source": "f.py",
        "lab_trigger_events": ["s3:ObjectCreated:*"],
    }
    monkeypatch.setattr(
        "labproof.labs.kinds.kinds", lambda: {"k": {"requires": [], "defaults": defaults}}
    )
    names = {name: NAMES[name] for name in ("lab_source_bucket", "lab_role", "lab_function")}
    lab = resolve("ada", ["k"], names)
    assert not any((lab.source.public, lab.destination, lab.table))
    assert (lab.function.timeout, lab.function.memory, lab.client.files) == (60, 128, ())
    assert set(targets(lab, "", **CHINA)) == {"source", "source-objects", "logs"}


def test_the_inventory_wins_over_the_kinds_defaults() -> None:
    lab = a_lab(
        lab_function_timeout="30",
        lab_source_public="no",
        lab_learner=4711,
        lab_role_managed_policies=[],
    )
    assert (lab.function.timeout, lab.source.public) == (30, False)
    assert (lab.learner, lab.role.managed_policies) == ("4711", ())


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_variable_without_a_value_counts_as_not_set(nothing: str | None) -> None:
    assert a_lab(lab_function_timeout=nothing, lab_learner=nothing) == a_lab()
    assert problems(lab_table=nothing) == [
        "lab_table is missing for ada: a file_transfer lab needs it, so set it in the inventory."
    ]


def test_every_missing_name_is_told_and_nothing_else() -> None:
    with pytest.raises(LabError) as refused:
        resolve("ada", ["file_transfer"], {})
    said = str(refused.value).splitlines()
    assert [line.split()[0] for line in said] == kinds()["file_transfer"]["requires"]


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("lab_function_timeout", "abc", "a whole number from 1 to 900, found 'abc'"),
        ("lab_function_timeout", 901, "a whole number from 1 to 900, found 901"),
        ("lab_function_memory", 64, "a whole number from 128 to 10240, found 64"),
        ("lab_log_retention_days", 8, "one of 1, 3, 5, 7, 14, 30"),
        ("lab_table", 12345, "a text, in quotes, found 12345"),
        ("lab_function", ["f"], "a text, in quotes, found ['f']"),
        ("lab_source_public", "maybe", "true or false, found 'maybe'"),
        ("lab_role_managed_policies", "AmazonS3FullAccess", "a list of texts, found 'Amaz"),
        ("lab_trigger_events", [], "a list of at least one text, found []"),
        ("lab_function_environment", {"TABLE": "moon"}, "{VARIABLE: PART} with PART one of so"),
        ("lab_function_environment", {"TABLE": ["table"]}, "{VARIABLE: PART} with PART one of"),
        ("lab_function_environment", ["TABLE"], "{VARIABLE: PART} with PART one of"),
        ("lab_role_policies", ["p"], "{policy name: [{actions: [...], on: TARGET}]}, found ['p']"),
        ("lab_role_policies", {"p": {"on": "table"}}, "{policy name: [{actions"),
    ],
)
def test_a_value_of_the_wrong_kind_is_one_sentence(variable: str, value: Any, words: str) -> None:
    (said,) = problems(**{variable: value})
    assert said.startswith(f"{variable} of ada must be {words}")
    assert said.endswith("correct it.")


@pytest.mark.parametrize(
    "variable",
    [
        "lab_learner",
        "lab_source_bucket",
        "lab_source_public",
        "lab_destination_bucket",
        "lab_table",
        "lab_table_partition_key",
        "lab_role",
        "lab_role_managed_policies",
        "lab_role_policies",
        "lab_function",
        "lab_function_source",
        "lab_function_runtime",
        "lab_function_timeout",
        "lab_function_memory",
        "lab_log_retention_days",
        "lab_trigger_events",
        "lab_client_dir",
        "lab_client_files",
    ],
)
def test_no_variable_takes_just_anything(variable: str) -> None:
    (said,) = problems(**{variable: {"a": 1}})
    assert said.startswith(f"{variable} of ada must be")
    assert said.endswith("found {'a': 1}: correct it.")


def test_logs_are_kept_for_as_many_days_as_cloudwatch_offers() -> None:
    model = botocore.session.get_session().get_service_model("logs").shape_for("Days")
    offered = model.documentation.partition("values are")[2].partition("</p>")[0]
    wanted = {int(days) for days in re.findall(r"\d+", offered)}
    assert {days for days in range(1, 4000) if keeps_logs_for(days)} == wanted


def keeps_logs_for(days: int) -> bool:
    try:
        return bool(DECLARED["lab_log_retention_days"].type.read(days) == days)
    except ValueError:
        return False


@pytest.mark.parametrize(
    ("grant", "words"),
    [
        ({"actions": ["s3:Get*"], "on": "moon"}, "on in lab_role_policies of ada must be one of"),
        ({"actions": ["s3:Get*"], "on": ["table"]}, "on in lab_role_policies of ada must be"),
        ({"actions": "s3:Get*", "on": "table"}, "actions in lab_role_policies of ada must be"),
        ({"actions": [], "on": "table"}, "actions in lab_role_policies of ada must be"),
        ({"actions": ["s3:Get*"]}, "a grant in lab_role_policies of ada must be"),
        ("table", "a grant in lab_role_policies of ada must be"),
    ],
)
def test_a_grant_that_is_none_is_one_sentence(grant: Any, words: str) -> None:
    (said,) = problems(lab_role_policies={"p": [grant]})
    assert said.startswith(words)


def test_a_grant_cannot_be_on_a_part_that_the_lab_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = {"requires": ["lab_role"], "defaults": kinds()["file_transfer"]["defaults"]}
    monkeypatch.setattr("labproof.labs.kinds.kinds", lambda: {"file_transfer": kind})
    (said,) = problems(
        lab_table=None, lab_role_policies={"p": [{"actions": ["a:b"], "on": "table"}]}
    )
    assert "one of source, source-objects, destination, destination-objects, logs" in said
    assert "table," not in said


@pytest.mark.parametrize("name", ["put items", 7, ""])
def test_a_policy_name_that_iam_refuses_is_one_sentence(name: Any) -> None:
    (said,) = problems(lab_role_policies={name: []})
    assert said.startswith(f"lab_role_policies of ada: the policy name {name!r} must be 1 to 128")


@pytest.mark.parametrize("name", ["1A", 7, "A B"])
def test_an_environment_variable_that_lambda_refuses_is_one_sentence(name: Any) -> None:
    (said,) = problems(lab_function_environment={name: "table"})
    assert said.startswith(f"lab_function_environment of ada: the variable {name!r} must be a")


def test_an_environment_variable_holds_the_name_of_a_part() -> None:
    lab = a_lab(lab_function_environment={"TABLE_NAME": "table"})
    assert lab.function.environment == {"TABLE_NAME": "ada-logs"}
    assert problems(lab_function_environment={"TABLE_NAME": "table"}, lab_table=None) == [
        "lab_table is missing for ada: a file_transfer lab needs it, so set it in the inventory."
    ]


def test_all_problems_are_told_at_once() -> None:
    said = problems(lab_source_bucket="Ada", lab_table=None, lab_function_memory="much")
    assert [line.split()[0] for line in said] == [
        "lab_function_memory",
        "lab_table",
        "lab_source_bucket",
    ]


def test_a_long_value_is_told_in_short() -> None:
    (said,) = problems(lab_function_timeout="9" * 1000)
    assert len(said) < 250


@given(st.dictionaries(st.sampled_from(VARIABLES), ANYTHING))
def test_whatever_the_variables_hold_the_answer_is_a_lab_or_a_laberror(
    variables: dict[str, Any],
) -> None:
    assert lab_or_error(NAMES | variables)
    assert lab_or_error(NAMES | {"lab_kind": "own", "lab_flow": "copy"} | variables)


@given(GRANTS)
def test_whatever_the_grants_hold_the_answer_is_a_lab_or_a_laberror(policies: Any) -> None:
    assert lab_or_error(NAMES | {"lab_role_policies": policies})


def lab_or_error(variables: dict[str, Any]) -> bool:
    """Resolve, and use what came out of it."""
    before = copy.deepcopy(variables)
    try:
        lab = resolve("ada", ["file_transfer"], variables)
    except LabError as error:
        lines = str(error).splitlines()
        return all(line.startswith(("lab_", "a grant", "actions in", "on in")) for line in lines)
    policy_documents(lab.role.policies, targets(lab, "", **CHINA))
    json.dumps(lab.as_data())
    return repr(variables) == repr(before)


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        (["web"], "ada is no known lab: put it into one of the groups"),
        ([], "ada is no known lab"),
    ],
)
def test_a_host_in_no_known_group_is_no_lab(groups: list[str], words: str) -> None:
    with pytest.raises(LabError, match=words):
        kind_of("ada", groups)


def test_a_lab_is_of_one_kind_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "labproof.labs.kinds.kinds", lambda: {"file_transfer": {}, "event_copy": {}}
    )
    assert kind_of("ada", ["all", "event_copy"]) == "event_copy"
    with pytest.raises(LabError, match="in the groups event_copy and file_transfer"):
        kind_of("ada", ["file_transfer", "event_copy"])


def test_a_kind_of_ones_own_is_a_text() -> None:
    assert kind_of("ada", [], "own") == "own"
    with pytest.raises(LabError, match=r"lab_kind of ada must be a text, in quotes, found \[\]"):
        resolve("ada", ["file_transfer"], NAMES | {"lab_kind": []})


def test_a_lab_as_plain_data_survives_json() -> None:
    lab = a_lab()
    assert Lab.of_data(json.loads(json.dumps(lab.as_data()))) == lab


def claim(host: str, account: str = "1", **names: Any) -> dict[str, Any]:
    return {"host": host, "account": account, **names}


def test_a_bucket_name_is_taken_in_every_account() -> None:
    (said,) = shared_names(
        [claim("ada", "1", lab_source_bucket="b"), claim("bob", "2", lab_destination_bucket="b")]
    )
    assert said == (
        "The bucket 'b' is claimed twice, by lab_source_bucket of ada and by "
        "lab_destination_bucket of bob: give each lab a name of its own."
    )


@pytest.mark.parametrize("variable", ["lab_role", "lab_function", "lab_table"])
def test_other_names_are_taken_in_one_account_only(variable: str) -> None:
    ada = claim("ada", "1", **{variable: "same"})
    assert shared_names([ada, claim("bob", "2", **{variable: "same"})]) == []
    (said,) = shared_names([ada, claim("bob", "1", **{variable: "same"})])
    what = variable.removeprefix("lab_")
    assert said.startswith(f"The {what} 'same' is claimed twice, by {variable} of ada and by")


def test_a_role_and_a_function_may_have_one_name() -> None:
    assert shared_names([claim("ada", lab_role="x", lab_function="x", lab_table="x")]) == []


def test_a_lab_cannot_copy_a_bucket_into_itself() -> None:
    assert shared_names([claim("ada", lab_source_bucket="b", lab_destination_bucket="b")])


def test_a_grants_target_becomes_an_arn_of_the_labs_partition_region_and_account() -> None:
    assert targets(a_lab(), "", **CHINA) == {
        "source": ["arn:aws-cn:s3:::ada-public"],
        "source-objects": ["arn:aws-cn:s3:::ada-public/*"],
        "destination": ["arn:aws-cn:s3:::ada-private"],
        "destination-objects": ["arn:aws-cn:s3:::ada-private/*"],
        "table": ["arn:aws-cn:dynamodb:cn-north-1:111122223333:table/ada-logs"],
        "logs": ["arn:aws-cn:logs:cn-north-1:111122223333:*"],
    }


def test_a_policy_document_allows_the_grants_and_no_more() -> None:
    lab = a_lab(lab_role_policies={"put": [{"actions": ["dynamodb:PutItem"], "on": "table"}]})
    (document,) = policy_documents(lab.role.policies, targets(lab, "", **CHINA)).values()
    assert document == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["dynamodb:PutItem"],
                "Resource": ["arn:aws-cn:dynamodb:cn-north-1:111122223333:table/ada-logs"],
            }
        ],
    }


@pytest.mark.parametrize(
    ("policy", "arn"),
    [
        ("AmazonS3FullAccess", "arn:aws:iam::aws:policy/AmazonS3FullAccess"),
        (
            "AWSLambdaBasicExecutionRole",
            "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
        ),
        ("arn:aws:iam::1:policy/own", "arn:aws:iam::1:policy/own"),
    ],
)
def test_a_managed_policy_is_found_by_its_name(policy: str, arn: str) -> None:
    assert managed_policy_arn(policy, "aws") == arn


def test_the_kinds_speak_of_declared_variables_only() -> None:
    for kind in kinds().values():
        added = [name for more in kind.get("extensions", {}).values() for name in more]
        named = [*kind["requires"], *kind["defaults"], *kind.get("template", ()), *added]
        assert {*named, *kind.get("extensions", ())} - set(DECLARED) == set()
