"""Evidence: what exists, what does not, and what could not be read, never one for another."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any
from urllib.error import URLError
from urllib.parse import quote

import pytest
from botocore.exceptions import ReadTimeoutError

from labproof import readers
from labproof.aws import Connection
from labproof.readers import (
    MAX_CODE_BYTES,
    ask,
    is_error,
    read_bucket,
    read_function,
    read_lab,
    read_log_group,
    read_metrics,
    read_permissions,
    read_role,
    read_samples,
    read_table,
)

from .fakes import Body, FakeClient, a_lab, connect, refusal

TRUST = {"Version": "2012-10-17", "Statement": []}
TAGS = [{"Key": "labproof-lab", "Value": "ada"}]
BUCKET = {
    "head_bucket": {"BucketRegion": "us-east-1"},
    "get_public_access_block": {"PublicAccessBlockConfiguration": {"BlockPublicAcls": False}},
    "get_bucket_policy": {"Policy": '{"Statement": []}'},
    "get_bucket_acl": {"Grants": [], "Owner": {}, "ResponseMetadata": {}},
    "get_bucket_notification_configuration": {"ResponseMetadata": {}},
    "get_bucket_tagging": {"TagSet": TAGS},
}
ROLE = {
    "get_role": {"Role": {"Arn": "arn:r", "AssumeRolePolicyDocument": TRUST}},
    "list_role_tags": {"Tags": TAGS},
    "list_attached_role_policies": {
        "AttachedPolicies": [{"PolicyName": "p", "PolicyArn": "arn:p"}]
    },
    "list_role_policies": {"PolicyNames": ["own"]},
    "get_role_policy": {"PolicyDocument": TRUST},
}
TABLE = {
    "describe_table": {
        "Table": {
            "TableArn": "arn:t",
            "TableStatus": "ACTIVE",
            "KeySchema": [
                {"AttributeName": "LogID", "KeyType": "HASH"},
                {"AttributeName": "At", "KeyType": "RANGE"},
            ],
            "AttributeDefinitions": [
                {"AttributeName": "At", "AttributeType": "N"},
                {"AttributeName": "LogID", "AttributeType": "S"},
            ],
            "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
        }
    },
    "list_tags_of_resource": {"Tags": TAGS},
}
FUNCTION = {
    "get_function": {
        "Configuration": {
            "FunctionArn": "arn:f",
            "State": "Active",
            "Runtime": "python3.14",
            "Handler": "lambda_function.lambda_handler",
            "Role": "arn:r",
            "Environment": {"Variables": {"TOKEN": "s3cret", "A": "b"}},
        },
        "Code": {"Location": "https://code.test/f.zip"},
        "Tags": {"labproof-lab": "ada"},
    },
    "get_policy": {"Policy": '{"Statement": []}'},
}
GROUP = {"logGroupName": "/aws/lambda/f", "arn": "arn:g:*", "retentionInDays": 14}
GROUPS = {
    "describe_log_groups": {"logGroups": [{"logGroupName": "/aws/lambda/f-2"}, GROUP]},
    "list_tags_for_resource": {"tags": {"labproof-lab": "ada"}},
}
READERS: list[tuple[Callable[..., Any], str, dict[str, Any]]] = [
    (read_bucket, "s3", BUCKET),
    (read_role, "iam", ROLE),
    (read_table, "dynamodb", TABLE),
    (read_function, "lambda_", FUNCTION),
    (read_log_group, "logs", GROUPS),
]
ABSENT = ["404", "NoSuchEntity", "ResourceNotFoundException", "ResourceNotFoundException"]


@pytest.fixture(autouse=True)
def download(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Serve a deployment package without a network; an exception is raised instead."""

    def serve(content: bytes | Exception) -> None:
        def urlopen(url: str, **options: Any) -> io.BytesIO:
            assert url == "https://code.test/f.zip"
            if isinstance(content, Exception):
                raise content
            return io.BytesIO(content)

        monkeypatch.setattr(readers.urllib.request, "urlopen", urlopen)

    serve(package({"lambda_function.py": "x = 1", "data.json": "{}"}))
    return serve


