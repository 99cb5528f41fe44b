"""Faults for testing the checks: each breaks some requirements of a lab that works."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from labproof.aws import Connection
from labproof.labs import Lab
from labproof.package import zip_bytes

SETTINGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
LOSES_EVERYTHING = """
TABLE_NAME = "REPLACE-WITH-YOUR-DYNAMODB-TABLE"


def lambda_handler(event, context):
    print(TABLE_NAME)
    raise RuntimeError("nothing is done")
"""
Fault = Callable[[Lab, Connection], None]


def document(**statement: Any) -> str:
    whole = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}
    return json.dumps(whole)


def flip_public_access(lab: Lab, connection: Connection) -> None:
    """Close what should be open, open what should be closed."""
    s3 = connection.client("s3")
    for bucket in filter(None, (lab.source_bucket, lab.destination_bucket)):
        blocked = bucket == lab.source_bucket and lab.source_public
        s3.put_public_access_block(
            Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(SETTINGS, blocked)
        )
        if not blocked:
            s3.put_bucket_policy(
                Bucket=bucket,
                Policy=document(
                    Principal="*", Action="s3:GetObject", Resource=f"arn:aws:s3:::{bucket}/*"
                ),
            )


def narrow_public_policy(lab: Lab, connection: Connection) -> None:
    """Let strangers read a prefix only, and list."""
    if lab.source_public:
        arn = f"arn:aws:s3:::{lab.source_bucket}"
        s3 = connection.client("s3")
        s3.delete_public_access_block(Bucket=lab.source_bucket)
        policy = document(Principal="*", Action="s3:*", Resource=[arn, f"{arn}/shared/*"])
        s3.put_bucket_policy(Bucket=lab.source_bucket, Policy=policy)
        s3.put_public_access_block(
            Bucket=lab.source_bucket,
            PublicAccessBlockConfiguration=dict.fromkeys(SETTINGS, True),
        )


def strip_role(lab: Lab, connection: Connection) -> None:
    """Take all policies away; give one right too much; let EC2 assume the role too."""
    iam = connection.client("iam")
    for policy in iam.list_attached_role_policies(RoleName=lab.role)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=lab.role, PolicyArn=policy["PolicyArn"])
    for name in iam.list_role_policies(RoleName=lab.role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=lab.role, PolicyName=name)
    iam.put_role_policy(
        RoleName=lab.role,
        PolicyName="too-much",
        PolicyDocument=document(Action="s3:DeleteObject", Resource="*"),
    )
    both = {"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"]}
    iam.update_assume_role_policy(
        RoleName=lab.role, PolicyDocument=document(Principal=both, Action="sts:AssumeRole")
    )


def rebuild_table(lab: Lab, connection: Connection) -> None:
    """Another key, provisioned capacity, no recovery."""
    if lab.table is None:
        return
    dynamodb = connection.client("dynamodb")
    dynamodb.update_table(TableName=lab.table, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=lab.table)
    dynamodb.create_table(
        TableName=lab.table,
        AttributeDefinitions=[{"AttributeName": "other", "AttributeType": "N"}],
        KeySchema=[{"AttributeName": "other", "KeyType": "HASH"}],
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    )


def delete_table(lab: Lab, connection: Connection) -> None:
    if lab.table:
        connection.client("dynamodb").delete_table(TableName=lab.table)


def break_function(lab: Lab, connection: Connection) -> None:
    """Code that raises, with a placeholder in effect; old runtime; another role; a secret."""
    functions = connection.client("lambda")
    functions.update_function_code(
        FunctionName=lab.function, ZipFile=zip_bytes({"lambda_function.py": LOSES_EVERYTHING})
    )
    functions.update_function_configuration(
        FunctionName=lab.function,
        Runtime="python3.7",
        Role=f"arn:aws:iam::{connection.account_id}:role/other",
        Environment={"Variables": {"AWS_KEY": "AKIAABCDEFGHIJKLMNOP"}},
    )


def invite_everyone(lab: Lab, connection: Connection) -> None:
    """Let any bucket of anyone invoke the function."""
    connection.client("lambda").add_permission(
        FunctionName=lab.function,
        StatementId="anyone",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
    )


def filter_trigger(lab: Lab, connection: Connection) -> None:
    """Only uploads below a prefix reach the function."""
    s3 = connection.client("s3")
    found = s3.get_bucket_notification_configuration(Bucket=lab.source_bucket)
    for configuration in found["LambdaFunctionConfigurations"]:
        rules = [{"Name": "prefix", "Value": "in/"}]
        configuration["Filter"] = {"Key": {"FilterRules": rules}}
    found.pop("ResponseMetadata")
    s3.put_bucket_notification_configuration(
        Bucket=lab.source_bucket, NotificationConfiguration=found
    )


def delete_log_group(lab: Lab, connection: Connection) -> None:
    connection.client("logs").delete_log_group(logGroupName=f"/aws/lambda/{lab.function}")


def soften_bucket(lab: Lab, connection: Connection) -> None:
    """Versions suspended, another encryption, plain HTTP allowed."""
    s3 = connection.client("s3")
    if lab.source_versioned:
        s3.put_bucket_versioning(
            Bucket=lab.source_bucket, VersioningConfiguration={"Status": "Suspended"}
        )
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        s3.put_bucket_encryption(
            Bucket=lab.source_bucket, ServerSideEncryptionConfiguration={"Rules": [rule]}
        )


def weaken_key(lab: Lab, connection: Connection) -> None:
    """Disabled, no rotation, open to another account."""
    if lab.key_alias:
        kms = connection.client("kms")
        key = kms.describe_key(KeyId=lab.key_alias)["KeyMetadata"]["KeyId"]
        kms.disable_key_rotation(KeyId=key)
        stranger = {"AWS": "arn:aws:iam::999999999999:root"}
        kms.put_key_policy(
            KeyId=key,
            PolicyName="default",
            Policy=document(Principal=stranger, Action="kms:*", Resource="*"),
        )
        kms.disable_key(KeyId=key)


def blind_trail(lab: Lab, connection: Connection) -> None:
    """One region, no validation, no events, not logging."""
    if lab.trail:
        cloudtrail = connection.client("cloudtrail")
        cloudtrail.update_trail(
            Name=lab.trail, IsMultiRegionTrail=False, EnableLogFileValidation=False
        )
        selector = {"ReadWriteType": "WriteOnly", "IncludeManagementEvents": False}
        cloudtrail.put_event_selectors(TrailName=lab.trail, EventSelectors=[selector])
        cloudtrail.stop_logging(Name=lab.trail)


CONFIGURATION: tuple[Fault, ...] = (
    flip_public_access,
    narrow_public_policy,
    strip_role,
    rebuild_table,
    invite_everyone,
    filter_trigger,
    delete_log_group,
    soften_bucket,
    weaken_key,
    blind_trail,
    break_function,
)
