"""Variants of secure-ingestion."""

from __future__ import annotations

from typing import Any

from labproof.aws.connection import Connection
from labproof.labs.lab import Lab
from tests.support.learner import allow, create_table, create_trail, document

from .buckets import bucket_policy, denied, encrypted
from .triggers import notify, permit, publish, rule
from .variant import Variant
from .ways import (
    EVERY_CREATION,
    FUNCTION,
    LOGS,
    SOURCE,
    TABLE,
    Words,
    attach,
    call,
    customer_managed,
    each,
    filled,
    function,
    inline,
    role,
)

ROOT = allow(Principal={"AWS": "arn:aws:iam::$account:root"}, Action="kms:*", Resource="*")
FOR_S3 = allow(
    Principal={"Service": "s3.amazonaws.com"},
    Action=["kms:GenerateDataKey*", "kms:Decrypt"],
    Resource="*",
    Condition={"ArnLike": {"aws:SourceArn": SOURCE}},
)
FOR_ROLE = allow(
    Principal={"AWS": "$role_arn"},
    Action="kms:Decrypt",
    Resource="*",
    Condition={"StringEquals": {"kms:ViaService": "s3.$region.amazonaws.com"}},
)
FOR_DYNAMODB = allow(
    Principal={"AWS": "*"},
    Action=["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*", "kms:DescribeKey"],
    Resource="*",
    Condition={
        "StringEquals": {
            "kms:CallerAccount": "$account",
            "kms:ViaService": "dynamodb.$region.amazonaws.com",
        }
    },
)
READ = allow(Action=["s3:GetObject", "s3:GetObjectVersion"], Resource=f"{SOURCE}/*")
WRITE = allow(Action=["dynamodb:PutItem", "dynamodb:BatchWriteItem"], Resource=TABLE)
DECRYPT = allow(Action="kms:Decrypt", Resource="$key_arn")


def key_policy(*statements: dict[str, Any]) -> Any:
    policy = document(*statements)
    return call("kms", "put_key_policy", KeyId="$key_arn", PolicyName="default", Policy=policy)


def encrypt_table(lab: Lab, connection: Connection) -> None:
    """Encrypt the table with a key for tables alone."""
    policy = filled(document(ROOT, FOR_DYNAMODB), Words(lab, connection))
    key = connection.client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"]
    connection.client("dynamodb").update_table(
        TableName=lab.table.name,
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
    )


def user(name: str, *managed: str) -> Any:
    return each(
        call("iam", "create_user", UserName=name),
        *(call("iam", "attach_user_policy", UserName=name, PolicyArn=arn) for arn in managed),
    )


