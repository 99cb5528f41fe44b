"""From an inventory host to a lab: what should exist, under which names.

The inventory's ``lab_*`` variables win over the defaults of the host's kind
(``labproof/kinds/<group>.yml``); the result is checked before anything is asked of AWS.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from labproof import naming

COMMON_DEFAULTS: dict[str, Any] = {
    "lab_source_public": False,
    "lab_destination_bucket": None,
    "lab_table": None,
    "lab_table_partition_key": None,
    "lab_role_managed_policies": [],
    "lab_role_policies": {},
    "lab_function_runtime": "python3.14",
    "lab_function_timeout": 60,
    "lab_function_memory": 128,
    "lab_log_retention_days": 14,
    "lab_client_dir": None,
    "lab_client_files": [],
}
NAME_RULES = {
    "lab_source_bucket": naming.bucket_problem,
    "lab_destination_bucket": naming.bucket_problem,
    "lab_function": naming.function_problem,
    "lab_role": naming.role_problem,
    "lab_table": naming.table_problem,
}
# Two labs may never share these; bucket names are unique in all of AWS, the rest within an account.
UNIQUE_NAMES = ("lab_function", "lab_role", "lab_table")
BUCKET_NAMES = ("lab_source_bucket", "lab_destination_bucket")
SERVICE_ROLE_POLICIES = {"AWSLambdaBasicExecutionRole"}


class LabError(ValueError):
    """The inventory does not describe a lab; the message holds one sentence per problem."""


@dataclass(frozen=True)
class Lab:
    """One lab of one learner, complete: every default filled in, every name allowed by AWS.

    ``policies`` maps the name of an inline policy to grants, each ``{"actions": [...], "on": TARGET}``
    with a TARGET of :func:`targets`. Durations are seconds, memory is MiB, retention is days.
    """

    host: str
    kind: str
    learner: str
    source_bucket: str
    source_public: bool
    destination_bucket: str | None
    table: str | None
    partition_key: str | None
    role: str
    managed_policies: tuple[str, ...]
    policies: dict[str, list[dict[str, Any]]]
    function: str
    function_source: str
    runtime: str
    timeout: int
    memory: int
    log_retention_days: int
    trigger_events: tuple[str, ...]
    client_dir: str | None
    client_files: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for playbooks and documents."""
        return asdict(self) | {
            name: list(getattr(self, name))
            for name in ("managed_policies", "trigger_events", "client_files")
        }


@cache
def kinds() -> dict[str, dict[str, Any]]:
    """Return the known kinds of lab: ``{group: {"requires": [...], "defaults": {...}}}``."""
    folder = resources.files("labproof") / "kinds"
    files = [entry for entry in folder.iterdir() if entry.name.endswith(".yml")]
    return {f.name.removesuffix(".yml"): yaml.safe_load(f.read_text("utf-8")) for f in files}


def kind_of(host: str, groups: list[str]) -> str:
    """Return the kind of lab of a host: the one known group that it is in. Raises LabError."""
    found = sorted(set(groups) & set(kinds()))
    if len(found) == 1:
        return found[0]
    known = ", ".join(sorted(kinds()))
    if not found:
        raise LabError(f"{host} is no known lab: put it into one of the groups {known}.")
    raise LabError(f"{host} is in the groups {' and '.join(found)}: a lab is of one kind only.")


