"""Variants of event-copy."""

from __future__ import annotations

import json

from labproof.analysis.policies.logic import texts
from tests.support.learner import allow, create_destination_bucket

from .buckets import bucket_policy, denied, used_before, versioned
from .cli import by_page
from .stacks import deployed
from .triggers import publish, rule, trigger
from .variant import Variant
from .ways import (
    DESTINATION,
    FUNCTION,
    LOGS,
    SOURCE,
    alone,
    call,
    customer_managed,
    each,
    function,
    inline,
    role,
)

READ = ["s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectTagging"]
WRITE = ["s3:PutObject", "s3:GetObject", "s3:PutObjectTagging"]
BUCKETS = (("$source_bucket", SOURCE), ("$destination_bucket", DESTINATION))
RIGHTS = (
    LOGS,
    allow(Action=READ, Resource=f"{SOURCE}/*"),
    allow(Action=WRITE, Resource=f"{DESTINATION}/*"),
    allow(Action="s3:ListBucket", Resource=[SOURCE, DESTINATION]),
)
ROLE = {"Principal": {"AWS": "$role_arn"}}
HARMLESS = {
    "StringEquals": {"aws:ResourceAccount": "$account"},
    "StringLike": {"aws:PrincipalAccount": "$account"},
    "ArnLike": {
        "aws:PrincipalArn": ["arn:aws:iam::$account:role/*", "arn:aws:sts::$account:assumed-role/*"]
    },
    "Bool": {"aws:SecureTransport": "true"},
}


STREAMING = function(
    "copy_streaming.py", "copy_streaming.handler", {"COPY_TO": "$destination_bucket"}
)

VARIANTS = (
    Variant("copy-by-sdk", "event-copy", "Built step by step with an SDK."),
    Variant(
        "copy-by-template",
        "event-copy",
        "A CloudFormation stack of plain resources.",
        alone(deployed("event-copy.yml")),
    ),
    Variant(
        "copy-by-cli",
        "event-copy",
        "The page's commands for the AWS CLI.",
        alone(by_page("event-copy")),
        by_cli=True,
    ),
    Variant(
        "copy-managed-policy",
        "event-copy",
        "The rights are one customer-managed policy, each on an exact list; the role has a path.",
        {"role": role(customer_managed(*RIGHTS, name="copy"), Path="/service/copies/")},
    ),
    Variant(
        "copy-basic-execution",
        "event-copy",
        "The log's rights are AWSLambdaBasicExecutionRole, the others two inline policies.",
        {
            "role": role(
                call(
                    *("iam", "attach_role_policy"),
                    RoleName="$role",
                    PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
                ),
                inline(*RIGHTS[1:2], name="read"),
                inline(*RIGHTS[2:], name="write"),
            )
        },
    ),
    Variant(
        "copy-bucket-policies",
        "event-copy",
        "The buckets' policies let the role read and write; its own one is for the log alone.",
        {"role": role(inline(LOGS))},
        (
            bucket_policy(
                "$source_bucket",
                allow(Action=READ, Resource=f"{SOURCE}/*", **ROLE),
                allow(Action="s3:ListBucket", Resource=SOURCE, **ROLE),
            ),
            bucket_policy(
                "$destination_bucket",
                allow(Action=WRITE, Resource=f"{DESTINATION}/*", **ROLE),
                allow(Action="s3:ListBucket", Resource=DESTINATION, **ROLE),
            ),
        ),
    ),
    Variant(
        "copy-conditions",
        "event-copy",
        "Every right is under conditions that each of the function's requests meets.",
        {"role": role(inline(LOGS, *(right | {"Condition": HARMLESS} for right in RIGHTS[1:])))},
    ),
    Variant(
        "copy-spelling",
        "event-copy",
        "Actions are in other letters, each right is a policy of one statement that is no list.",
        {
            "role": role(
                *(
                    call(
                        *("iam", "put_role_policy"),
                        RoleName="$role",
                        PolicyName=f"right-{number}",
                        PolicyDocument=json.dumps(
                            {
                                "Version": "2012-10-17",
                                "Statement": right
                                | {"Action": [a.swapcase() for a in texts(right["Action"])]},
                            }
                        ),
                    )
                    for number, right in enumerate(RIGHTS)
                )
            )
        },
    ),
    Variant(
        "copy-eventbridge",
        "event-copy",
        "Uploads come by a rule of EventBridge; the function downloads and uploads.",
        {"trigger": rule(), "function": STREAMING},
    ),
    Variant(
        "copy-eventbridge-alias",
        "event-copy",
        "A rule of EventBridge invokes an alias of a published version.",
        {"trigger": each(publish("live"), rule(f"{FUNCTION}:live", Qualifier="live"))},
    ),
    Variant(
        "copy-four-triggers",
        "event-copy",
        "Each way to create an object has a notification of its own.",
        {
            "trigger": trigger(
                *(
                    f"s3:ObjectCreated:{way}"
                    for way in ("Put", "Post", "Copy", "CompleteMultipartUpload")
                )
            )
        },
    ),
    Variant(
        "copy-https-only",
        "event-copy",
        "Both buckets refuse plain HTTP, keep versions, and were in use before.",
        {
            "destination bucket": each(
                create_destination_bucket,
                *(
                    each(
                        bucket_policy(bucket, denied(arn, f"{arn}/*")),
                        versioned(bucket),
                        used_before(bucket),
                    )
                    for bucket, arn in BUCKETS
                ),
            )
        },
    ),
)
