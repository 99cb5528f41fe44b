"""What AWS refuses, the sandbox refuses, in AWS's own words; what AWS takes, it takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError

from labproof.sandbox import Sandbox
from labproof.sandbox.strict.__main__ import table
from tests.support.sandboxes import ACCOUNT, TRUST_LAMBDA, client, create_function, create_role

BUCKET, LOGS, FUNCTION = "strict-uploads", "strict-logs", "strict"
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{FUNCTION}"
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
CREATED = "s3:ObjectCreated:*"


class Account:
    """One account with a bucket, a role and a function, and short ways to change them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.role = create_role(
            sandbox, "strict", TRUST_LAMBDA, {"Action": "s3:*", "Resource": "*"}
        )
        create_function(sandbox, FUNCTION, self.role, "def handler(event, context): pass")
        for bucket in (BUCKET, LOGS):
            self.aws("s3").create_bucket(Bucket=bucket)
        self.aws("lambda").add_permission(
            FunctionName=FUNCTION,
            StatementId="uploads",
            Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
            SourceArn=f"arn:aws:s3:::{BUCKET}",
            SourceAccount=ACCOUNT,
        )

    def aws(self, service: str) -> Any:
        return client(self.sandbox, service)

    def notify(self, *targets: dict[str, Any], bucket: str = BUCKET, **more: Any) -> None:
        whole = [{"LambdaFunctionArn": ARN, "Events": [CREATED], **target} for target in targets]
        configuration = {"LambdaFunctionConfigurations": whole}
        self.aws("s3").put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration=configuration, **more
        )

    def function(self, **settings: Any) -> None:
        self.aws("lambda").update_function_configuration(FunctionName=FUNCTION, **settings)

    def bucket_policy(self, **changes: Any) -> None:
        statement = {"Principal": ROOT, "Action": "s3:GetObject", "Resource": objects(BUCKET)}
        self.aws("s3").put_bucket_policy(Bucket=BUCKET, Policy=document(statement | changes))

    def inline(self, **changes: Any) -> None:
        statement = {"Action": "s3:GetObject", "Resource": "*"} | changes
        self.aws("iam").put_role_policy(
            RoleName="strict", PolicyName="more", PolicyDocument=document(statement)
        )

    def trust(self, **changes: Any) -> None:
        statement = {"Principal": TRUST_LAMBDA, "Action": "sts:AssumeRole"} | changes
        self.aws("iam").update_assume_role_policy(
            RoleName="strict", PolicyDocument=document(statement)
        )

    def attach(self, arn: str) -> None:
        self.aws("iam").attach_role_policy(RoleName="strict", PolicyArn=arn)

    def key(self, **changes: Any) -> None:
        statement = {"Principal": ROOT, "Action": "kms:*", "Resource": "*"} | changes
        self.aws("kms").create_key(Policy=document(statement))

    def upload(self, key: str, **more: Any) -> None:
        self.aws("s3").put_object(Bucket=BUCKET, Key=key, Body=b"x", **more)

    def upload_in_parts(self, *sizes: int) -> None:
        s3, place = self.aws("s3"), {"Bucket": BUCKET, "Key": "in parts"}
        place["UploadId"] = s3.create_multipart_upload(**place)["UploadId"]
        parts = [
            {
                "PartNumber": n,
                "ETag": s3.upload_part(PartNumber=n, Body=b"x" * size, **place)["ETag"],
            }
            for n, size in enumerate(sizes, 1)
        ]
        s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **place)

    def upload_under_key(self, name: str, then: str = "") -> None:
        """Upload under a new KMS key, to which something happens before or after."""
        kms = self.aws("kms")
        arn = kms.create_key()["KeyMetadata"]["Arn"]
        if then == "disabled":
            kms.disable_key(KeyId=arn)
        self.upload(name, ServerSideEncryption="aws:kms", SSEKMSKeyId=arn)
        if then == "reading":
            kms.schedule_key_deletion(KeyId=arn)
            self.aws("s3").get_object(Bucket=BUCKET, Key=name)

    def trail(self, name: str, bucket: str) -> None:
        self.aws("cloudtrail").create_trail(Name=name, S3BucketName=bucket)

    def let_trails_in(self) -> None:
        service, arn = {"Service": "cloudtrail.amazonaws.com"}, f"arn:aws:s3:::{LOGS}"
        look = {"Principal": service, "Action": "s3:GetBucketAcl", "Resource": arn}
        put = {
            "Principal": service,
            "Action": "s3:PutObject",
            "Resource": f"{arn}/AWSLogs/{ACCOUNT}/*",
            "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
        }
        self.aws("s3").put_bucket_policy(Bucket=LOGS, Policy=document(look, put))


