"""A learner who builds a lab step by step with the SDK, plainly, and tags nothing.

Each step takes a lab and its connection; ``STEPS`` are in the learner's order, and a step that a
kind of lab has no part for does nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from labproof.aws.connection import Connection
from labproof.labs.grants import function_environment, managed_policy_arn, policy_documents, targets
from labproof.labs.lab import Lab
from labproof.labs.package import fill, zip_bytes

FILES = Path(__file__).parents[2] / "files"
SETTINGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
PLACEHOLDERS = {
    "REPLACE-WITH-YOUR-DYNAMODB-TABLE": "table",
    "REPLACE-WITH-YOUR-PRIVATE-BUCKET": "destination_bucket",
}
INDEX = ("BucketName", "UploadTime")
Step = Callable[[Lab, Connection], None]


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(**statement: Any) -> dict[str, Any]:
    return {"Effect": "Allow", **statement}


def account(connection: Connection) -> str:
    return str(connection.identity()["account"])


def role_arn(lab: Lab, connection: Connection) -> str:
    """Return the role's ARN, which has the path that it was made under."""
    return str(connection.client("iam").get_role(RoleName=lab.role.name)["Role"]["Arn"])


def key_arn(lab: Lab, connection: Connection) -> str:
    if not lab.key:
        return ""
    kms = connection.client("kms")
    return str(kms.describe_key(KeyId=lab.key.alias)["KeyMetadata"]["Arn"])


def create_key(lab: Lab, connection: Connection) -> None:
    if not lab.key:
        return
    kms, mine = connection.client("kms"), account(connection)
    use = {"Effect": "Allow", "Resource": "*"}
    key = kms.create_key(
        Policy=document(
            use | {"Principal": {"AWS": f"arn:aws:iam::{mine}:root"}, "Action": "kms:*"},
            use
            | {
                "Principal": {"Service": "s3.amazonaws.com"},
                "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
                "Condition": {"StringEquals": {"aws:SourceAccount": mine}},
            },
        )
    )["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=key)
    kms.create_alias(AliasName=lab.key.alias, TargetKeyId=key)


def let_role_use_key(lab: Lab, connection: Connection) -> None:
    """Name the role in the key's policy, which is possible once there is a role."""
    if not lab.key:
        return
    kms, arn = connection.client("kms"), key_arn(lab, connection)
    policy = json.loads(kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"])
    role = {"AWS": role_arn(lab, connection)}
    policy["Statement"].append(allow(Principal=role, Action="kms:Decrypt", Resource="*"))
    kms.put_key_policy(KeyId=arn, PolicyName="default", Policy=json.dumps(policy))


def create_source_bucket(lab: Lab, connection: Connection) -> None:
    s3, name = connection.client("s3"), lab.source.bucket
    for bucket in lab.source.more_buckets:
        s3.create_bucket(Bucket=bucket)
        block_public_access(s3, bucket, True)
    s3.create_bucket(Bucket=name)
    block_public_access(s3, name, not lab.source.public)
    arn = f"arn:aws:s3:::{name}"
    if lab.source.public:
        reading = allow(Principal="*", Action="s3:GetObject", Resource=f"{arn}/*")
        s3.put_bucket_policy(Bucket=name, Policy=document(reading))
    if lab.source.versioned:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    if lab.source.https_only:
        denied = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        s3.put_bucket_policy(Bucket=name, Policy=document(denied))
    if lab.key:
        rule = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_arn(lab, connection)}
        s3.put_bucket_encryption(
            Bucket=name,
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": rule}]
            },
        )


def create_destination_bucket(lab: Lab, connection: Connection) -> None:
    if lab.destination:
        s3 = connection.client("s3")
        s3.create_bucket(Bucket=lab.destination.bucket)
        block_public_access(s3, lab.destination.bucket, True)


def block_public_access(s3: Any, bucket: str, on: bool) -> None:
    s3.put_public_access_block(
        Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(SETTINGS, on)
    )


def create_role(lab: Lab, connection: Connection) -> None:
    iam = connection.client("iam")
    trust = allow(Principal={"Service": "lambda.amazonaws.com"}, Action="sts:AssumeRole")
    iam.create_role(RoleName=lab.role.name, AssumeRolePolicyDocument=document(trust))
    for policy in lab.role.managed_policies:
        iam.attach_role_policy(RoleName=lab.role.name, PolicyArn=managed_policy_arn(policy, "aws"))
    place = connection.identity()
    documents = policy_documents(lab.role.policies, targets(lab, key_arn(lab, connection), **place))
    for name, found in documents.items():
        iam.put_role_policy(
            RoleName=lab.role.name, PolicyName=name, PolicyDocument=json.dumps(found)
        )
    let_role_use_key(lab, connection)