def package(files: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def read(monkeypatch: pytest.MonkeyPatch, reader: Any, **answers: Any) -> Any:
    _, service, usual = next(entry for entry in READERS if entry[0] is reader)
    client = FakeClient(otherwise={}, **usual | answers)
    return reader(connect(monkeypatch, **{service: client}), "/aws/lambda/f")


def test_an_answer_is_data_without_the_sdks_metadata() -> None:
    client = FakeClient(get_role={"Role": {"Arn": "a"}, "ResponseMetadata": {}})
    assert ask(client, "get_role", RoleName="r") == {"Role": {"Arn": "a"}}
    assert ask(client, "get_role", "Role", RoleName="r") == {"Arn": "a"}
    assert client.asked("get_role")[0] == {"RoleName": "r"}


def test_absent_is_none_and_any_other_refusal_is_an_error_with_its_name() -> None:
    assert ask(FakeClient(get_role=refusal("NoSuchEntity")), "get_role") is None
    assert ask(FakeClient(get_role=refusal("AccessDenied")), "get_role") == {
        "error": {"call": "get_role", "code": "AccessDenied", "message": "said AWS"}
    }
    late = ask(FakeClient(get_role=ReadTimeoutError(endpoint_url="x" * 900)), "get_role")
    assert late["error"]["code"] == "ReadTimeoutError"
    assert len(late["error"]["message"]) == 500


def test_only_a_failed_reading_is_an_error() -> None:
    assert is_error({"error": {}})
    assert not any(map(is_error, (None, {}, [], "error", {"error": {}, "name": "n"})))


@pytest.mark.parametrize(("reader", "service", "answers"), READERS)
def test_evidence_is_plain_data(
    monkeypatch: pytest.MonkeyPatch, reader: Any, service: str, answers: Any
) -> None:
    assert json.dumps(read(monkeypatch, reader))


@pytest.mark.parametrize(("code", "entry"), list(zip(ABSENT, READERS, strict=False)))
def test_what_does_not_exist_is_none(
    monkeypatch: pytest.MonkeyPatch, code: str, entry: Any
) -> None:
    reader, _, answers = entry
    assert read(monkeypatch, reader, **{next(iter(answers)): refusal(code)}) is None


@pytest.mark.parametrize("entry", READERS)
@pytest.mark.parametrize("code", ["AccessDenied", "403", "ThrottlingException"])
def test_what_cannot_be_read_is_an_error_that_names_the_call(
    monkeypatch: pytest.MonkeyPatch, entry: Any, code: str
) -> None:
    reader, _, answers = entry
    first = next(iter(answers))
    found = read(monkeypatch, reader, **{first: refusal(code)})
    assert found == {"error": {"call": first, "code": code, "message": "said AWS"}}


@pytest.mark.parametrize(
    ("reader", "operation", "part"),
    [
        (read_bucket, "get_public_access_block", "public_access_block"),
        (read_bucket, "get_bucket_policy", "policy"),
        (read_bucket, "get_bucket_acl", "acl"),
        (read_bucket, "get_bucket_notification_configuration", "notification"),
        (read_bucket, "get_bucket_tagging", "tags"),
        (read_role, "list_role_tags", "tags"),
        (read_role, "list_attached_role_policies", "attached"),
        (read_role, "list_role_policies", "inline"),
        (read_table, "list_tags_of_resource", "tags"),
        (read_function, "get_policy", "policy"),
        (read_log_group, "list_tags_for_resource", "tags"),
    ],
)
def test_a_part_that_cannot_be_read_is_an_error_in_its_place(
    monkeypatch: pytest.MonkeyPatch, reader: Any, operation: str, part: str
) -> None:
    found = read(monkeypatch, reader, **{operation: refusal("AccessDenied")})
    assert is_error(found[part])
    assert found[part]["error"]["call"] == operation
    assert sum(is_error(value) for value in found.values()) == 1


def test_a_bucket_is_its_settings_policy_notifications_and_tags(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = {
        "name": "/aws/lambda/f",
        "public_access_block": {"BlockPublicAcls": False},
        "policy": {"Statement": []},
        "acl": {"Grants": [], "Owner": {}},
        "notification": {},
        "tags": {"labproof-lab": "ada"},
    }
    found = read(monkeypatch, read_bucket)
    assert {part: found[part] for part in expected} == expected


def test_a_bucket_may_have_no_policy_settings_or_tags(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = read(
        monkeypatch,
        read_bucket,
        get_public_access_block=refusal("NoSuchPublicAccessBlockConfiguration"),
        get_bucket_policy=refusal("NoSuchBucketPolicy"),
        get_bucket_tagging=refusal("NoSuchTagSet"),
    )
    assert (bare["public_access_block"], bare["policy"], bare["tags"]) == (None, None, {})


@pytest.mark.parametrize("document", [TRUST, json.dumps(TRUST), quote(json.dumps(TRUST))])
def test_a_role_is_its_trust_and_policies_however_iam_writes_them(
    monkeypatch: pytest.MonkeyPatch, document: Any
) -> None:
    role = {"Arn": "arn:r", "AssumeRolePolicyDocument": document}
    found = read(
        monkeypatch,
        read_role,
        get_role={"Role": role | {"PermissionsBoundary": {"PermissionsBoundaryArn": "arn:b"}}},
        get_role_policy={"PolicyDocument": document},
    )
    assert found["trust"] == TRUST
    assert found["inline"] == {"own": TRUST}
    assert [(p["name"], p["arn"]) for p in found["attached"]] == [("p", "arn:p")]
    assert (found["arn"], found["boundary"]) == ("arn:r", "arn:b")


def test_a_table_is_its_key_in_order_with_types(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(monkeypatch, read_table)
    assert found["key"] == [
        {"name": "LogID", "role": "HASH", "type": "S"},
        {"name": "At", "role": "RANGE", "type": "N"},
    ]
    assert (found["status"], found["billing"]) == ("ACTIVE", "PAY_PER_REQUEST")
    assert (found["arn"], found["tags"]) == ("arn:t", {"labproof-lab": "ada"})


def test_a_table_without_a_billing_summary_is_provisioned(monkeypatch: pytest.MonkeyPatch) -> None:
    table = dict(TABLE["describe_table"]["Table"])
    del table["BillingModeSummary"]
    found = read(monkeypatch, read_table, describe_table={"Table": table})
    assert found["billing"] == "PROVISIONED"


def test_of_a_functions_environment_no_value_is_read_that_may_be_a_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = read(monkeypatch, read_function)
    assert sorted(found["environment"]) == ["A", "TOKEN"]
    assert "s3cret" not in json.dumps(found)
    assert found["files"] == {"lambda_function.py": "x = 1"}


def test_a_function_is_its_configuration_policy_and_tags(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(monkeypatch, read_function)
    expected = {
        "arn": "arn:f",
        "state": "Active",
        "runtime": "python3.14",
        "handler": "lambda_function.lambda_handler",
        "role": "arn:r",
        "policy": {"Statement": []},
        "tags": {"labproof-lab": "ada"},
    }
    assert {part: found[part] for part in expected} == expected


def test_tags_that_may_not_be_read_are_not_taken_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    function = {k: v for k, v in FUNCTION["get_function"].items() if k != "Tags"}
    assert read(monkeypatch, read_function, get_function=function)["tags"] == {}
    refused = function | {"TagsError": {"ErrorCode": "AccessDeniedException", "Message": "no"}}
    assert is_error(read(monkeypatch, read_function, get_function=refused)["tags"])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (URLError("gone"), "URLError"),
        (TimeoutError(), "TimeoutError"),
        (b"no zip archive", "BadZipFile"),
        (package({"a.py": "x" * 99}).replace(b"x" * 99, b"y" * 99), "BadZipFile"),
    ],
)
def test_code_that_cannot_be_read_is_an_error_in_its_place(
    monkeypatch: pytest.MonkeyPatch, download: Any, content: Any, code: str
) -> None:
    download(content)
    found = read(monkeypatch, read_function)
    assert found["files"] == {"error": {"call": "Code.Location", "code": code, "message": ""}}
    assert found["state"] == "Active"


def test_the_learners_files_are_read_before_those_of_bundled_packages(
    monkeypatch: pytest.MonkeyPatch, download: Any
) -> None:
    big = "#" * (MAX_CODE_BYTES - 5)
    download(package({"lib/a/big.py": big, "lib/b.py": "deep", "main.py": "top", "n.py": b"\xff"}))
    found = read(monkeypatch, read_function)["files"]
    assert found == {"main.py": "top", "n.py": "�", "lib/b.py": "deep"}


def test_a_package_of_many_megabytes_is_still_read(
    monkeypatch: pytest.MonkeyPatch, download: Any
) -> None:
    download(package({"library.so": b"\0" * 3 * MAX_CODE_BYTES, "main.py": "top"}))
    assert read(monkeypatch, read_function)["files"] == {"main.py": "top"}


def test_a_function_without_a_package_has_no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    image = FUNCTION["get_function"] | {"Code": {"ImageUri": "x"}}
    assert read(monkeypatch, read_function, get_function=image)["files"] == {}


def test_a_log_group_is_found_by_its_exact_name(monkeypatch: pytest.MonkeyPatch) -> None:
    client = FakeClient(**GROUPS)
    found = read_log_group(connect(monkeypatch, logs=client), "/aws/lambda/f")
    assert found == {
        "name": "/aws/lambda/f",
        "retention_days": 14,
        "tags": {"labproof-lab": "ada"},
    }
    assert client.asked("list_tags_for_resource") == [{"resourceArn": "arn:g"}]
    assert read_log_group(connect(monkeypatch, logs=client), "/aws/lambda") is None


def test_a_lab_is_all_its_parts_each_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    clients = {service: FakeClient(otherwise={}, **answers) for _, service, answers in READERS}
    found = read_lab(a_lab(), connect(monkeypatch, **clients))
    names = {part: evidence and evidence["name"] for part, evidence in found.items()}
    expected = {
        "source_bucket": "ada-public",
        "destination_bucket": "ada-private",
        "role": "ada-role",
        "table": "ada-logs",
        "function": "ada-copy",
        "log_group": None,
    }
    assert {part: names[part] for part in expected} == expected


def test_permissions_are_asked_for_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def simulate(**request: Any) -> Any:
        allowed = request["ActionNames"] == ["s3:GetObject"]
        decision = "allowed" if allowed else "implicitDeny"
        return {"EvaluationResults": [{"EvalDecision": decision}]}

    iam = FakeClient(simulate_principal_policy=simulate)
    wanted = {"read": ("s3:GetObject", "arn:b/any"), "write": ("s3:PutObject", "arn:c/any")}
    found = read_permissions(connect(monkeypatch, iam=iam), "arn:r", wanted)
    assert found == {"read": "allowed", "write": "implicitDeny"}
    assert iam.asked("simulate_principal_policy")[1] == {
        "PolicySourceArn": "arn:r",
        "ActionNames": ["s3:PutObject"],
        "ResourceArns": ["arn:c/any"],
    }


def test_a_permission_that_cannot_be_asked_for_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    iam = FakeClient(simulate_principal_policy=refusal("AccessDenied"))
    found = read_permissions(connect(monkeypatch, iam=iam), "arn:r", {"read": ("a:b", "c")})
    assert found["read"]["error"]["code"] == "AccessDenied"


def samples(monkeypatch: pytest.MonkeyPatch, objects: Any, listing: Any = None) -> Any:
    def get(Bucket: str, Key: str) -> Any:  # noqa: N803
        content = objects.get(Key, refusal("NoSuchKey"))
        return {"Body": Body(content)} if isinstance(content, bytes) else content

    listed = {"Contents": [{"Key": key} for key in objects if key.startswith("verify/")]}
    s3 = FakeClient(get_object=get, list_objects_v2=listing or listed)
    return read_samples(connect(monkeypatch, s3=s3), "b")


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_every_sample_in_a_bucket_is_measured_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    large = b"x" * (MAX_CODE_BYTES * 3)
    objects = {
        "sample.zip": large,
        "verify/1/sample.zip": b"one",
        "verify/1/other.zip": b"two",
        "verify/2/resample.zip": b"three",
    }
    assert samples(monkeypatch, objects) == [sha(large), sha(b"one")]


def test_a_bucket_may_hold_no_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    assert samples(monkeypatch, {}) == []
    assert samples(monkeypatch, {}, listing={"KeyCount": 0}) == []


def test_samples_that_cannot_be_read_are_not_taken_for_absent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert is_error(samples(monkeypatch, {}, listing=refusal("AccessDenied")))
    assert is_error(samples(monkeypatch, {"sample.zip": refusal("AccessDenied")}))
    found = samples(monkeypatch, {"sample.zip": b"x"}, listing=refusal("AccessDenied"))
    assert found == [sha(b"x")]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Sleeping takes no time, but is counted."""
    slept: list[float] = []
    monkeypatch.setattr(readers.time, "sleep", slept.append)
    monkeypatch.setattr(readers.time, "monotonic", lambda: sum(slept))
    return slept


def metrics(monkeypatch: pytest.MonkeyPatch, answer: Any, **limits: Any) -> Any:
    client = FakeClient(get_metric_statistics=answer)
    connection: Connection = connect(monkeypatch, cloudwatch=client)
    return read_metrics(connection, "f", 1_800_000_059_999, **limits), client


def test_metrics_are_sums_from_the_full_minute_on(
    monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    def answer(MetricName: str, **request: Any) -> Any:  # noqa: N803
        points = {"Invocations": [3.0, 2.0], "Errors": [1.0]}[MetricName]
        return {"Datapoints": [{"Sum": value} for value in points]}

    found, client = metrics(monkeypatch, answer, wanted=5)
    assert found == {"Invocations": 5, "Errors": 1}
    assert pauses == []
    request = client.asked("get_metric_statistics")[0]
    assert request["StartTime"].timestamp() == 1_800_000_000
    assert request["Dimensions"] == [{"Name": "FunctionName", "Value": "f"}]


def test_metrics_that_come_late_are_waited_for(
    monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    def answer(**request: Any) -> Any:
        return {"Datapoints": [{"Sum": 1.0}] * len(pauses)}

    assert metrics(monkeypatch, answer, wanted=3)[0]["Invocations"] == 3
    assert len(pauses) == 3


def test_metrics_that_do_not_come_are_told_as_they_are(
    monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    found, _ = metrics(monkeypatch, {"Datapoints": []}, wanted=1, timeout=100)
    assert found == {"Invocations": 0, "Errors": 0}
    assert 100 < sum(pauses) <= 130
