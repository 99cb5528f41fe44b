"""An account with one lab that has every part, as AWS's answers tell of it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from labproof.labs.lab import Lab
from labproof.labs.resolving import resolve
from tests.support.fakes import Body

ACCOUNT = "123456789012"
PLACE = {"account": ACCOUNT, "partition": "aws", "region": "us-east-1"}
PREFIX = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:ada-ingest"
KEY_ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k-1"
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject"}]}
TEXT = json.dumps(POLICY)
QUOTED = quote(TEXT)  # as IAM writes documents
SAMPLE = b"sample"
SETTINGS = {"BlockPublicAcls": True, "IgnorePublicAcls": True}


def a_whole_lab() -> Lab:
    """Return a lab that uses all that can be read."""
    names = {
        "lab_source_bucket": "ada-landing",
        "lab_destination_bucket": "ada-copies",
        "lab_table": "ada-table",
        "lab_role": "ada-role",
        "lab_function": "ada-ingest",
        "lab_key_alias": "alias/ada",
        "lab_trail": "ada-trail",
        "lab_trail_bucket": "ada-trail-bucket",
        "lab_client_files": ["sample.zip"],
    }
    return resolve("ada", ["secure_ingestion"], names)


def listed(Bucket: str, Prefix: str = "", **_: Any) -> dict[str, Any]:  # noqa: N803
    entry = {"Key": "in/sample.zip", "Size": len(SAMPLE), "LastModified": "2026-01-01"}
    other = {"Key": "in/other.zip", "Size": 1, "LastModified": "2026-01-01"}
    return {"Contents": [other, entry], "IsTruncated": False}


def stored(Bucket: str, Key: str, **_: Any) -> Any:  # noqa: N803
    known = Key == "in/sample.zip"
    return {"Body": Body(SAMPLE), "ContentLength": len(SAMPLE)} if known else "NoSuchKey"


def notification(Bucket: str, **_: Any) -> dict[str, Any]:  # noqa: N803
    targets = [f"{PREFIX}:live", f"{PREFIX}:7"]
    events = ["s3:ObjectCreated:*"]
    return {
        "LambdaFunctionConfigurations": [
            {"Id": arn[-2:], "LambdaFunctionArn": arn, "Events": events} for arn in targets
        ]
    }


def rule_names(TargetArn: str) -> dict[str, Any]:  # noqa: N803
    return {"RuleNames": ["uploads" if TargetArn == PREFIX else "by-alias"]}


def rule(Name: str) -> dict[str, Any]:  # noqa: N803
    pattern = json.dumps({"source": ["aws.s3"]})
    return {"Name": Name, "Arn": f"arn:rule/{Name}", "State": "ENABLED", "EventPattern": pattern}


def managed(PolicyArn: str) -> dict[str, Any]:  # noqa: N803
    return {"Policy": {"Arn": PolicyArn, "DefaultVersionId": "v2"}}


USER = {
    "UserName": "eve",
    "Arn": f"arn:aws:iam::{ACCOUNT}:user/eve",
    "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": QUOTED}],
    "AttachedManagedPolicies": [{"PolicyName": "P", "PolicyArn": "arn:aws:iam::aws:policy/P"}],
    "PermissionsBoundary": {"PermissionsBoundaryArn": "arn:aws:iam::aws:policy/B"},
    "GroupList": ["team"],
}
IDLER = {"UserName": "idle", "Arn": "arn:idle", "UserPolicyList": [], "GroupList": []}
GROUP = {
    "GroupName": "team",
    "GroupPolicyList": [{"PolicyName": "ours", "PolicyDocument": QUOTED}],
    "AttachedManagedPolicies": [],
}
CONFIGURATION = {
    "FunctionName": "ada-ingest",
    "FunctionArn": PREFIX,
    "State": "Active",
    "LastUpdateStatus": "Successful",
    "Runtime": "python3.14",
    "Handler": "lambda_function.lambda_handler",
    "Role": f"arn:aws:iam::{ACCOUNT}:role/ada-role",
    "Environment": {"Variables": {"TABLE_NAME": "ada-table", "API_TOKEN": "s3cret", "A": "b"}},
}
TABLE = {
    "TableName": "ada-table",
    "TableArn": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/ada-table",
    "TableStatus": "ACTIVE",
    "KeySchema": [
        {"AttributeName": "device_id", "KeyType": "HASH"},
        {"AttributeName": "timestamp", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [
        {"AttributeName": "timestamp", "AttributeType": "S"},
        {"AttributeName": "device_id", "AttributeType": "S"},
    ],
    "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
    "SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": KEY_ARN},
}
TRAIL = {
    "Name": "ada-trail",
    "TrailARN": "arn:trail",
    "S3BucketName": "ada-trail-bucket",
    "IsMultiRegionTrail": True,
    "LogFileValidationEnabled": True,
}
ANSWERS: dict[str, Any] = {
    "s3control.GetPublicAccessBlock": {"PublicAccessBlockConfiguration": SETTINGS},
    "s3.HeadBucket": {"BucketRegion": "us-east-1"},
    "s3.GetPublicAccessBlock": {"PublicAccessBlockConfiguration": SETTINGS},
    "s3.GetBucketPolicy": {"Policy": TEXT},
    "s3.GetBucketAcl": {"Owner": {"ID": "me"}, "Grants": []},
    "s3.GetBucketNotificationConfiguration": notification,
    "s3.GetBucketVersioning": {"Status": "Enabled"},
    "s3.GetBucketEncryption": {"ServerSideEncryptionConfiguration": {"Rules": []}},
    "s3.GetBucketTagging": {"TagSet": [{"Key": "labproof-lab", "Value": "ada"}]},
    "s3.ListObjectsV2": listed,
    "s3.GetObject": stored,
    "iam.GetRole": {
        "Role": {
            "Arn": f"arn:aws:iam::{ACCOUNT}:role/ada-role",
            "Path": "/",
            "MaxSessionDuration": 3600,
            "AssumeRolePolicyDocument": QUOTED,
            "PermissionsBoundary": {"PermissionsBoundaryArn": "arn:aws:iam::aws:policy/Bound"},
            "Tags": [{"Key": "labproof-lab", "Value": "ada"}],
        }
    },
    "iam.ListAttachedRolePolicies": {
        "AttachedPolicies": [
            {"PolicyName": "Logs", "PolicyArn": "arn:aws:iam::aws:policy/Logs"},
            {"PolicyName": "Own", "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/Own"},
        ]
    },
    "iam.ListRolePolicies": {"PolicyNames": ["one", "two"]},
    "iam.GetRolePolicy": {"PolicyDocument": QUOTED},
    "iam.GetPolicy": managed,
    "iam.GetPolicyVersion": {"PolicyVersion": {"VersionId": "v2", "Document": QUOTED}},
    "iam.GetAccountAuthorizationDetails": {
        "UserDetailList": [USER, IDLER],
        "GroupDetailList": [GROUP],
        "IsTruncated": False,
    },
    "dynamodb.DescribeTable": {"Table": TABLE},
    "dynamodb.DescribeContinuousBackups": {
        "ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED"}
    },
    "dynamodb.GetResourcePolicy": {"Policy": TEXT},
    "dynamodb.ListTagsOfResource": {"Tags": [{"Key": "labproof-lab", "Value": "ada"}]},
    "lambda.GetFunction": {
        "Configuration": CONFIGURATION,
        "Code": {"Location": "https://code.test/f.zip"},
        "Tags": {"labproof-lab": "ada"},
    },
    "lambda.GetPolicy": {"Policy": TEXT},
    "lambda.ListAliases": {
        "Aliases": [{"Name": "live", "AliasArn": f"{PREFIX}:live", "FunctionVersion": "7"}]
    },
    "events.ListRuleNamesByTarget": rule_names,
    "events.DescribeRule": rule,
    "events.ListTargetsByRule": {"Targets": [{"Id": "1", "Arn": PREFIX}]},
    "logs.DescribeLogGroups": {
        "logGroups": [{"logGroupName": "/aws/lambda/ada-ingest", "arn": "arn:group:*"}]
    },
    "logs.ListTagsForResource": {"tags": {"labproof-lab": "ada"}},
    "kms.DescribeKey": {
        "KeyMetadata": {
            "KeyId": "k-1",
            "Arn": KEY_ARN,
            "KeyState": "Enabled",
            "KeyManager": "CUSTOMER",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "KeyUsage": "ENCRYPT_DECRYPT",
            "Origin": "AWS_KMS",
        }
    },
    "kms.GetKeyPolicy": {"Policy": TEXT},
    "kms.GetKeyRotationStatus": {"KeyRotationEnabled": True},
    "kms.ListResourceTags": {"Tags": [{"TagKey": "labproof-lab", "TagValue": "ada"}]},
    "cloudtrail.GetTrail": {"Trail": TRAIL},
    "cloudtrail.GetTrailStatus": {"IsLogging": True},
    "cloudtrail.GetEventSelectors": {"EventSelectors": [{"ReadWriteType": "All"}]},
    "cloudtrail.ListTags": {
        "ResourceTagList": [
            {"ResourceId": "arn:trail", "TagsList": [{"Key": "labproof-lab", "Value": "ada"}]}
        ]
    },
}