def resolve(host: str, groups: list[str], variables: dict[str, Any]) -> Lab:
    """Return the lab that an inventory host describes. Raises LabError with all problems found."""
    kind = kind_of(host, groups)
    given = {k: v for k, v in variables.items() if k.startswith("lab_") and v is not None}
    values = COMMON_DEFAULTS | kinds()[kind]["defaults"] | given
    problems = [*_missing(host, kind, values), *_bad_names(host, values)]
    problems += _bad_grants(host, values["lab_role_policies"])
    if problems:
        raise LabError("\n".join(problems))
    return Lab(
        host=host,
        kind=kind,
        learner=str(values.get("lab_learner", host)),
        source_bucket=values["lab_source_bucket"],
        source_public=bool(values["lab_source_public"]),
        destination_bucket=values["lab_destination_bucket"],
        table=values["lab_table"],
        partition_key=values["lab_table_partition_key"],
        role=values["lab_role"],
        managed_policies=tuple(values["lab_role_managed_policies"]),
        policies=values["lab_role_policies"],
        function=values["lab_function"],
        function_source=values["lab_function_source"],
        runtime=values["lab_function_runtime"],
        timeout=int(values["lab_function_timeout"]),
        memory=int(values["lab_function_memory"]),
        log_retention_days=int(values["lab_log_retention_days"]),
        trigger_events=tuple(values["lab_trigger_events"]),
        client_dir=values["lab_client_dir"],
        client_files=tuple(values["lab_client_files"]),
    )


def shared_names(labs: list[dict[str, Any]]) -> list[str]:
    """Return a sentence for every name that two labs claim.

    Each entry holds a lab's ``host``, its ``account`` (anything that tells accounts apart) and its
    ``lab_*`` names.
    """
    owners: dict[tuple[str, ...], list[str]] = {}
    for lab in labs:
        for variable in BUCKET_NAMES:
            if name := lab.get(variable):
                owners.setdefault(("bucket", str(name)), []).append(f"{variable} of {lab['host']}")
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


def targets(lab: Lab, partition: str, region: str, account: str) -> dict[str, list[str]]:
    """Return what a grant can be ``on``: ``{target: [ARN, ...]}``."""
    found = {
        "source": [f"arn:{partition}:s3:::{lab.source_bucket}"],
        "source-objects": [f"arn:{partition}:s3:::{lab.source_bucket}/*"],
        "logs": [f"arn:{partition}:logs:{region}:{account}:*"],
    }
    if lab.destination_bucket:
        found["destination"] = [f"arn:{partition}:s3:::{lab.destination_bucket}"]
        found["destination-objects"] = [f"arn:{partition}:s3:::{lab.destination_bucket}/*"]
    if lab.table:
        found["table"] = [f"arn:{partition}:dynamodb:{region}:{account}:table/{lab.table}"]
    return found


def policy_documents(
    lab: Lab, partition: str, region: str, account: str
) -> dict[str, dict[str, Any]]:
    """Render the role's own policies: ``{policy name: IAM policy document}``."""
    arns = targets(lab, partition, region, account)
    return {
        name: {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": grant["actions"], "Resource": arns[grant["on"]]}
                for grant in grants
            ],
        }
        for name, grants in lab.policies.items()
    }


def managed_policy_arn(policy: str, partition: str) -> str:
    """Return the ARN of an AWS managed policy given by name; an ARN stays as it is."""
    if policy.startswith("arn:"):
        return policy
    path = "service-role/" if policy in SERVICE_ROLE_POLICIES else ""
    return f"arn:{partition}:iam::aws:policy/{path}{policy}"


def _missing(host: str, kind: str, values: dict[str, Any]) -> list[str]:
    needed = kinds()[kind]["requires"]
    return [
        f"{name} is missing for {host}: a {kind} lab needs it, so set it in the inventory."
        for name in needed
        if not values.get(name)
    ]


def _bad_names(host: str, values: dict[str, Any]) -> list[str]:
    problems = []
    for variable, rule in NAME_RULES.items():
        name = values.get(variable)
        if name and (problem := rule(str(name))):
            problems.append(f"{variable} of {host}, {str(name)!r}, {problem}: correct it.")
    return problems


def _bad_grants(host: str, policies: Any) -> list[str]:
    wanted = "{policy name: [{actions: [...], on: source | source-objects | table | ...}]}"
    try:
        grants = [grant for policy in policies.values() for grant in policy]
        fine = all(set(g) == {"actions", "on"} for g in grants)
    except (AttributeError, TypeError):
        fine = False
    return [] if fine else [f"lab_role_policies of {host} must have the form {wanted}."]