def create_function(lab: Lab, connection: Connection, **other: Any) -> None:
    """Create the function; ``other`` are settings that are to be different."""
    functions = connection.client("lambda")
    settings = {
        "FunctionName": lab.function.name,
        "Runtime": lab.function.runtime,
        "Handler": "lambda_function.lambda_handler",
        "Timeout": lab.function.timeout,
        "MemorySize": lab.function.memory,
        "Role": role_arn(lab, connection),
        "Environment": {"Variables": function_environment(lab, connection.identity())},
        "Code": {"ZipFile": zip_bytes({"lambda_function.py": code(lab)})},
    }
    functions.create_function(**settings | other)
    functions.get_waiter("function_active_v2").wait(FunctionName=lab.function.name)


def code(lab: Lab) -> str:
    """Return the lab's function, its placeholders filled in."""
    source = (FILES / lab.function.source).read_text("utf-8")
    names = {p: str(lab.names()[part]) for p, part in PLACEHOLDERS.items()}
    return fill(source, names)


def create_table(lab: Lab, connection: Connection) -> None:
    if not lab.table:
        return
    dynamodb = connection.client("dynamodb")
    key = {"HASH": lab.table.partition_key, "RANGE": lab.table.sort_key}
    names = {name for name in (*key.values(), *(INDEX if lab.table.index else ())) if name}
    dynamodb.create_table(
        TableName=lab.table.name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in sorted(names)
        ],
        KeySchema=[{"AttributeName": n, "KeyType": kind} for kind, n in key.items() if n],
        **indexes(lab),
    )
    dynamodb.get_waiter("table_exists").wait(TableName=lab.table.name)
    if lab.table.recoverable:
        dynamodb.update_continuous_backups(
            TableName=lab.table.name,
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )


def indexes(lab: Lab) -> dict[str, Any]:
    """Return the argument for an index by upload time, where the lab asks for one."""
    if not lab.table.index:
        return {}
    keys = zip(INDEX, ("HASH", "RANGE"), strict=True)
    index = {
        "IndexName": lab.table.index,
        "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in keys],
        "Projection": {"ProjectionType": "ALL"},
    }
    return {"GlobalSecondaryIndexes": [index]}


def create_topic(lab: Lab, connection: Connection) -> None:
    if lab.topic:
        connection.client("sns").create_topic(Name=lab.topic.name)


def create_trigger(lab: Lab, connection: Connection) -> None:
    for bucket in lab.source.buckets:
        notify(lab, connection, bucket)


def notify(lab: Lab, connection: Connection, bucket: str) -> None:
    """Let one bucket tell the function of uploads."""
    mine = account(connection)
    connection.client("lambda").add_permission(
        FunctionName=lab.function.name,
        StatementId=f"uploads-{lab.source.buckets.index(bucket)}",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=f"arn:aws:s3:::{bucket}",
        SourceAccount=mine,
    )
    arn = f"arn:aws:lambda:{connection.region}:{mine}:function:{lab.function.name}"
    target = {"LambdaFunctionArn": arn, "Events": list(lab.trigger.events)}
    connection.client("s3").put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={"LambdaFunctionConfigurations": [target]},
    )


def create_trail(lab: Lab, connection: Connection) -> None:
    if not lab.trail:
        return
    s3, cloudtrail = connection.client("s3"), connection.client("cloudtrail")
    s3.create_bucket(Bucket=lab.trail.bucket)
    block_public_access(s3, str(lab.trail.bucket), True)
    service, arn = {"Service": "cloudtrail.amazonaws.com"}, f"arn:aws:s3:::{lab.trail.bucket}"
    s3.put_bucket_policy(
        Bucket=lab.trail.bucket,
        Policy=document(
            allow(Principal=service, Action="s3:GetBucketAcl", Resource=arn),
            allow(Principal=service, Action="s3:PutObject", Resource=f"{arn}/AWSLogs/*"),
        ),
    )
    cloudtrail.create_trail(
        Name=lab.trail.name,
        S3BucketName=lab.trail.bucket,
        IsMultiRegionTrail=True,
        EnableLogFileValidation=True,
    )
    objects = {"Type": "AWS::S3::Object", "Values": [f"arn:aws:s3:::{lab.source.bucket}/"]}
    selector = {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [objects],
    }
    cloudtrail.put_event_selectors(TrailName=lab.trail.name, EventSelectors=[selector])
    cloudtrail.start_logging(Name=lab.trail.name)


def upload_sample(lab: Lab, connection: Connection) -> None:
    """Upload sample.zip, as the challenge's last step asks."""
    if "sample.zip" in lab.client.files:
        body = (FILES / "sample.zip").read_bytes()
        connection.client("s3").put_object(Bucket=lab.source.bucket, Key="sample.zip", Body=body)


STEPS: dict[str, Step] = {
    "key": create_key,
    "source bucket": create_source_bucket,
    "destination bucket": create_destination_bucket,
    "role": create_role,
    "function": create_function,
    "table": create_table,
    "topic": create_topic,
    "trigger": create_trigger,
    "trail": create_trail,
    "sample": upload_sample,
}


def build(lab: Lab, connection: Connection, until: str = "sample") -> None:
    """Take every step up to and including one."""
    for name, step in STEPS.items():
        step(lab, connection)
        if name == until:
            return
