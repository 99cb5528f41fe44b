"""What CloudTrail refuses: a bucket that does not let it write.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labproof.analysis.policies import Request as Question
from labproof.analysis.policies import could
from labproof.sandbox.strict.documents import parsed
from labproof.sandbox.strict.refusal import Refusal
from labproof.sandbox.strict.request import Request

if TYPE_CHECKING:
    from labproof.sandbox.strict.emulator import Emulator

SERVICE = "cloudtrail.amazonaws.com"
LOG_GROUP = ("CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn")


def bucket_takes_the_trail(request: Request, emulator: Emulator) -> None:
    """A bucket that is not there, or that does not let CloudTrail write.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
    """
    bucket, account = request.json.get("S3BucketName"), emulator.account(request.access_key)
    if not bucket:
        return
    if emulator.ask("s3", "head_bucket", account, Bucket=bucket) is None:
        raise Refusal("S3BucketDoesNotExistException", f"S3 bucket {bucket} does not exist!")
    found = emulator.ask("s3", "get_bucket_policy", account, Bucket=bucket) or {}
    policy, arn = parsed(found.get("Policy")), f"arn:aws:s3:::{bucket}"
    name = str(request.json.get("Name", "")).rpartition("/")[2]
    trail = f"arn:aws:cloudtrail:{request.region}:{account}:trail/{name}"
    prefix = request.json.get("S3KeyPrefix")
    place = f"{prefix}/AWSLogs" if prefix else "AWSLogs"
    known: dict[str, str | list[str] | tuple[str, ...] | None] = {
        "aws:sourcearn": trail,
        "aws:sourceaccount": account,
        "s3:x-amz-acl": "bucket-owner-full-control",
    }
    wanted = (("s3:GetBucketAcl", arn), ("s3:PutObject", f"{arn}/{place}/{account}/any"))
    for action, resource in wanted:
        if not could(Question(SERVICE, action, resource, account, known), resource=policy):
            text = f"Incorrect S3 bucket policy is detected for bucket: {bucket}"
            raise Refusal("InsufficientS3BucketPolicyException", text, 400)


def trail_is_whole(request: Request, emulator: Emulator, _: dict[str, str]) -> None:
    """Give a new trail its log group and tags, which the emulator takes of later calls alone.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
    """
    account, name = emulator.account(request.access_key), str(request.json.get("Name"))
    whole = {field: request.json[field] for field in LOG_GROUP if field in request.json}
    if whole:
        emulator.ask(
            "cloudtrail", "update_trail", account, region=request.region, Name=name, **whole
        )
    if tags := request.json.get("TagsList"):
        arn = f"arn:aws:cloudtrail:{request.region}:{account}:trail/{name}"
        given = {"ResourceId": arn, "TagsList": tags}
        emulator.ask("cloudtrail", "add_tags", account, region=request.region, **given)


RULES = {
    "cloudtrail:CreateTrail": [bucket_takes_the_trail],
    "cloudtrail:UpdateTrail": [bucket_takes_the_trail],
}
# What the emulator left undone of a request that it took
COMPLETIONS = {"cloudtrail:CreateTrail": [trail_is_whole]}
