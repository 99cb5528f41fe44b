"""What this project leans on in the emulator. A failure here means: read the release notes."""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from labproof.sandbox import Sandbox
from labproof.sandbox.processes import wait_until
from tests.support.sandboxes import (
    ACCOUNT,
    TRUST_LAMBDA,
    assume,
    client,
    create_function,
    create_role,
    policy,
)

ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
COPY_SOURCE = """
import boto3, json, urllib.parse
s3, dynamodb = boto3.client("s3"), boto3.client("dynamodb")
def handler(event, context):
    for record in event["Records"]:
        encoded = record["s3"]["object"]["key"]
        key = urllib.parse.unquote_plus(encoded)
        print(json.dumps({"encoded": encoded}))
        source = {"Bucket": record["s3"]["bucket"]["name"], "Key": key}
        s3.copy_object(Bucket="emulator-target", Key=key, CopySource=source)
        dynamodb.put_item(TableName="emulator-table", Item={"pk": {"S": key}})
"""
SELF_SOURCE = """
import boto3, os, sys
def handler(event, context):
    account = boto3.client("sts").get_caller_identity()["Arn"]
    return {"arn": account, "python": sys.prefix, "names": sorted(os.environ)}
"""


def refusal(act: Callable[..., Any], **options: Any) -> str:
    """The code of the error with which AWS refuses to `act`."""
    with pytest.raises(ClientError) as error:
        act(**options)
    code: str = error.value.response["Error"]["Code"]
    return code


