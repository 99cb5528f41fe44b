"""From an inventory host to a lab: what should exist, under which names.

The inventory's ``lab_*`` variables win over the defaults of the host's kind
(``labproof/kinds/<group>.yml``); the result is checked before anything is asked of AWS.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from labproof import naming, switches
from labproof.variables import (
    Reader,
    choice,
    label,
    number,
    one_of,
    some_texts,
    switch,
    text,
    texts,
)

COMMON_DEFAULTS: dict[str, Any] = {
    "lab_source_public": False,
    "lab_source_https_only": False,
    "lab_source_versioned": False,
    "lab_more_source_buckets": [],
    "lab_destination_bucket": None,
    "lab_topic": None,
    "lab_stack": None,
    "lab_table": None,
    "lab_table_partition_key": None,
    "lab_table_sort_key": None,
    "lab_table_index": None,
    "lab_table_recoverable": False,
    "lab_table_undeletable": False,
    "lab_role_managed_policies": [],
    "lab_role_policies": {},
    "lab_function_runtime": "python3.14",
    "lab_function_timeout": 60,
    "lab_function_memory": 128,
    "lab_function_environment": {},
    "lab_delivery": "any",
    "lab_key_alias": None,
    "lab_trail": None,
    "lab_trail_bucket": None,
    "lab_trail_role": None,
    "lab_hardened": False,
    "lab_log_bucket": None,
    "lab_log_retention_days": 14,
    "lab_client_dir": None,
    "lab_client_files": [],
    "lab_requirements": [],
}
# The ids that every lab has, whatever its kind
COMMON_REQUIREMENTS = (
    *("source-bucket.exists", "role.exists", "role.trusts-lambda", "role.can-write-logs"),
    *("function.exists", "function.runtime", "function.uses-role", "function.deployed"),
    *("trigger.permission", "trigger.configured", "transfer.invoked"),
    *("logs.group", "logs.no-errors", "logs.metrics"),
)
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
# What a group must give that describes a kind of its own (``lab_kind``).
OWN_KIND: dict[str, Any] = {
    "requires": [
        "lab_flow",
        "lab_source_bucket",
        "lab_role",
        "lab_function",
        "lab_function_source",
        "lab_trigger_events",
    ],
    "defaults": {},
}
# How a lab is proved, and what an environment variable of its function may name.
FLOWS = ("transfer", "copy", "metadata", "ingest")
DELIVERIES = ("any", "s3", "eventbridge")
NAMEABLE = ("source_bucket", "destination_bucket", "table", "topic")

READERS: dict[str, Reader] = {
    "lab_learner": label,
    "lab_source_bucket": text,
    "lab_kind": text,
    "lab_flow": one_of(FLOWS),
    "lab_source_public": switch,
    "lab_source_https_only": switch,
    "lab_source_versioned": switch,
    "lab_more_source_buckets": texts,
    "lab_destination_bucket": text,
    "lab_topic": text,
    "lab_stack": text,
    "lab_table": text,
    "lab_table_partition_key": text,
    "lab_table_sort_key": text,
    "lab_table_index": text,
    "lab_table_recoverable": switch,
    "lab_table_undeletable": switch,
    "lab_key_alias": text,
    "lab_trail": text,
    "lab_trail_bucket": text,
    "lab_trail_role": text,
    "lab_hardened": switch,
    "lab_log_bucket": text,
    "lab_delivery": one_of(DELIVERIES),
    "lab_role": text,
    "lab_role_managed_policies": texts,
    "lab_function": text,
    "lab_function_source": text,
    "lab_function_runtime": text,
    "lab_function_timeout": number(1, 900),
    "lab_function_memory": number(128, 10240),
    "lab_log_retention_days": choice(RETENTION_DAYS),
    "lab_trigger_events": some_texts,
    "lab_client_dir": text,
    "lab_client_files": texts,
    "lab_requirements": texts,
}
NAME_RULES = {
    "lab_source_bucket": naming.bucket_problem,
    "lab_destination_bucket": naming.bucket_problem,
    "lab_function": naming.function_problem,
    "lab_role": naming.role_problem,
    "lab_table": naming.table_problem,
    "lab_table_index": naming.index_problem,
    "lab_topic": naming.topic_problem,
    "lab_stack": naming.stack_problem,
    "lab_key_alias": naming.alias_problem,
    "lab_trail": naming.trail_problem,
    "lab_trail_bucket": naming.bucket_problem,
    "lab_trail_role": naming.role_problem,
    "lab_log_bucket": naming.bucket_problem,
}
# Two labs may never share these; bucket names are unique in all of AWS, the rest within an account.
UNIQUE_NAMES = (
    "lab_function",
    "lab_role",
    "lab_table",
    "lab_topic",
    "lab_stack",
    "lab_key_alias",
    "lab_trail",
    "lab_trail_role",
)
BUCKET_NAMES = (
    *("lab_source_bucket", "lab_more_source_buckets", "lab_destination_bucket"),
    *("lab_trail_bucket", "lab_log_bucket"),
)
SERVICE_ROLE_POLICIES = {"AWSLambdaBasicExecutionRole"}
# What a grant can be on: the part of the lab whose name it needs, if any, and the ARN.
TARGETS: dict[str, tuple[str | None, str]] = {
    "source": ("source_bucket", "arn:{partition}:s3:::{name}"),
    "source-objects": ("source_bucket", "arn:{partition}:s3:::{name}/*"),
    "destination": ("destination_bucket", "arn:{partition}:s3:::{name}"),
    "destination-objects": ("destination_bucket", "arn:{partition}:s3:::{name}/*"),
    "table": ("table", "arn:{partition}:dynamodb:{region}:{account}:table/{name}"),
    "topic": ("topic", "arn:{partition}:sns:{region}:{account}:{name}"),
    "logs": (None, "arn:{partition}:logs:{region}:{account}:*"),
    # A key's ARN is known only once the key exists; its alias stands for it until then.
    "key": ("key_alias", "{key_arn}"),
}


class LabError(ValueError):
    """The inventory does not describe a lab; the message holds one sentence per problem."""


@dataclass(frozen=True)
class Lab:
    """One lab of one learner, complete: every default filled in, every name allowed by AWS.

    ``policies`` maps the name of an inline policy to grants, each
    ``{"actions": [...], "on": TARGET}`` with a TARGET of :func:`targets`. Durations are seconds,
    memory is MiB, retention is days.
    """

    host: str
    kind: str
    learner: str
    flow: str
    source_bucket: str
    source_public: bool
    source_https_only: bool
    source_versioned: bool
    more_source_buckets: tuple[str, ...]
    destination_bucket: str | None
    topic: str | None
    stack: str | None
    table: str | None
    partition_key: str | None
    sort_key: str | None
    table_index: str | None
    table_recoverable: bool
    table_undeletable: bool
    key_alias: str | None
    trail: str | None
    trail_bucket: str | None
    trail_role: str | None
    hardened: bool
    log_bucket: str | None
    role: str
    managed_policies: tuple[str, ...]
    policies: dict[str, list[dict[str, Any]]]
    function: str
    function_source: str
    runtime: str
    timeout: int
    memory: int
    environment: dict[str, str]
    delivery: str
    log_retention_days: int
    trigger_events: tuple[str, ...]
    client_dir: str | None
    client_files: tuple[str, ...]
    requirements: tuple[str, ...]

    @property
    def source_buckets(self) -> tuple[str, ...]:
        """All buckets that files are uploaded to, the first one first."""
        return (self.source_bucket, *self.more_source_buckets)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for playbooks and documents."""
        return asdict(self) | {
            name: list(getattr(self, name))
            for name in (
                *("managed_policies", "trigger_events", "client_files", "requirements"),
                "more_source_buckets",
            )
        }


