"""Ways in which uploads reach the function."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from labproof.aws.connection import Connection
from labproof.labs.lab import Lab
from tests.support.learner import Step, document

from .ways import FUNCTION, SOURCE, TRUST, call, each


def another_function(name: str) -> Step:
    """Create a function that has nothing to do with the lab, under a role of its own."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("other.py", "def handler(event, context):\n    print(event)\n")
    return each(
        call(
            *("iam", "create_role"),
            RoleName=name,
            AssumeRolePolicyDocument=document(TRUST),
        ),
        call(
            *("lambda", "create_function"),
            FunctionName=name,
            Runtime="python3.13",
            Handler="other.handler",
            Role=f"arn:aws:iam::$account:role/{name}",
            Code={"ZipFile": package.getvalue()},
        ),
        call(
            *("lambda", "add_permission"),
            FunctionName=name,
            StatementId="uploads",
            Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
            SourceArn=SOURCE,
            SourceAccount="$account",
        ),
    )


def permit(**other: Any) -> Step:
    """Let the source bucket invoke the function, or what else is named."""
    request = {
        "FunctionName": "$function",
        "StatementId": "uploads",
        "Action": "lambda:InvokeFunction",
        "Principal": "s3.amazonaws.com",
        "SourceArn": SOURCE,
        "SourceAccount": "$account",
    }
    return call("lambda", "add_permission", **request | other)


def notify(*targets: tuple[str, list[str]], **more: Any) -> Step:
    """Let the source bucket tell functions, given by ARN, of events."""
    configurations = [{"LambdaFunctionArn": arn, "Events": events} for arn, events in targets]
    return call(
        *("s3", "put_bucket_notification_configuration"),
        Bucket="$source_bucket",
        NotificationConfiguration={"LambdaFunctionConfigurations": configurations, **more},
    )


def trigger(*events: str) -> Step:
    """Let the function hear of events, each by a notification of its own."""
    return each(permit(), notify(*((FUNCTION, [event]) for event in events)))


def rule(target: str = FUNCTION, **permission: Any) -> Step:
    """Let uploads reach the function, or an alias of it, by a rule of EventBridge."""
    pattern = (
        '{"source": ["aws.s3"], "detail-type": ["Object Created"],'
        ' "detail": {"bucket": {"name": ["$source_bucket"]}}}'
    )
    return each(
        notify(EventBridgeConfiguration={}),
        call("events", "put_rule", Name="uploads-$account", EventPattern=pattern),
        call(
            *("events", "put_targets"),
            Rule="uploads-$account",
            Targets=[{"Id": "function", "Arn": target}],
        ),
        call(
            *("lambda", "add_permission"),
            FunctionName="$function",
            StatementId="uploads",
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn="arn:aws:events:$region:$account:rule/uploads-$account",
            **permission,
        ),
    )


def publish(*aliases: str) -> Step:
    """Publish a version, and give it aliases."""

    def step(lab: Lab, connection: Connection) -> None:
        functions = connection.client("lambda")
        version = functions.publish_version(FunctionName=lab.function.name)["Version"]
        for alias in aliases:
            functions.create_alias(
                FunctionName=lab.function.name, Name=alias, FunctionVersion=version
            )

    return step
