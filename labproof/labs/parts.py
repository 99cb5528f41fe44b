"""The parts of a lab, and each variable that describes them, declared where its value goes."""

from __future__ import annotations

from typing import Any

import attrs
from attrs import frozen

from labproof.labs import naming
from labproof.labs.declaring import ACCOUNT, EVERYWHERE, Rule, Values, of
from labproof.labs.values import (
    ENVIRONMENT,
    GRANTS,
    SOME_TEXTS,
    SWITCH,
    TEXT,
    TEXTS,
    Type,
    choice,
    number,
    one_of,
)

DELIVERIES = ("any", "s3", "eventbridge")
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)


def a_name(variable: str, meaning: str, rule: Rule, **more: Any) -> Any:
    """Return a field whose value is a name that AWS must not have twice in an account."""
    return of(variable, TEXT, meaning, rule=rule, unique=ACCOUNT, **more)


def a_bucket(variable: str, meaning: str, type_: Type = TEXT, **more: Any) -> Any:
    """Return a field whose value is a bucket's name, which AWS must not have twice at all."""
    return of(variable, type_, meaning, rule=naming.bucket_problem, unique=EVERYWHERE, **more)


def _trail_role(values: Values) -> str:
    return f"{values['lab_trail'][:56]}-to-logs" if _hardened_trail(values) else ""


def _log_bucket(values: Values) -> str:
    name = values["lab_trail_bucket"]
    return f"{name[:56].rstrip('.-')}-access" if _hardened_trail(values) else ""


def _hardened_trail(values: Values) -> bool:
    return all(values[v] for v in ("lab_hardened", "lab_trail", "lab_trail_bucket"))


@frozen
class Part:
    """A part of a lab; one that the lab does not have is false, and has no name."""

    def __bool__(self) -> bool:
        return bool(getattr(self, attrs.fields(type(self))[0].name))


@frozen
class Source(Part):
    """The buckets that files are uploaded to: ``bucket``, and ``more_buckets`` beside it."""

    bucket: str = a_bucket(
        "lab_source_bucket",
        "the bucket that files are uploaded to (public, source, upload, landing bucket)",
    )
    public: bool = of(
        "lab_source_public", SWITCH, "whether the source bucket is open for anonymous reading"
    )
    https_only: bool = of(
        "lab_source_https_only", SWITCH, "whether the source bucket denies plain HTTP"
    )
    versioned: bool = of("lab_source_versioned", SWITCH, "whether the source bucket keeps versions")
    more_buckets: tuple[str, ...] = a_bucket(
        "lab_more_source_buckets",
        "a list of buckets that feed the table besides `lab_source_bucket`",
        TEXTS,
        flow="metadata",
        needs="lab_table",
    )

    @property
    def buckets(self) -> tuple[str, ...]:
        """All of them, the first one first."""
        return (self.bucket, *self.more_buckets)


@frozen
class Destination(Part):
    """The bucket that files are copied to."""

    bucket: str = a_bucket("lab_destination_bucket", "the bucket that files are copied to")


@frozen
class Table(Part):
    """The DynamoDB table that the function writes to; its keys are of type String."""

    name: str = a_name("lab_table", "the DynamoDB table", naming.table_problem)
    partition_key: str = of(
        "lab_table_partition_key", TEXT, "the table's partition key, of type String"
    )
    sort_key: str = of("lab_table_sort_key", TEXT, "the table's sort key, of type String")
    index: str = of(
        "lab_table_index",
        TEXT,
        "the table's index that lists a bucket's files by upload time: `BucketName`, sorted by "
        "`UploadTime`",
        rule=naming.index_problem,
        flow="metadata",
        needs="lab_table",
    )
    recoverable: bool = of(
        "lab_table_recoverable", SWITCH, "whether the table has point-in-time recovery"
    )
    undeletable: bool = of(
        "lab_table_undeletable", SWITCH, "whether the table is protected against deletion"
    )

    @property
    def key(self) -> list[dict[str, str]]:
        """The key that it must have: ``[{"name", "role", "type"}]``."""
        names = {"HASH": self.partition_key, "RANGE": self.sort_key}
        return [{"name": name, "role": role, "type": "S"} for role, name in names.items() if name]


