"""The least rights with which a lab can be graded: what is read, and what the probe does.

Which operations are asked, and what right each needs, is declared in
:mod:`labproof.aws.operations`; here is what a lab has of what they are asked of. Rights are on the
lab's own resources wherever IAM knows resources for an action
(https://docs.aws.amazon.com/service-authorization/latest/reference/). Nothing can be changed with
them but objects of the source and destination buckets, items of the table, and who is subscribed to
the lab's topic. They are rights of an account that is AWS; what the probe does for itself in a
sandbox (a role of its own) is no part.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from labproof.aws.operations import OPERATIONS
from labproof.labs.arns import arn
from labproof.labs.flows import FLOWS
from labproof.labs.lab import Lab

# For what IAM knows no resource: it reads what is in the whole account. Of subscriptions, whoever
# subscribed may end them.
EVERYTHING = ["*"]


# Purposes of which only the lab's own key is part, known by its alias alone
# https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
BY_ALIAS = ("ReadKey", "EncryptUploads")


def grader_policy(lab: Lab, identity: Mapping[str, str]) -> dict[str, Any]:
    """Return the policy document that grading a lab needs.

    ``identity`` is its ``partition``, ``region`` and ``account``.
    """
    found = _of_every_lab(lab, identity) | _of_some_labs(lab, identity)
    statements = [
        _statement(lab, purpose, resources) for purpose, resources in found.items() if resources
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _statement(lab: Lab, purpose: str, resources: list[str]) -> dict[str, Any]:
    asked = [one.actions for one in OPERATIONS if purpose in one.purposes]
    actions = sorted({action for needed in asked for action in needed})
    found = {"Sid": purpose, "Effect": "Allow", "Action": actions, "Resource": resources}
    own = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": lab.key.alias}}
    return found | ({"Condition": own} if purpose in BY_ALIAS else {})


def _on(place: Mapping[str, str], kind: str, *names: str) -> list[str]:
    return [arn(kind, name, place) for name in names if name]


def _of_every_lab(lab: Lab, place: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the resources of each purpose that every lab has: ``{purpose: [ARN]}``."""
    on, function, log_group = partial(_on, place), lab.function.name, lab.function.log_group
    return {
        "ReadSource": on("bucket", *lab.source.buckets),
        "Upload": on("objects", *lab.source.buckets),
        "ReadAccount": EVERYTHING,
        # A role's path is part of its ARN, and a learner may choose one.
        "ReadRole": on("role", lab.role.name, f"*/{lab.role.name}"),
        # What the names of policies, rules and keys are is known only after reading.
        "ReadPolicies": [*on("policy", "*"), *on("aws-policy", "*")],
        "ReadFunction": on("function", function, f"{function}:*"),
        "FindRules": EVERYTHING,
        "ReadRules": on("rule", "*"),
        "FindLogGroup": EVERYTHING,
        # AWS writes a log group's ARN with that ending and without it.
        "ReadLog": on("log-group", log_group, f"{log_group}:*"),
        "ReadMetrics": EVERYTHING,
    }


def _of_some_labs(lab: Lab, place: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the resources of each purpose that not every lab has; none where it has not."""
    on, table, flow = partial(_on, place), lab.table.name, FLOWS[lab.flow]
    keys = on("key", "*") if lab.key else []
    return {
        "UploadInParts": on("objects", *lab.source.buckets) if flow.in_parts else [],
        "ReadDestination": on("bucket", lab.destination.bucket),
        "ReadCopies": on("objects", lab.destination.bucket),
        "ReadUsers": EVERYTHING if "account.no-keys" in lab.requirements else [],
        "ReadTable": on("table", table),
        flow.looking: on("table", table) if flow.looking else [],
        "AskIndex": on("table", lab.table.index and f"{table}/index/{lab.table.index}"),
        "ReadKey": keys,
        # A table may be encrypted with another key, which is looked at, too.
        "DescribeKeys": [*keys, *on("alias", lab.key.alias)],
        "EncryptUploads": keys,
        "ReadTrail": on("trail", lab.trail.name),
        "SeeTrailBucket": on("bucket", lab.trail.bucket) if lab.trail else [],
        "ReadHistory": EVERYTHING if lab.trail else [],
        "HearTopic": on("topic", lab.topic.name),
        "LeaveTopic": EVERYTHING if lab.topic else [],
        "OwnQueues": on("queue", "labproof-*") if lab.topic else [],
        "ReadStack": on("stack", lab.stack.name),
    }