def document(*statements: dict[str, Any]) -> str:
    allowed = [{"Effect": "Allow", **statement} for statement in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": allowed})


def objects(bucket: str) -> str:
    return f"arn:aws:s3:::{bucket}/*"


def person(kind: str, name: str) -> dict[str, str]:
    return {"AWS": f"arn:aws:iam::{ACCOUNT}:{kind}/{name}"}


@pytest.fixture(scope="module")
def account(sandbox: Sandbox) -> Account:
    return Account(sandbox)


ACCEPTED: dict[str, Callable[[Account], None]] = {
    "a function that may be invoked": lambda a: a.notify({}),
    "a function, and no validation": lambda a: a.notify(
        {}, bucket=LOGS, SkipDestinationValidation=True
    ),
    "two functions for other keys": lambda a: a.notify(prefixed("in/"), prefixed("out/")),
    "two functions for other events": lambda a: a.notify(
        {"Events": ["s3:ObjectCreated:Put"]}, {"Events": ["s3:ObjectRemoved:*"]}
    ),
    "a runtime": lambda a: a.function(Runtime="python3.14"),
    "a role of Lambda": lambda a: a.function(Role=a.role),
    "a policy of the bucket": lambda a: a.bucket_policy(),
    "a policy for an account": lambda a: a.bucket_policy(Principal={"AWS": "222222222222"}),
    "a policy for a role": lambda a: a.bucket_policy(Principal=person("role", "strict")),
    "a policy of bucket and objects": lambda a: a.bucket_policy(
        Action=["s3:GetObject", "s3:ListBucket"],
        Resource=[f"arn:aws:s3:::{BUCKET}", objects(BUCKET)],
    ),
    "a condition": lambda a: a.bucket_policy(
        Condition={"ForAnyValue:StringLikeIfExists": {"aws:PrincipalOrgPaths": "o-1/*"}}
    ),
    "rights": lambda a: a.inline(),
    "a policy of AWS's": lambda a: a.attach("arn:aws:iam::aws:policy/AmazonS3FullAccess"),
    "one that the emulator does not know": lambda a: a.attach(
        "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess_v2"
    ),
    "a key that its account administers": lambda a: a.key(),
    "a long name": lambda a: a.upload("é" * 512),
    "an upload in parts": lambda a: a.upload_in_parts(5 * 1024**2, 1),
    "an upload under a key": lambda a: a.upload_under_key("under a key"),
    "a trail": lambda a: (a.let_trails_in(), a.trail("strict-fine", LOGS))[0],
}


def prefixed(text: str) -> dict[str, Any]:
    return {"Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": text}]}}}