@cache
def kinds() -> dict[str, dict[str, Any]]:
    """Return the known kinds of lab: ``{group: {"requires": [...], "defaults": {...}}}``."""
    folder = resources.files("labproof") / "kinds"
    files = [entry for entry in folder.iterdir() if entry.name.endswith(".yml")]
    return {f.name.removesuffix(".yml"): yaml.safe_load(f.read_text("utf-8")) for f in files}


def known(kind: str) -> dict[str, Any]:
    """Return what a kind requires and gives; a kind of the inventory's own gives nothing."""
    return kinds().get(kind, OWN_KIND)


def kind_of(host: str, groups: list[str], own_kind: str | None = None) -> str:
    """Return the kind of lab of a host: ``lab_kind``, or the one known group that it is in.

    A group that sets ``lab_kind`` describes a kind of its own, by the same variables. Raises
    LabError.
    """
    if own_kind is not None:
        if not isinstance(own_kind, str):
            raise LabError(_problem(host, "lab_kind", "a text, in quotes", own_kind))
        return own_kind
    found = sorted(set(groups) & set(kinds()))
    if len(found) == 1:
        return found[0]
    names = ", ".join(sorted(kinds()))
    if not found:
        raise LabError(
            f"{host} is no known lab: put it into one of the groups {names}, or set lab_kind."
        )
    raise LabError(f"{host} is in the groups {' and '.join(found)}: a lab is of one kind only.")


