"""What a grant of ``lab_role_policies`` can be on, and the policies that grants come to."""

from __future__ import annotations

from typing import Any

from labproof.labs.arns import arn
from labproof.labs.lab import Lab

SERVICE_ROLE_POLICIES = {"AWSLambdaBasicExecutionRole"}
# What a grant can be on: the variable with the name that it needs, if any, and the kind of ARN.
TARGETS: dict[str, tuple[str | None, str]] = {
    "source": ("source_bucket", "bucket"),
    "source-objects": ("source_bucket", "objects"),
    "destination": ("destination_bucket", "bucket"),
    "destination-objects": ("destination_bucket", "objects"),
    "table": ("table", "table"),
    "topic": ("topic", "topic"),
    "logs": (None, "logs"),
    "key": ("key_alias", "key"),
}


def targets(lab: Lab, key_arn: str, **place: str) -> dict[str, list[str]]:
    """Return what a grant can be ``on``: ``{target: [ARN, ...]}``.

    ``place`` holds ``partition``, ``region`` and ``account``; a key's ARN is known only once the
    key exists.
    """
    return {
        target: [key_arn] if target == "key" else [arn(kind, name, place) for name in names]
        for target, (part, kind) in TARGETS.items()
        if (names := _names(lab, part))
    }


def _names(lab: Lab, part: str | None) -> list[str]:
    """Return the names that a part goes by: several for the source buckets, "" for no part."""
    if part is None:
        return [""]
    if part == "source_bucket":
        return list(lab.source.buckets)
    name = lab.names()[part]
    return [name] if name else []


def function_environment(lab: Lab, identity: dict[str, str]) -> dict[str, str]:
    """Return the function's variables; a topic's ARN is complete only in an account."""
    return {name: value.format(**identity) for name, value in lab.function.environment.items()}


def policy_documents(
    policies: dict[str, list[dict[str, Any]]], arns: dict[str, list[str]]
) -> dict[str, dict[str, Any]]:
    """Render a role's own policies: ``{policy name: IAM policy document}``.

    ``policies`` are a role's grants by policy, ``arns`` those of :func:`targets`.
    """
    return {
        name: {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": grant["actions"], "Resource": arns[grant["on"]]}
                for grant in grants
            ],
        }
        for name, grants in policies.items()
    }


def managed_policy_arn(policy: str, partition: str) -> str:
    """Return the ARN of an AWS managed policy given by name; an ARN stays as it is."""
    if policy.startswith("arn:"):
        return policy
    path = "service-role/" if policy in SERVICE_ROLE_POLICIES else ""
    return arn("aws-policy", f"{path}{policy}", {"partition": partition})
