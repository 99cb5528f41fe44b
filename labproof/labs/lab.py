"""What a lab is: its parts, and each variable of the inventory, declared where its value goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import attrs
from attrs import frozen

from labproof.labs import naming
from labproof.labs.values import (
    LABEL,
    MAPPING,
    SOME_TEXTS,
    SWITCH,
    TEXT,
    TEXTS,
    Type,
    choice,
    number,
    one_of,
)

FLOWS = ("transfer", "copy", "metadata", "ingest")
DELIVERIES = ("any", "s3", "eventbridge")
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
# Where a name may stand only once: bucket names in all of AWS, others within an account.
ACCOUNT, EVERYWHERE = "account", "everywhere"


class LabError(ValueError):
    """The inventory does not describe a lab; the message holds one sentence per problem."""


@frozen
class Variable:
    """A variable of the inventory: its type, its default, what it means.

    ``rule`` says what AWS refuses in a name, ``unique`` where two labs may not share it.
    """

    name: str
    type: Type
    meaning: str
    default: Any = None
    rule: Callable[[str], str | None] | None = None
    unique: str = ""


def of(name: str, type_: Type, meaning: str, **more: Any) -> Any:
    """Return a field of a part whose value is that of an inventory variable."""
    filled = attrs.converters.default_if_none("") if type_ is TEXT else None
    declared = Variable(name, type_, meaning, **more)
    return attrs.field(converter=filled, metadata={"variable": declared})


def variable(field: attrs.Attribute[Any]) -> Variable:
    """Return the variable that a field of a part is the value of."""
    found: Variable = field.metadata["variable"]
    return found


BUCKET: dict[str, Any] = {"rule": naming.bucket_problem, "unique": EVERYWHERE}


@frozen
class Part:
    """A part of a lab; one that the lab does not have is false, and has no name."""

    def __bool__(self) -> bool:
        return bool(getattr(self, attrs.fields(type(self))[0].name))


@frozen
class Source(Part):
    """The buckets that files are uploaded to: ``bucket``, and ``more_buckets`` beside it."""

    bucket: str = of(
        "lab_source_bucket", TEXT, "Bucket that files are uploaded to: public, landing", **BUCKET
    )
    public: bool = of(
        "lab_source_public", SWITCH, "Whether anyone may read the uploads", default=False
    )
    https_only: bool = of(
        "lab_source_https_only", SWITCH, "Whether it denies plain HTTP", default=False
    )
    versioned: bool = of("lab_source_versioned", SWITCH, "Whether it keeps versions", default=False)
    more_buckets: tuple[str, ...] = of(
        *(
            "lab_more_source_buckets",
            TEXTS,
            "Buckets that feed the table besides the source bucket",
        ),
        default=(),
        **BUCKET,
    )

    @property
    def buckets(self) -> tuple[str, ...]:
        """All of them, the first one first."""
        return (self.bucket, *self.more_buckets)


@frozen
class Destination(Part):
    """The bucket that files are copied to."""

    bucket: str = of("lab_destination_bucket", TEXT, "Bucket that files are copied to", **BUCKET)


@frozen
class Table(Part):
    """The DynamoDB table that the function writes to; its keys are of type String."""

    name: str = of("lab_table", TEXT, "DynamoDB table", rule=naming.table_problem, unique=ACCOUNT)
    partition_key: str = of("lab_table_partition_key", TEXT, "Partition key, of type String")
    sort_key: str = of("lab_table_sort_key", TEXT, "Sort key, of type String")
    index: str = of(
        "lab_table_index",
        TEXT,
        "Index that lists a bucket's files by upload time: BucketName, sorted by UploadTime",
        rule=naming.index_problem,
    )
    recoverable: bool = of(
        "lab_table_recoverable", SWITCH, "Whether point-in-time recovery is on", default=False
    )
    undeletable: bool = of(
        "lab_table_undeletable", SWITCH, "Whether it is protected against deletion", default=False
    )

    @property
    def key(self) -> list[dict[str, str]]:
        """The key that it must have: ``[{"name", "role", "type"}]``."""
        names = {"HASH": self.partition_key, "RANGE": self.sort_key}
        return [{"name": name, "role": role, "type": "S"} for role, name in names.items() if name]


@frozen
class Key(Part):
    """The lab's own KMS key."""

    alias: str = of(
        *("lab_key_alias", TEXT, "Alias of the KMS key, with its alias/"),
        rule=naming.alias_problem,
        unique=ACCOUNT,
    )


@frozen
class Trail(Part):
    """The CloudTrail trail."""

    name: str = of("lab_trail", TEXT, "CloudTrail trail", rule=naming.trail_problem, unique=ACCOUNT)
    bucket: str = of("lab_trail_bucket", TEXT, "Bucket of the trail's log files", **BUCKET)
    role: str = of(
        "lab_trail_role",
        TEXT,
        "Role by which a hardened lab's trail writes to CloudWatch Logs; default <trail>-to-logs",
        rule=naming.role_problem,
        unique=ACCOUNT,
    )


@frozen
class Role(Part):
    """The execution role.

    ``policies`` maps the name of an inline policy to grants, each ``{"actions": [...], "on":
    TARGET}`` with a TARGET of :func:`labproof.labs.grants.targets`.
    """

    name: str = of(
        *("lab_role", TEXT, "Execution role of the function"),
        rule=naming.role_problem,
        unique=ACCOUNT,
    )
    managed_policies: tuple[str, ...] = of(
        "lab_role_managed_policies", TEXTS, "Managed policies, by name or ARN", default=()
    )
    policies: dict[str, list[dict[str, Any]]] = of(
        "lab_role_policies", MAPPING, "Grants by policy name", default={}
    )