def resolve(host: str, groups: list[str], variables: dict[str, Any]) -> Lab:
    """Return the lab that an inventory host describes. Raises LabError with all problems found."""
    given = {k: v for k, v in variables.items() if k.startswith("lab_") and v not in (None, "")}
    kind = kind_of(host, groups, given.get("lab_kind"))
    defaults = COMMON_DEFAULTS | _defaults(kind, given)
    raw = {"lab_learner": host} | defaults | given
    own = {v: given[v] for v in {*READERS, *COMMON_DEFAULTS} & set(given)}
    own = {variable: value for variable, value in own.items() if value != defaults.get(variable)}
    values, problems = _read(host, raw)
    values |= _names_after_the_trail(values)
    problems += [*_missing(host, kind, raw), *_bad_names(host, values)]
    problems += [*_bad_grants(host, kind, raw), *_bad_environment(host, kind, raw)]
    problems += switches.problems(host, kind, values, own)
    if problems:
        raise LabError("\n".join(problems))
    return Lab(
        host=host,
        kind=kind,
        learner=values["lab_learner"],
        flow=values["lab_flow"],
        source_bucket=values["lab_source_bucket"],
        source_public=values["lab_source_public"],
        source_https_only=values["lab_source_https_only"],
        source_versioned=values["lab_source_versioned"],
        more_source_buckets=values["lab_more_source_buckets"],
        destination_bucket=values["lab_destination_bucket"],
        topic=values["lab_topic"],
        stack=values["lab_stack"],
        table=values["lab_table"],
        partition_key=values["lab_table_partition_key"],
        sort_key=values["lab_table_sort_key"],
        table_index=values["lab_table_index"],
        table_recoverable=values["lab_table_recoverable"],
        table_undeletable=values["lab_table_undeletable"],
        key_alias=values["lab_key_alias"],
        trail=values["lab_trail"],
        trail_bucket=values["lab_trail_bucket"],
        trail_role=values["lab_trail_role"],
        hardened=values["lab_hardened"],
        log_bucket=values["lab_log_bucket"],
        role=values["lab_role"],
        managed_policies=values["lab_role_managed_policies"],
        policies=values["lab_role_policies"],
        function=values["lab_function"],
        function_source=values["lab_function_source"],
        runtime=values["lab_function_runtime"],
        timeout=values["lab_function_timeout"],
        memory=values["lab_function_memory"],
        environment=_environment(values),
        delivery=values["lab_delivery"],
        log_retention_days=values["lab_log_retention_days"],
        trigger_events=values["lab_trigger_events"],
        client_dir=values["lab_client_dir"],
        client_files=values["lab_client_files"],
        requirements=(*COMMON_REQUIREMENTS, *values["lab_requirements"]),
    )


