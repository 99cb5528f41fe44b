"""What to do next about a failed check: a sentence, a command that mends it, and a playbook.

Commands are templates (``$source_bucket``): the lab's own names are filled in.
"""

from __future__ import annotations

import json
from string import Template
from typing import Any

from labproof.aws.answers import is_error
from labproof.evidence.snapshot import Snapshot
from labproof.grading.rubric import Requirement
from labproof.labs.arns import arn
from labproof.labs.grants import managed_policy_arn, policy_documents, targets
from labproof.labs.lab import Lab

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def next_step(snapshot: Snapshot, requirement: Requirement, wanted: bool) -> dict[str, str]:
    """Return ``hint``, ``command`` and ``playbook``; empty where none is wanted."""
    if not wanted:
        return {"hint": "", "command": "", "playbook": ""}
    try:
        names = words(snapshot)
    except Exception:  # of a lab that contradicts itself, a hint keeps its $names
        names = {}
    playbook = f"playbooks/{requirement.playbook}" if requirement.playbook else ""
    return {
        "hint": Template(requirement.hint).safe_substitute(names),
        "command": Template(requirement.command).safe_substitute(names),
        "playbook": f"ansible-playbook {playbook} -l {snapshot.lab.host}" if playbook else "",
    }


def words(snapshot: Snapshot) -> dict[str, str]:
    """Return what a hint may name: the lab's names, where it is, and ready-made documents."""
    lab, key = snapshot.lab, known_key(snapshot)
    place = {name: str(value) for name, value in snapshot.target.items()}
    return {
        **{name: value for name, value in lab.names().items() if isinstance(value, str)},
        **place,
        "event": (lab.trigger.events or ["s3:ObjectCreated:*"])[0],
        "key_arn": key.get("arn", "KEY-ARN"),
        "key_id": key.get("arn", "KEY-ARN"),
        "key_arguments": key_arguments(lab),
        "written_key": " and ".join(k["name"] for k in lab.table.key),
        "trust_document": json.dumps(TRUST),
        "grant_role": grant_role(snapshot),
        "attach_policies": attach_policies(lab, place),
        "key_policy": json.dumps(key_policy(lab, place)),
    }


def known_key(snapshot: Snapshot) -> dict[str, Any]:
    """Return what was read of the key; empty where it does not exist or could not be read."""
    state = snapshot.document["state"]
    key = None if is_error(state) else state.get("key")
    return {} if key is None or is_error(key) else dict(key)


def key_arguments(lab: Lab) -> str:
    """Return the arguments that give a table its key."""
    names = [(part["name"], part["role"]) for part in lab.table.key]
    attributes = " ".join(f"AttributeName={name},AttributeType=S" for name, _ in names)
    schema = " ".join(f"AttributeName={name},KeyType={role}" for name, role in names)
    return f"--attribute-definitions {attributes} --key-schema {schema}"


def grant_role(snapshot: Snapshot) -> str:
    """Return the commands that give the role what the lab needs."""
    lab = snapshot.lab
    place = {name: str(value) for name, value in snapshot.target.items()}
    identity = {name: place.get(name, "") for name in ("partition", "region", "account")}
    arns = targets(lab, known_key(snapshot).get("arn", "KEY-ARN"), **identity)
    put = [
        f"aws iam put-role-policy --role-name {lab.role.name} --policy-name {name} "
        f"--policy-document '{json.dumps(document)}'"
        for name, document in policy_documents(lab.role.policies, arns).items()
    ]
    return " && ".join([*put, *filter(None, [attach_policies(lab, place)])])


def attach_policies(lab: Lab, place: dict[str, str]) -> str:
    """Return the command that attaches the managed policies that the challenge names."""
    if not lab.role.managed_policies:
        return ""
    arns = [managed_policy_arn(p, place["partition"]) for p in lab.role.managed_policies]
    attach = f"aws iam attach-role-policy --role-name {lab.role.name} --policy-arn $arn"
    return f"for arn in {' '.join(arns)}; do {attach}; done"


def key_policy(lab: Lab, place: dict[str, str]) -> dict[str, Any]:
    """Return a key policy for the account's administrators, S3 and the role."""
    own = {"Effect": "Allow", "Resource": "*"}
    return {
        "Version": "2012-10-17",
        "Statement": [
            own | {"Principal": {"AWS": arn("account", "", place)}, "Action": "kms:*"},
            own
            | {
                "Principal": {"Service": "s3.amazonaws.com"},
                "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
                "Condition": {"StringEquals": {"aws:SourceAccount": place["account"]}},
            },
            own
            | {"Principal": {"AWS": arn("role", lab.role.name, place)}, "Action": "kms:Decrypt"},
        ],
    }