@frozen
class Function(Part):
    """The Lambda function; ``timeout`` in seconds, ``memory`` in MiB."""

    name: str = of(
        "lab_function", TEXT, "Lambda function", rule=naming.function_problem, unique=ACCOUNT
    )
    source: str = of("lab_function_source", TEXT, "Source file, below files/")
    runtime: str = of("lab_function_runtime", TEXT, "Lambda runtime", default="python3.14")
    timeout: int = of(
        "lab_function_timeout", number(1, 900), "Seconds that an invocation may take", default=60
    )
    memory: int = of("lab_function_memory", number(128, 10240), "Memory, in MiB", default=128)
    environment: dict[str, str] = of(
        "lab_function_environment", MAPPING, "A part of the lab by environment variable", default={}
    )

    @property
    def log_group(self) -> str:
        return f"/aws/lambda/{self.name}"


@frozen
class Trigger(Part):
    """How an upload reaches the function."""

    events: tuple[str, ...] = of(
        "lab_trigger_events", SOME_TEXTS, "S3 event types that invoke the function"
    )
    delivery: str = of(
        "lab_delivery", one_of(DELIVERIES), "How uploads reach the function", default="any"
    )


@frozen
class Logs(Part):
    """What is kept of logs: days in CloudWatch Logs, and the bucket of access logs."""

    retention_days: int = of(
        *("lab_log_retention_days", choice(RETENTION_DAYS), "Days that CloudWatch Logs keeps logs"),
        default=14,
    )
    bucket: str = of(
        "lab_log_bucket",
        TEXT,
        "Bucket of a hardened lab's access logs; default <trail bucket>-access",
        **BUCKET,
    )


@frozen
class Topic(Part):
    """The SNS topic that gets a message per upload."""

    name: str = of(
        *("lab_topic", TEXT, "SNS topic that gets a message per upload"),
        rule=naming.topic_problem,
        unique=ACCOUNT,
    )


@frozen
class Stack(Part):
    """The CloudFormation stack that the lab is deployed as, instead of step by step."""

    name: str = of(
        *("lab_stack", TEXT, "CloudFormation stack that the lab is deployed as"),
        rule=naming.stack_problem,
        unique=ACCOUNT,
    )


@frozen
class Client(Part):
    """The files that a learner finds on the client host."""

    files: tuple[str, ...] = of(
        "lab_client_files", TEXTS, "Files below files/ that the client host gets", default=()
    )
    dir: str = of(
        "lab_client_dir", TEXT, "Folder on the client host that holds the handed-out files"
    )


@frozen
class Lab:
    """One lab of one learner, complete: every default filled in, every name allowed by AWS."""

    host: str
    source: Source
    destination: Destination
    table: Table
    key: Key
    trail: Trail
    role: Role
    function: Function
    trigger: Trigger
    logs: Logs
    topic: Topic
    stack: Stack
    client: Client
    kind: str = of("lab_kind", TEXT, "Kind of a group that describes a kind of its own")
    learner: str = of("lab_learner", LABEL, "Whose lab it is; default the host's name")
    flow: str = of("lab_flow", one_of(FLOWS), "What uploads do, and so how the lab is proved")
    hardened: bool = of(
        *("lab_hardened", SWITCH, "Whether it is built to an auditor's list as well"),
        default=False,
    )
    requirements: tuple[str, ...] = of(
        *("lab_requirements", TEXTS, "Ids to check, besides those that every lab has"),
        default=(),
    )

    @classmethod
    def of_values(cls, host: str, values: dict[str, Any]) -> Self:
        """Build a lab of values by variable; what has none there is empty."""
        made = {name: part(**_given(part, values)) for name, part in PARTS.items()}
        return cls(host=host, **made, **_given(cls, values))

    @classmethod
    def of_data(cls, data: dict[str, Any]) -> Self:
        """Build a lab of what :meth:`as_data` returned, or JSON made of it."""
        parts = {name: part(**_tuples(data[name])) for name, part in PARTS.items()}
        return cls(**_tuples(data) | parts)

    def as_data(self) -> dict[str, Any]:
        """Return plain data: a mapping for each part, empty where the lab does not have it."""
        return attrs.asdict(self, value_serializer=lambda _, __, value: _listed(value))

    def names(self) -> dict[str, Any]:
        """Return each variable's value by its name without ``lab_``, as hints and faults say it."""
        return {
            variable(field).name.removeprefix("lab_"): getattr(holder, field.name)
            for holder in (self, *(getattr(self, name) for name in PARTS))
            for field in declared(type(holder))
        }


PARTS: dict[str, Any] = {
    "source": Source,
    "destination": Destination,
    "table": Table,
    "key": Key,
    "trail": Trail,
    "role": Role,
    "function": Function,
    "trigger": Trigger,
    "logs": Logs,
    "topic": Topic,
    "stack": Stack,
    "client": Client,
}


def declared(part: Any) -> list[attrs.Attribute[Any]]:
    """Return the fields of a part, or of the lab itself, that are values of variables."""
    return [field for field in attrs.fields(part) if "variable" in field.metadata]


# Every variable that describes a lab, by its name
VARIABLES: dict[str, Variable] = {
    variable(field).name: variable(field)
    for part in (Lab, *PARTS.values())
    for field in declared(part)
}


def _given(part: Any, values: dict[str, Any]) -> dict[str, Any]:
    return {field.name: values[variable(field).name] for field in declared(part)}


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _tuples(data: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