def _defaults(kind: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return what a kind gives, with what each extension adds whose switch is on."""
    found: dict[str, Any] = known(kind)["defaults"]
    for variable, more in known(kind).get("extensions", {}).items():
        if given.get(variable):
            found = _joined(found, more)
    return found


def _joined(first: Any, second: Any) -> Any:
    """Join lists, and dictionaries key by key; of anything else, take the second."""
    if isinstance(first, dict) and isinstance(second, dict):
        both = {k: _joined(first[k], v) for k, v in second.items() if k in first}
        return first | second | both
    if isinstance(first, list) and isinstance(second, list):
        return first + second
    return second


def _buckets(lab: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Return the variables that name buckets, each with one name."""
    for variable in BUCKET_NAMES:
        found = lab.get(variable) or []
        for name in found if isinstance(found, list | tuple) else [found]:
            yield variable, name


def shared_names(labs: list[dict[str, Any]]) -> list[str]:
    """Return a sentence for every name that two labs claim.

    Each entry holds a lab's ``host``, its ``account`` (anything that tells accounts apart) and its
    ``lab_*`` names.
    """
    owners: dict[tuple[str, ...], list[str]] = {}
    for lab in labs:
        for variable, bucket in _buckets(lab):
            owners.setdefault(("bucket", str(bucket)), []).append(f"{variable} of {lab['host']}")
        for variable in UNIQUE_NAMES:
            if name := lab.get(variable):
                what = (variable.removeprefix("lab_"), str(name), str(lab.get("account")))
                owners.setdefault(what, []).append(f"{variable} of {lab['host']}")
    return [
        f"The {what[0]} {what[1]!r} is claimed twice, by {' and by '.join(names)}: "
        "give each lab a name of its own."
        for what, names in owners.items()
        if len(names) > 1
    ]


def targets(lab: dict[str, Any], key_arn: str, **place: str) -> dict[str, list[str]]:
    """Return what a grant can be ``on``: ``{target: [ARN, ...]}``.

    ``lab`` is a Lab as data; ``place`` holds ``partition``, ``region`` and ``account``.
    """
    place = {**place, "key_arn": key_arn}
    return {
        target: [form.format(name=name, **place) for name in names]
        for target, (part, form) in TARGETS.items()
        if (names := _names(lab, part))
    }


def _names(lab: dict[str, Any], part: str | None) -> list[str]:
    """Return the names that a part goes by: several for the source buckets, "" for no part."""
    if part is None:
        return [""]
    more = lab["more_source_buckets"] if part == "source_bucket" else []
    return [name for name in (lab[part], *more) if name is not None]


def function_environment(lab: dict[str, Any], identity: dict[str, str]) -> dict[str, str]:
    """Return the function's variables; a topic's ARN is complete only in an account."""
    return {name: value.format(**identity) for name, value in lab["environment"].items()}


def policy_documents(
    lab: dict[str, Any], identity: dict[str, str], key_arn: str = ""
) -> dict[str, dict[str, Any]]:
    """Render the role's own policies: ``{policy name: IAM policy document}``.

    ``lab`` is a Lab as data, ``identity`` its ``partition``, ``region`` and ``account``.
    """
    arns = targets(lab, key_arn, **identity)
    return {
        name: {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": grant["actions"], "Resource": arns[grant["on"]]}
                for grant in grants
            ],
        }
        for name, grants in lab["policies"].items()
    }


def managed_policy_arn(policy: str, partition: str) -> str:
    """Return the ARN of an AWS managed policy given by name; an ARN stays as it is."""
    if policy.startswith("arn:"):
        return policy
    path = "service-role/" if policy in SERVICE_ROLE_POLICIES else ""
    return f"arn:{partition}:iam::aws:policy/{path}{policy}"