def anonymous_status(url: str) -> int:
    """The HTTP status of a GET without credentials."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def public_read(bucket: str) -> str:
    """A bucket policy that lets anyone read."""
    resource = f"arn:aws:s3:::{bucket}/*"
    return policy({"Principal": "*", "Action": "s3:GetObject", "Resource": resource})


def messages(sandbox: Sandbox, function: str) -> list[str]:
    """All log messages of a function, none when it has no log group yet."""
    logs = client(sandbox, "logs")
    try:
        events = logs.filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [event["message"] for event in events]


@pytest.fixture(scope="module")
def pipeline(sandbox: Sandbox) -> Sandbox:
    """A lab whose function copies an upload and writes an item; nothing lets S3 invoke it."""
    s3, dynamodb = client(sandbox, "s3"), client(sandbox, "dynamodb")
    s3.create_bucket(Bucket="emulator-source")
    s3.create_bucket(Bucket="emulator-target")
    dynamodb.create_table(
        TableName="emulator-table",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    rights = ["s3:GetObject", "s3:GetObjectTagging", "s3:PutObject", "dynamodb:PutItem"]
    role = create_role(sandbox, "copier", TRUST_LAMBDA, {"Action": rights, "Resource": "*"})
    arn = create_function(sandbox, "copier", role, COPY_SOURCE)
    target = {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket="emulator-source",
        NotificationConfiguration={"LambdaFunctionConfigurations": [target]},
        SkipDestinationValidation=True,
    )
    s3.put_object(Bucket="emulator-source", Key="a b+ü/file.zip", Body=b"body")
    assert wait_until(lambda: any("REPORT" in line for line in messages(sandbox, "copier")), 10)
    return sandbox


def test_a_12_digit_access_key_is_an_account_of_its_own(sandbox: Sandbox) -> None:
    for account in ("333333333333", "444444444444"):
        assert client(sandbox, "sts", account).get_caller_identity()["Account"] == account
    client(sandbox, "s3", "333333333333").create_bucket(Bucket="of-account-3")
    assert client(sandbox, "s3", "444444444444").list_buckets()["Buckets"] == []
    theirs = client(sandbox, "s3", "444444444444")
    assert refusal(theirs.create_bucket, Bucket="of-account-3") == "BucketAlreadyExists"


def test_a_wrong_signature_is_refused(sandbox: Sandbox) -> None:
    role = create_role(sandbox, "signer", ROOT, {"Action": "s3:*", "Resource": "*"})
    s3 = client(sandbox, "s3", **assume(sandbox, role) | {"aws_secret_access_key": "wrong"})
    assert refusal(s3.list_buckets) == "SignatureDoesNotMatch"


def test_a_role_may_do_what_its_policy_allows_and_nothing_else(sandbox: Sandbox) -> None:
    root = client(sandbox, "s3")
    root.create_bucket(Bucket="role-bucket")
    root.put_object(Bucket="role-bucket", Key="key", Body=b"body")
    role = create_role(sandbox, "lister", ROOT, {"Action": "s3:ListBucket", "Resource": "*"})
    s3 = client(sandbox, "s3", **assume(sandbox, role))
    assert s3.list_objects_v2(Bucket="role-bucket")["KeyCount"] == 1
    assert refusal(s3.get_object, Bucket="role-bucket", Key="key") == "AccessDenied"


def test_anyone_reads_under_a_public_policy_and_nobody_without(sandbox: Sandbox) -> None:
    s3 = client(sandbox, "s3")
    s3.create_bucket(Bucket="public-bucket")
    s3.put_object(Bucket="public-bucket", Key="key", Body=b"body")
    url = f"{sandbox.http_endpoint_url}/public-bucket/key"
    assert anonymous_status(url) == 403
    s3.delete_public_access_block(Bucket="public-bucket")
    s3.put_bucket_policy(Bucket="public-bucket", Policy=public_read("public-bucket"))
    assert anonymous_status(url) == 200


def test_block_public_access_refuses_a_public_policy(sandbox: Sandbox) -> None:
    s3 = client(sandbox, "s3")
    s3.create_bucket(Bucket="blocked-bucket")
    s3.put_public_access_block(
        Bucket="blocked-bucket", PublicAccessBlockConfiguration={"BlockPublicPolicy": True}
    )
    document = public_read("blocked-bucket")
    assert refusal(s3.put_bucket_policy, Bucket="blocked-bucket", Policy=document) == "AccessDenied"


def test_a_plain_http_request_of_a_role_is_not_secure_transport(sandbox: Sandbox) -> None:
    deny_http = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::secure-bucket", "arn:aws:s3:::secure-bucket/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    root = client(sandbox, "s3")
    root.create_bucket(Bucket="secure-bucket")
    root.put_bucket_policy(Bucket="secure-bucket", Policy=policy(deny_http))
    role = create_role(sandbox, "secure", ROOT, {"Action": "s3:*", "Resource": "*"})
    keys = assume(sandbox, role)
    https = client(sandbox, "s3", **keys)
    http = client(sandbox, "s3", endpoint_url=sandbox.http_endpoint_url, **keys)
    assert https.list_objects_v2(Bucket="secure-bucket")["KeyCount"] == 0
    assert refusal(http.list_objects_v2, Bucket="secure-bucket") == "AccessDenied"


@pytest.mark.parametrize(("scheme", "claim"), [("http", "https"), ("https", "http")])
def test_a_client_cannot_claim_another_scheme(sandbox: Sandbox, scheme: str, claim: str) -> None:
    bucket = f"claims-{claim}"
    seen = {"Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    condition = {"Condition": {"Bool": {"aws:SecureTransport": str(claim == "https").lower()}}}
    s3 = client(sandbox, "s3")
    s3.create_bucket(Bucket=bucket)
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(seen | condition))
    s3.put_object(Bucket=bucket, Key="key", Body=b"body")
    role = create_role(sandbox, bucket, ROOT, {"Action": "s3:ListBucket", "Resource": "*"})
    url = sandbox.endpoint_url if scheme == "https" else sandbox.http_endpoint_url
    claimer = client(sandbox, "s3", endpoint_url=url, **assume(sandbox, role))

    def add_claim(request: Any, **_: Any) -> None:
        request.headers["X-Forwarded-Proto"] = claim

    claimer.meta.events.register("before-send.s3", add_claim)
    assert refusal(claimer.get_object, Bucket=bucket, Key="key") == "AccessDenied"


def test_an_upload_is_copied_and_written_down(pipeline: Sandbox) -> None:
    key = "a b+ü/file.zip"
    copy = client(pipeline, "s3").get_object(Bucket="emulator-target", Key=key)
    assert copy["Body"].read() == b"body"
    table = client(pipeline, "dynamodb")
    assert table.get_item(TableName="emulator-table", Key={"pk": {"S": key}})["Item"]


def test_an_event_holds_the_key_encoded(pipeline: Sandbox) -> None:
    expected = json.dumps({"encoded": "a+b%2B%C3%BC/file.zip"})
    assert expected in [line.strip() for line in messages(pipeline, "copier")]


def test_a_function_logs_start_end_and_report(pipeline: Sandbox) -> None:
    log = "\n".join(messages(pipeline, "copier"))
    request_id = re.search(r"START RequestId: (\S+)", log)
    assert request_id
    assert f"END RequestId: {request_id[1]}" in log
    assert re.search(rf"REPORT RequestId: {request_id[1]}\s+Duration: [\d.]+ ms", log)


def test_events_are_delivered_without_a_permission(pipeline: Sandbox) -> None:
    """Lenient: AWS stores such a notification where it is not validated, and delivers nothing."""
    assert client(pipeline, "s3").get_bucket_notification_configuration(Bucket="emulator-source")[
        "LambdaFunctionConfigurations"
    ]
    policies = client(pipeline, "lambda").get_policy(FunctionName="copier")
    assert json.loads(policies["Policy"])["Statement"] == []


def test_a_function_acts_as_its_role(sandbox: Sandbox) -> None:
    role = create_role(sandbox, "poor", TRUST_LAMBDA, {"Action": "logs:*", "Resource": "*"})
    source = 'import boto3\ndef handler(event, context):\n    boto3.client("s3").list_buckets()\n'
    create_function(sandbox, "poor", role, source)
    answer = client(sandbox, "lambda").invoke(FunctionName="poor")
    assert answer["FunctionError"] == "Unhandled"
    assert "AccessDenied" in json.load(answer["Payload"])["errorMessage"]


def test_a_function_has_boto3_the_sandbox_and_nothing_of_the_caller(sandbox: Sandbox) -> None:
    role = create_role(sandbox, "self", TRUST_LAMBDA, {"Action": "sts:*", "Resource": "*"})
    create_function(sandbox, "self", role, SELF_SOURCE)
    answer = client(sandbox, "lambda").invoke(FunctionName="self")
    seen = json.load(answer["Payload"])
    assert f"arn:aws:sts::{ACCOUNT}:assumed-role/self/" in seen["arn"]
    assert "SECRET_OF_THE_CALLER" not in seen["names"]


def test_filters_of_notifications_are_named_as_s3_names_them(sandbox: Sandbox) -> None:
    s3 = client(sandbox, "s3")
    s3.create_bucket(Bucket="filtered")
    rules = [{"Name": name, "Value": "prefix"} for name in ("prefix", "suffix")]
    target = {
        "Id": "one",
        "LambdaFunctionArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f",
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": rules}},
    }
    s3.put_bucket_notification_configuration(
        Bucket="filtered",
        NotificationConfiguration={"LambdaFunctionConfigurations": [target]},
        SkipDestinationValidation=True,
    )
    (found,) = s3.get_bucket_notification_configuration(Bucket="filtered")[
        "LambdaFunctionConfigurations"
    ]
    named = {rule["Name"]: rule["Value"] for rule in found["Filter"]["Key"]["FilterRules"]}
    assert named == {"Prefix": "prefix", "Suffix": "prefix"}


def test_a_new_trail_has_its_log_group_and_tags_at_once(sandbox: Sandbox) -> None:
    cloudtrail, place = client(sandbox, "cloudtrail"), f"us-east-1:{ACCOUNT}"
    group = f"arn:aws:logs:{place}:log-group:trail:*"
    s3, service = client(sandbox, "s3"), {"Service": "cloudtrail.amazonaws.com"}
    s3.create_bucket(Bucket="trail-logs")
    everything = ["arn:aws:s3:::trail-logs", "arn:aws:s3:::trail-logs/*"]
    let_in = {"Principal": service, "Action": "s3:*", "Resource": everything}
    s3.put_bucket_policy(Bucket="trail-logs", Policy=policy(let_in))
    made = cloudtrail.create_trail(
        Name="complete",
        S3BucketName="trail-logs",
        CloudWatchLogsLogGroupArn=group,
        CloudWatchLogsRoleArn=f"arn:aws:iam::{ACCOUNT}:role/trail",
        TagsList=[{"Key": "owner", "Value": "ada"}],
    )
    assert cloudtrail.get_trail(Name="complete")["Trail"]["CloudWatchLogsLogGroupArn"] == group
    (tags,) = cloudtrail.list_tags(ResourceIdList=[made["TrailARN"]])["ResourceTagList"]
    assert tags["TagsList"] == [{"Key": "owner", "Value": "ada"}]
