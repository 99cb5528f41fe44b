"""Variants of file-metadata."""

from __future__ import annotations

from tests.support.learner import FILES, allow

from .buckets import bucket_policy
from .cli import by_page
from .stacks import deployed
from .triggers import permit, publish, rule
from .variant import Variant
from .ways import FUNCTION, LOGS, SOURCE, TABLE, alone, call, each, function, inline, role

HEAD = function("metadata_head.py", "metadata_head.handler", {"METADATA_TABLE": "$table"})
VARIANTS = (
    Variant("metadata-by-sdk", "file-metadata", "Built step by step with an SDK."),
    Variant(
        "metadata-by-cli",
        "file-metadata",
        "The page's commands for the AWS CLI.",
        alone(by_page("file-metadata")),
        by_cli=True,
    ),
    Variant(
        "metadata-by-template",
        "file-metadata",
        "The project's CloudFormation template.",
        alone(deployed(str(FILES / "file-metadata-template.yml"))),
    ),
    Variant(
        "metadata-asks-s3",
        "file-metadata",
        "The function asks S3 for size, ETag and LastModified; times with +00:00, and with "
        "microseconds and no offset.",
        {"function": HEAD},
    ),
    Variant(
        "metadata-json-log",
        "file-metadata",
        "The function's log is in JSON; its group was there before, and is kept for a day.",
        {
            "function": each(
                call("logs", "create_log_group", logGroupName="/aws/lambda/$function"),
                call(
                    *("logs", "put_retention_policy"),
                    logGroupName="/aws/lambda/$function",
                    retentionInDays=1,
                ),
                function(
                    "metadata_head.py",
                    "metadata_head.handler",
                    {"METADATA_TABLE": "$table"},
                    LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "INFO"},
                ),
            )
        },
    ),
    Variant(
        "metadata-bucket-policy",
        "file-metadata",
        "The bucket's policy lets the role read.",
        {
            "function": HEAD,
            "role": role(inline(LOGS, allow(Action="dynamodb:PutItem", Resource=TABLE))),
        },
        (
            bucket_policy(
                "$source_bucket",
                allow(
                    Principal={"AWS": "$role_arn"}, Action="s3:GetObject", Resource=f"{SOURCE}/*"
                ),
            ),
        ),
    ),
    Variant(
        "metadata-eventbridge-alias",
        "file-metadata",
        "A rule of EventBridge invokes an alias of a published version.",
        {"trigger": each(publish("blue", "live"), rule(f"{FUNCTION}:live", Qualifier="live"))},
    ),
    Variant(
        "metadata-alias",
        "file-metadata",
        "The bucket notifies one of two aliases, under a filter that every key passes.",
        {
            "trigger": each(
                publish("blue", "live"),
                permit(Qualifier="live"),
                call(
                    *("s3", "put_bucket_notification_configuration"),
                    Bucket="$source_bucket",
                    NotificationConfiguration={
                        "LambdaFunctionConfigurations": [
                            {
                                "LambdaFunctionArn": f"{FUNCTION}:live",
                                "Events": ["s3:ObjectCreated:*"],
                                "Filter": {
                                    "Key": {"FilterRules": [{"Name": "prefix", "Value": ""}]}
                                },
                            }
                        ]
                    },
                ),
            )
        },
    ),
    Variant(
        "metadata-hardened-table",
        "file-metadata",
        "The table has point-in-time recovery, protection from deletion, a stream and tags.",
        {},
        (
            call(
                *("dynamodb", "update_continuous_backups"),
                TableName="$table",
                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
            ),
            call("dynamodb", "update_table", TableName="$table", DeletionProtectionEnabled=True),
            call(
                *("dynamodb", "update_table"),
                TableName="$table",
                StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
            ),
            call(
                *("dynamodb", "tag_resource"),
                ResourceArn=TABLE,
                Tags=[{"Key": "course", "Value": "metadata"}],
            ),
        ),
    ),
)