def _read(host: str, values: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the variables as their readers give them, with a sentence for each unreadable one."""
    found, problems = dict(values), []
    for variable, reader in READERS.items():
        try:
            found[variable] = None if (v := values.get(variable)) is None else reader(v)
        except ValueError as expected:
            found[variable] = None
            problems.append(_problem(host, variable, str(expected), values[variable]))
    return found, problems


def _names_after_the_trail(values: dict[str, Any]) -> dict[str, str]:
    """Return the names of what comes with a hardened lab's trail, where the inventory has none."""
    trail, bucket = values["lab_trail"], values["lab_trail_bucket"]
    if not (values["lab_hardened"] and trail and bucket):
        return {}
    return {
        "lab_trail_role": values["lab_trail_role"] or f"{trail[:56]}-to-logs",
        "lab_log_bucket": values["lab_log_bucket"] or f"{bucket[:56].rstrip('.-')}-access",
    }


def _problem(host: str, variable: str, expected: str, found: Any) -> str:
    return f"{variable} of {host} must be {expected}, found {found!r:.80}: correct it."


def _environment(values: dict[str, Any]) -> dict[str, str]:
    """Return the function's variables with the names that they stand for; of a topic, its ARN."""
    forms = {"topic": TARGETS["topic"][1].replace("{name}", str(values["lab_topic"]))}
    return {
        name: forms.get(part, values[f"lab_{part}"])
        for name, part in values["lab_function_environment"].items()
    }


def _bad_environment(host: str, kind: str, values: dict[str, Any]) -> list[str]:
    found, named = values["lab_function_environment"], _named(kind, values)
    parts = [part for part in NAMEABLE if f"lab_{part}" in named]
    if not isinstance(found, dict) or not all(part in parts for part in found.values()):
        expected = f"{{VARIABLE: PART}} with PART one of {', '.join(parts)}"
        return [_problem(host, "lab_function_environment", expected, found)]
    return [
        f"lab_function_environment of {host}: the variable {name!r:.80} {problem}: correct it."
        for name in found
        if (problem := naming.variable_problem(name if isinstance(name, str) else ""))
    ]


def _named(kind: str, values: dict[str, Any]) -> set[str]:
    """Return the variables that have a value; a missing one has been complained of already."""
    return {variable for variable in values if values[variable]} | set(known(kind)["requires"])


def _missing(host: str, kind: str, values: dict[str, Any]) -> list[str]:
    needed = known(kind)["requires"]
    return [
        f"{name} is missing for {host}: a {kind} lab needs it, so set it in the inventory."
        for name in needed
        if values.get(name) is None
    ]


def _bad_names(host: str, values: dict[str, Any]) -> list[str]:
    return [
        f"{variable} of {host}, {name!r}, {problem}: correct it."
        for variable, rule in NAME_RULES.items()
        if (name := values[variable]) and (problem := rule(name))
    ]


def _bad_grants(host: str, kind: str, values: dict[str, Any]) -> list[str]:
    """Check ``lab_role_policies``: its form, and that every target is a part of the lab."""
    policies = values["lab_role_policies"]
    if not isinstance(policies, dict) or not all(isinstance(p, list) for p in policies.values()):
        form = "{policy name: [{actions: [...], on: TARGET}]}"
        return [_problem(host, "lab_role_policies", form, policies)]
    named = _named(kind, values)
    known = [t for t, (part, _) in TARGETS.items() if not part or f"lab_{part}" in named]
    problems = [
        f"lab_role_policies of {host}: the policy name {name!r:.80} {problem}: correct it."
        for name in policies
        if (problem := naming.policy_problem(name if isinstance(name, str) else ""))
    ]
    grants = [grant for policy in policies.values() for grant in policy]
    return problems + [p for grant in grants for p in _bad_grant(host, grant, known)]


def _bad_grant(host: str, grant: Any, known: list[str]) -> Iterator[str]:
    if not isinstance(grant, dict) or set(grant) != {"actions", "on"}:
        yield _problem(host, "a grant in lab_role_policies", "{actions: [...], on: TARGET}", grant)
        return
    try:
        some_texts(grant["actions"])
    except ValueError as expected:
        yield _problem(host, "actions in lab_role_policies", str(expected), grant["actions"])
    if grant["on"] not in known:
        yield _problem(host, "on in lab_role_policies", f"one of {', '.join(known)}", grant["on"])