@frozen
class Key(Part):
    """The lab's own KMS key."""

    alias: str = a_name(
        "lab_key_alias", "the alias of the KMS key, with its `alias/`", naming.alias_problem
    )


@frozen
class Trail(Part):
    """The CloudTrail trail."""

    name: str = a_name("lab_trail", "the CloudTrail trail", naming.trail_problem)
    bucket: str = a_bucket("lab_trail_bucket", "the bucket of the trail's log files")
    role: str = a_name(
        "lab_trail_role",
        "the role by which a hardened lab's trail writes to CloudWatch Logs",
        naming.role_problem,
        derive=_trail_role,
        default_text="`<trail>-to-logs`",
    )


@frozen
class Role(Part):
    """The execution role.

    ``policies`` maps the name of an inline policy to grants, each ``{"actions": [...], "on":
    TARGET}`` with a TARGET of :func:`labproof.labs.grants.targets`.
    """

    name: str = a_name("lab_role", "the function's execution role", naming.role_problem)
    managed_policies: tuple[str, ...] = of(
        "lab_role_managed_policies", TEXTS, "the role's managed policies, names or ARNs"
    )
    policies: dict[str, list[dict[str, Any]]] = of(
        "lab_role_policies", GRANTS, "the role's own policies, each with its grants"
    )


@frozen
class Function(Part):
    """The Lambda function; ``timeout`` in seconds, ``memory`` in MiB."""

    name: str = a_name("lab_function", "the function", naming.function_problem)
    source: str = of("lab_function_source", TEXT, "the function's source, a file below `files/`")
    runtime: str = of("lab_function_runtime", TEXT, "the Lambda runtime", default="python3.14")
    timeout: int = of(
        "lab_function_timeout",
        number(1, 900),
        "how long an invocation may take, in seconds",
        default=60,
    )
    memory: int = of(
        "lab_function_memory", number(128, 10240), "the function's memory, in MiB", default=128
    )
    environment: dict[str, str] = of(
        "lab_function_environment",
        ENVIRONMENT,
        "the function's variables, each with the part of the lab whose name it gets",
    )

    @property
    def log_group(self) -> str:
        return f"/aws/lambda/{self.name}"


@frozen
class Trigger(Part):
    """How an upload reaches the function."""

    events: tuple[str, ...] = of(
        "lab_trigger_events", SOME_TEXTS, "the S3 event types that invoke the function"
    )
    delivery: str = of(
        "lab_delivery", one_of(DELIVERIES), "how an upload reaches the function", default="any"
    )


@frozen
class Logs(Part):
    """What is kept of logs: days in CloudWatch Logs, and the bucket of access logs."""

    retention_days: int = of(
        "lab_log_retention_days",
        choice(RETENTION_DAYS),
        "how many days CloudWatch Logs keeps the logs",
        default=14,
    )
    bucket: str = a_bucket(
        "lab_log_bucket",
        "the bucket of a hardened lab's access logs",
        derive=_log_bucket,
        default_text="`<trail bucket>-access`",
    )


@frozen
class Topic(Part):
    """The SNS topic that gets a message per upload."""

    name: str = a_name(
        "lab_topic",
        "the SNS topic that gets a message per upload",
        naming.topic_problem,
        flow="metadata",
    )


@frozen
class Stack(Part):
    """The CloudFormation stack that the lab is deployed as, instead of step by step."""

    name: str = a_name(
        "lab_stack",
        "the CloudFormation stack that the lab is deployed as, instead of step by step",
        naming.stack_problem,
        flow="metadata",
    )


@frozen
class Client(Part):
    """The files that a learner finds on the client host."""

    files: tuple[str, ...] = of(
        "lab_client_files", TEXTS, "the files below `files/` that the client host gets"
    )
    dir: str = of("lab_client_dir", TEXT, "the folder on the client host that holds its files")