VARIANTS = (
    Variant("ingest-by-sdk", "secure-ingestion", "Built step by step with an SDK."),
    Variant(
        "ingest-two-denies",
        "secure-ingestion",
        "Plain HTTP is refused by two statements, and old TLS by a third.",
        {},
        (
            bucket_policy(
                "$source_bucket",
                denied(SOURCE),
                denied(f"{SOURCE}/*"),
                denied(f"{SOURCE}/*", NumericLessThan={"s3:TlsVersion": "1.2"}),
            ),
        ),
    ),
    Variant(
        "ingest-key-by-alias",
        "secure-ingestion",
        "The default encryption names the key by its alias, with a bucket key; the role has a path "
        "and one customer-managed policy.",
        {
            "role": role(
                customer_managed(LOGS, READ, WRITE, DECRYPT, name="ingest"), Path="/pipelines/"
            )
        },
        (
            encrypted(
                "$source_bucket",
                bucket_key=True,
                SSEAlgorithm="aws:kms",
                KMSMasterKeyID="$key_alias",
            ),
        ),
    ),
    Variant(
        "ingest-key-by-its-policy",
        "secure-ingestion",
        "Only the key's policy lets the role decrypt, through S3; S3 may use it for the bucket;"
        " the default encryption names its id.",
        {"role": role(attach("AWSLambdaBasicExecutionRole"), inline(READ, WRITE))},
        (
            key_policy(ROOT, FOR_S3, FOR_ROLE),
            encrypted("$source_bucket", SSEAlgorithm="aws:kms", KMSMasterKeyID="$key_id"),
        ),
    ),
    Variant(
        "ingest-key-of-the-account",
        "secure-ingestion",
        "The key's policy is AWS's default, the role's own one lets it decrypt.",
        {},
        (key_policy(ROOT),),
    ),
    Variant(
        "ingest-key-administrators",
        "secure-ingestion",
        "The key's policy names a role that administers it, and none of its use.",
        {},
        (
            call(
                *("iam", "create_role"),
                RoleName="key-administrators",
                AssumeRolePolicyDocument=document(
                    allow(Principal={"AWS": "arn:aws:iam::$account:root"}, Action="sts:AssumeRole")
                ),
            ),
            key_policy(
                ROOT,
                FOR_S3,
                FOR_ROLE,
                allow(
                    Principal={"AWS": "arn:aws:iam::$account:role/key-administrators"},
                    Action=[
                        *("kms:Describe*", "kms:Enable*", "kms:List*", "kms:Put*", "kms:Update*"),
                        *("kms:Revoke*", "kms:Disable*", "kms:Get*", "kms:TagResource"),
                        *("kms:UntagResource", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion"),
                    ],
                    Resource="*",
                ),
            ),
        ),
    ),
    Variant(
        "ingest-table-under-own-key",
        "secure-ingestion",
        "The table is encrypted with a second key, which everyone of the account may use through "
        "DynamoDB alone.",
        {"table": each(create_table, encrypt_table)},
    ),
    Variant(
        "ingest-advanced-selectors",
        "secure-ingestion",
        "The trail has advanced event selectors, one for management, one for the bucket.",
        {
            "trail": each(
                create_trail,
                call(
                    *("cloudtrail", "put_event_selectors"),
                    TrailName="$trail",
                    AdvancedEventSelectors=[
                        {
                            "Name": "management",
                            "FieldSelectors": [
                                {"Field": "eventCategory", "Equals": ["Management"]}
                            ],
                        },
                        {
                            "Name": "objects",
                            "FieldSelectors": [
                                {"Field": "eventCategory", "Equals": ["Data"]},
                                {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
                                {"Field": "resources.ARN", "StartsWith": [f"{SOURCE}/"]},
                            ],
                        },
                    ],
                ),
            )
        },
    ),
    Variant(
        "ingest-every-bucket-recorded",
        "secure-ingestion",
        "The trail records the objects of every bucket, reads and writes by a selector each.",
        {
            "trail": each(
                create_trail,
                call(
                    *("cloudtrail", "put_event_selectors"),
                    TrailName="$trail",
                    EventSelectors=[
                        {
                            "ReadWriteType": kind,
                            "IncludeManagementEvents": True,
                            "DataResources": [
                                {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]},
                                {"Type": "AWS::Lambda::Function", "Values": ["arn:aws:lambda"]},
                            ],
                        }
                        for kind in ("ReadOnly", "WriteOnly")
                    ],
                ),
            )
        },
    ),
    Variant(
        "ingest-people",
        "secure-ingestion",
        "In the account are an idle user, an administrator, one with a key for another bucket, and "
        "an administrator by a group.",
        {},
        (
            user("idle"),
            user("admin", "arn:aws:iam::aws:policy/AdministratorAccess"),
            user("uploader"),
            call("iam", "create_access_key", UserName="uploader"),
            call(
                *("iam", "put_user_policy"),
                UserName="uploader",
                PolicyName="other-bucket",
                PolicyDocument=document(
                    allow(Action="s3:*Object", Resource="arn:aws:s3:::another-$account/*"),
                    allow(Action="s3:ListAllMyBuckets", Resource="*"),
                ),
            ),
            user("boss"),
            call("iam", "create_group", GroupName="admins"),
            call(
                *("iam", "attach_group_policy"),
                GroupName="admins",
                PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess",
            ),
            call("iam", "add_user_to_group", GroupName="admins", UserName="boss"),
        ),
    ),
    Variant(
        "ingest-logging",
        "secure-ingestion",
        "The function logs by Python's logging, writes by boto3's batch writer, counts records "
        "from 1, and refuses a bad file by raising; its concurrency is reserved.",
        {
            "function": each(
                function(
                    "ingest_logging.py",
                    "ingest_logging.handler",
                    {"TABLE_NAME": "$table", "STAGE": "class"},
                    MemorySize=1024,
                ),
                call(
                    *("lambda", "put_function_concurrency"),
                    FunctionName="$function",
                    ReservedConcurrentExecutions=20,
                ),
            )
        },
    ),
    Variant(
        "ingest-alias",
        "secure-ingestion",
        "The bucket notifies an alias of a published version.",
        {
            "trigger": each(
                publish("live"),
                permit(Qualifier="live"),
                notify((f"{FUNCTION}:live", [EVERY_CREATION])),
            )
        },
    ),
    Variant(
        "ingest-eventbridge",
        "secure-ingestion",
        "Uploads come by a rule of EventBridge.",
        {"trigger": rule()},
    ),
)