# What is asked, the code and a part of the message that AWS answers
REFUSED: dict[str, tuple[Callable[[Account], None], str, str]] = {
    "a function that S3 may not invoke": (
        lambda a: a.notify({}, bucket=LOGS),
        "InvalidArgument",
        "Unable to validate the following destination configurations",
    ),
    "a function that there is not": (
        lambda a: a.notify({"LambdaFunctionArn": f"{ARN}-2"}),
        "InvalidArgument",
        "Unable to validate the following destination configurations",
    ),
    "a function of another region": (
        lambda a: a.notify({"LambdaFunctionArn": ARN.replace("us-east-1", "eu-west-1")}),
        "InvalidArgument",
        "region is not valid for the bucket location constraint",
    ),
    "an event that there is not": (
        lambda a: a.notify({"Events": ["s3:ObjectMade:*"]}),
        "InvalidArgument",
        "A specified event is not supported for notifications.",
    ),
    "two functions for the same keys": (
        lambda a: a.notify({"Events": ["s3:ObjectCreated:Put"]}, prefixed("in/")),
        "InvalidArgument",
        "overlapping",
    ),
    "a runtime that there is not": (
        lambda a: a.function(Runtime="python3.99"),
        "InvalidParameterValueException",
        "Value python3.99 at 'runtime' failed to satisfy constraint",
    ),
    "a runtime that is given up": (
        lambda a: a.function(Runtime="python3.7"),
        "InvalidParameterValueException",
        "python3.7 is no longer supported",
    ),
    "a role that there is not": (
        lambda a: a.function(Role=f"{a.role}-2"),
        "InvalidParameterValueException",
        "The role defined for the function cannot be assumed by Lambda.",
    ),
    "a role of another service": (
        lambda a: a.function(Role=role_of(a, "ec2.amazonaws.com")),
        "InvalidParameterValueException",
        "The role defined for the function cannot be assumed by Lambda.",
    ),
    "a policy that is no JSON": (
        lambda a: a.aws("s3").put_bucket_policy(Bucket=BUCKET, Policy="open it"),
        "MalformedPolicy",
        "Policies must be valid JSON and the first byte must be '{'",
    ),
    "a policy of another bucket": (
        lambda a: a.bucket_policy(Resource=objects(LOGS)),
        "MalformedPolicy",
        "Policy has invalid resource",
    ),
    "a policy for nobody": (
        lambda a: a.bucket_policy(Principal=person("user", "nobody")),
        "MalformedPolicy",
        "Invalid principal in policy",
    ),
    "an action on the bucket for objects": (
        lambda a: a.bucket_policy(Action="s3:ListBucket"),
        "MalformedPolicy",
        "Action does not apply to any resource(s) in statement",
    ),
    "an effect that there is not": (
        lambda a: a.bucket_policy(Effect="allow"),
        "MalformedPolicy",
        "Invalid effect",
    ),
    "a condition that there is not": (
        lambda a: a.bucket_policy(Condition={"StringIs": {"aws:SourceAccount": ACCOUNT}}),
        "MalformedPolicy",
        "Invalid Condition type : StringIs.",
    ),
    "rights of somebody": (
        lambda a: a.inline(Principal=ROOT),
        "MalformedPolicyDocument",
        "should not specify a principal",
    ),
    "rights on no ARN": (
        lambda a: a.inline(Resource=BUCKET),
        "MalformedPolicyDocument",
        "must be in ARN format",
    ),
    "an action of no service": (
        lambda a: a.inline(Action="GetObject"),
        "MalformedPolicyDocument",
        "must be prefaced by a vendor",
    ),
    "too many rights": (
        lambda a: a.inline(Resource=[f"arn:aws:s3:::bucket-{n}" for n in range(500)]),
        "LimitExceeded",
        "Maximum policy size of 10240 bytes exceeded",
    ),
    "trust on a resource": (
        lambda a: a.trust(Resource="*"),
        "MalformedPolicyDocument",
        "Has prohibited field Resource",
    ),
    "trust in nobody": (
        lambda a: a.trust(Principal=person("role", "nobody")),
        "MalformedPolicyDocument",
        "Invalid principal in policy",
    ),
    "a policy that there is not": (
        lambda a: a.attach(f"arn:aws:iam::{ACCOUNT}:policy/none"),
        "NoSuchEntity",
        "does not exist or is not attachable",
    ),
    "a key that nobody administers": (
        lambda a: a.key(Principal={"Service": "s3.amazonaws.com"}),
        "MalformedPolicyDocumentException",
        "will not allow you to update the key policy in the future",
    ),
    "a key for nobody": (
        lambda a: a.key(Principal=person("user", "nobody")),
        "MalformedPolicyDocumentException",
        "invalid principals",
    ),
    "a name that is too long": (
        lambda a: a.upload("é" * 513),
        "KeyTooLongError",
        "Your key is too long",
    ),
    "a part that is too small": (
        lambda a: a.upload_in_parts(100, 1),
        "EntityTooSmall",
        "smaller than the minimum allowed size",
    ),
    "an upload under a disabled key": (
        lambda a: a.upload_under_key("disabled", "disabled"),
        "KMS.DisabledException",
        "is disabled.",
    ),
    "an object under a dying key": (
        lambda a: a.upload_under_key("dying", "reading"),
        "KMS.KMSInvalidStateException",
        "is pending deletion.",
    ),
    "a trail into a bucket that keeps it out": (
        lambda a: a.trail("strict-kept-out", BUCKET),
        "InsufficientS3BucketPolicyException",
        "Incorrect S3 bucket policy is detected for bucket",
    ),
    "a trail into no bucket": (
        lambda a: a.trail("strict-nowhere", "strict-nowhere"),
        "S3BucketDoesNotExistException",
        "does not exist",
    ),
}


def role_of(account: Account, service: str) -> str:
    name = service.partition(".")[0]
    rights = {"Action": "s3:GetObject", "Resource": "*"}
    return create_role(account.sandbox, f"strict-{name}", {"Service": service}, rights)


@pytest.mark.parametrize("what", ACCEPTED)
def test_what_aws_takes_is_taken(account: Account, what: str) -> None:
    ACCEPTED[what](account)


@pytest.mark.parametrize("what", REFUSED)
def test_what_aws_refuses_is_refused(account: Account, what: str) -> None:
    act, code, message = REFUSED[what]
    with pytest.raises(ClientError) as refused:
        act(account)
    error = refused.value.response["Error"]
    assert (error["Code"], message in error["Message"]) == (code, True), error


def test_a_refusal_names_the_function_that_s3_may_not_invoke(account: Account) -> None:
    with pytest.raises(ClientError) as refused:
        account.notify({}, bucket=LOGS)
    error = refused.value.response["Error"]
    assert error["ArgumentName1"] == ARN
    assert error["ArgumentValue1"] == f"Not authorized to invoke function [{ARN}]"


def test_a_stranger_cannot_read_what_a_key_of_kms_encrypts(account: Account) -> None:
    account.aws("s3").delete_public_access_block(Bucket=BUCKET)
    account.bucket_policy(Principal="*")
    account.upload("open")
    with urlopen(f"{account.sandbox.http_endpoint_url}/{BUCKET}/open", timeout=10) as answer:
        assert answer.read() == b"x"
    account.upload_under_key("secret")
    url = f"{account.sandbox.http_endpoint_url}/{BUCKET}/secret"
    with pytest.raises(HTTPError) as refused:
        urlopen(url, timeout=10)
    assert refused.value.code == 400
    assert b"require AWS Signature Version 4" in refused.value.read()


def test_the_page_tells_what_is_refused() -> None:
    page = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text("utf-8")
    told = page.partition("<!-- refusals -->\n")[2].partition("\n<!-- end -->")[0]
    assert told == table(), (
        "docs/sandbox.md is stale: put in what python -m labproof.sandbox.strict says"
    )
