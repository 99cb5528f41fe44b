"""Variants of the file transfer."""

from __future__ import annotations

from tests.support.learner import (
    allow,
    create_destination_bucket,
    create_role,
    create_source_bucket,
    document,
)

from .buckets import bucket_policy, denied, encrypted, kept_tidy, used_before, versioned
from .triggers import another_function, notify, permit, publish, trigger
from .variant import Variant
from .ways import (
    DESTINATION,
    EVERY_CREATION,
    FUNCTION,
    SOURCE,
    TABLE,
    call,
    customer_managed,
    each,
    function,
    inline,
    named_policies,
    role,
)

PUT = "s3:ObjectCreated:Put"
NAMES = {"TABLE_NAME": "$table", "DESTINATION_BUCKET": "$destination_bucket"}
WIDE = allow(Action=["s3:*", "dynamodb:*", "logs:*"], Resource="*")
KEY = {
    "AttributeDefinitions": [{"AttributeName": "LogID", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "LogID", "KeyType": "HASH"}],
}
READING = {"Principal": "*", "Resource": f"{SOURCE}/*"}

VARIANTS = (
    Variant("transfer-by-sdk", "xfusion", "Built step by step with an SDK."),
    Variant("transfer-own-policy", "devops", "Built with an SDK, PutItem by an inline policy."),
    Variant(
        "transfer-wildcards",
        "xfusion",
        "The role has a policy of `s3:*`, `dynamodb:*` and `logs:*` on everything as well.",
        {"role": each(create_role, inline(WIDE))},
    ),
    Variant(
        "transfer-all-but",
        "devops",
        "The role may put items by NotAction and NotResource.",
        {
            "role": role(
                named_policies,
                inline(
                    allow(
                        NotAction=["iam:*", "dynamodb:DeleteTable"],
                        NotResource=["arn:aws:s3:::*", "arn:aws:iam::*:*"],
                    )
                ),
            )
        },
    ),
    Variant(
        "transfer-managed-policy",
        "devops",
        "PutItem by a customer-managed policy, with a harmless Deny; the role has a path and tags.",
        {
            "role": role(
                named_policies,
                customer_managed(
                    allow(Action="dynamodb:PutItem", Resource=TABLE),
                    {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"},
                    name="put-audit-items",
                ),
                Path="/labs/day-46/",
                Tags=[{"Key": "course", "Value": "day 46"}],
            )
        },
    ),
    Variant(
        "transfer-boundary",
        "xfusion",
        "The role has a permissions boundary that leaves it what the lab needs.",
        {
            "role": each(
                call(
                    *("iam", "create_policy"),
                    PolicyName="boundary",
                    PolicyDocument=document(WIDE),
                ),
                role(named_policies, PermissionsBoundary="arn:aws:iam::$account:policy/boundary"),
            )
        },
    ),
    Variant(
        "transfer-policy-in-parts",
        "xfusion",
        "The public bucket's policy has two statements for everyone, and denies plain HTTP.",
        {
            "source bucket": each(
                create_source_bucket,
                bucket_policy(
                    "$source_bucket",
                    allow(Sid="Read", Action="s3:GetObject", **READING),
                    allow(Sid="ReadVersions", Action=["s3:GetObjectVersion"], **READING),
                    denied(SOURCE, f"{SOURCE}/*"),
                ),
            )
        },
    ),
    Variant(
        "transfer-policy-get",
        "devops",
        "The public bucket's policy allows `s3:Get*` on its objects to `{AWS: *}`.",
        {
            "source bucket": each(
                create_source_bucket,
                bucket_policy(
                    "$source_bucket",
                    allow(Principal={"AWS": "*"}, Action="s3:Get*", Resource=[f"{SOURCE}/*"]),
                ),
            )
        },
    ),
    Variant(
        "transfer-provisioned",
        "xfusion",
        "The table has provisioned capacity and tags; the function other memory and time, arm64, "
        "a description; its log is kept for ten years.",
        {
            "table": call(
                *("dynamodb", "create_table"),
                TableName="$table",
                ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
                Tags=[{"Key": "course", "Value": "day 46"}],
                **KEY,
            ),
            "function": each(
                call("logs", "create_log_group", logGroupName="/aws/lambda/$function"),
                call(
                    *("logs", "put_retention_policy"),
                    logGroupName="/aws/lambda/$function",
                    retentionInDays=3653,
                ),
                function(
                    MemorySize=1024,
                    Timeout=45,
                    Runtime="python3.13",
                    Architectures=["arm64"],
                    Description="copies uploads",
                    EphemeralStorage={"Size": 1024},
                    Tags={"course": "day 46"},
                ),
            ),
        },
    ),
    Variant(
        "transfer-indexed",
        "devops",
        "The table has an index of another key, a class for infrequent access, and old items.",
        {
            "table": each(
                call(
                    *("dynamodb", "create_table"),
                    TableName="$table",
                    BillingMode="PAY_PER_REQUEST",
                    TableClass="STANDARD_INFREQUENT_ACCESS",
                    KeySchema=KEY["KeySchema"],
                    AttributeDefinitions=[
                        {"AttributeName": name, "AttributeType": "S"}
                        for name in ("LogID", "ObjectKey")
                    ],
                    GlobalSecondaryIndexes=[
                        {
                            "IndexName": "by-key",
                            "KeySchema": [{"AttributeName": "ObjectKey", "KeyType": "HASH"}],
                            "Projection": {"ProjectionType": "ALL"},
                        }
                    ],
                ),
                call(
                    *("dynamodb", "put_item"),
                    TableName="$table",
                    Item={"LogID": {"S": "1"}, "ObjectKey": {"S": "by-hand.zip"}},
                ),
            )
        },
    ),
    Variant(
        "transfer-package",
        "devops",
        "The function is a package of several modules, its handler in a subpackage, names from "
        "the environment, LogID a UUID, times with Z.",
        {
            "function": function(
                "transfer_package",
                "app.events.uploads.handle",
                {"AUDIT_TABLE": "$table", "PRIVATE_BUCKET": "$destination_bucket"},
            )
        },
    ),
    Variant(
        "transfer-class",
        "xfusion",
        "The handler is an object that uses boto3's resources; LogID is a hash of the event, "
        "times have the offset +02:00, items one attribute more.",
        {"function": function("transfer_class.py", "transfer_class.transfer", NAMES)},
    ),
    Variant(
        "transfer-streaming",
        "devops",
        "The function prints its event, downloads and uploads; the time is a Number of seconds "
        "since the epoch.",
        {
            "function": function(
                "transfer_streaming.py",
                "transfer_streaming.main",
                {"LOG": "$table", "TO": "$destination_bucket"},
            )
        },
    ),
    Variant(
        "transfer-alias",
        "xfusion",
        "The bucket notifies an alias of a published version, and may invoke that alone.",
        {
            "trigger": each(
                publish("live"),
                permit(Qualifier="live"),
                notify((f"{FUNCTION}:live", [PUT])),
            )
        },
    ),
    Variant(
        "transfer-every-creation",
        "xfusion",
        "The trigger is `s3:ObjectCreated:*`.",
        {"trigger": trigger(EVERY_CREATION)},
    ),
    Variant(
        "transfer-neighbours",
        "devops",
        "The bucket tells another function of deletions, and a queue of restored objects; in the "
        "account are other buckets, tables, users, roles.",
        {
            "trigger": each(
                another_function("other-function"),
                call(
                    *("sqs", "create_queue"),
                    QueueName="restored",
                    Attributes={
                        "Policy": document(
                            allow(
                                Principal={"Service": "s3.amazonaws.com"},
                                Action="sqs:SendMessage",
                                Resource="arn:aws:sqs:$region:$account:restored",
                            )
                        )
                    },
                ),
                permit(),
                notify(
                    (
                        "arn:aws:lambda:$region:$account:function:other-function",
                        ["s3:ObjectRemoved:*"],
                    ),
                    (FUNCTION, [PUT]),
                    QueueConfigurations=[
                        {
                            "QueueArn": "arn:aws:sqs:$region:$account:restored",
                            "Events": ["s3:ObjectRestore:Completed"],
                        }
                    ],
                ),
            )
        },
        (
            call("s3", "create_bucket", Bucket="other-$account"),
            call("s3", "put_object", Bucket="other-$account", Key="a.zip", Body=b"other"),
            call(
                "dynamodb", "create_table", TableName="other", BillingMode="PAY_PER_REQUEST", **KEY
            ),
            call("iam", "create_user", UserName="other"),
            call("iam", "create_access_key", UserName="other"),
        ),
    ),
    Variant(
        "transfer-versions",
        "xfusion",
        "Both buckets keep versions, have tags and a life cycle, encrypt by AES256, and were in "
        "use before; the role may write by the private bucket's policy, too.",
        {
            "destination bucket": each(
                create_destination_bucket,
                *(
                    each(
                        versioned(bucket),
                        encrypted(bucket, SSEAlgorithm="AES256"),
                        kept_tidy(bucket),
                        used_before(bucket),
                    )
                    for bucket in ("$source_bucket", "$destination_bucket")
                ),
            )
        },
        (
            bucket_policy(
                "$destination_bucket",
                allow(
                    Principal={"AWS": "$role_arn"},
                    Action=["s3:PutObject", "s3:PutObjectTagging"],
                    Resource=f"{DESTINATION}/*",
                ),
            ),
        ),
    ),
)
