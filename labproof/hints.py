"""What to do next about a failed check: a sentence, a command that mends it, and a playbook.

Commands are templates (``$source_bucket``): the lab's own names are filled in.
"""

from __future__ import annotations

import json
from string import Template
from typing import Any

from labproof.labs import managed_policy_arn, policy_documents
from labproof.rubric import Requirement
from labproof.snapshot import Snapshot, is_error

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
    lab, key = snapshot.document["lab"], known_key(snapshot)
    place = {name: str(value) for name, value in snapshot.target.items()}
    return {
        **{name: value for name, value in lab.items() if isinstance(value, str)},
        **place,
        "event": (lab["trigger_events"] or ["s3:ObjectCreated:*"])[0],
        "key_arn": key.get("arn", "KEY-ARN"),
        "key_id": key.get("arn", "KEY-ARN"),
        "key_arguments": key_arguments(lab),
        "written_key": " and ".join(key_names(lab).values()),
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


def key_names(lab: dict[str, Any]) -> dict[str, str]:
    """Return the parts of the table's key by their kind, the partition key first."""
    names = {"HASH": lab["partition_key"], "RANGE": lab["sort_key"]}
    return {kind: name for kind, name in names.items() if name}


def key_arguments(lab: dict[str, Any]) -> str:
    """Return the arguments that give a table its key."""
    keys = key_names(lab)
    attributes = " ".join(f"AttributeName={n},AttributeType=S" for n in keys.values())
    schema = " ".join(f"AttributeName={n},KeyType={kind}" for kind, n in keys.items())
    return f"--attribute-definitions {attributes} --key-schema {schema}"


def grant_role(snapshot: Snapshot) -> str:
    """Return the commands that give the role what the lab needs."""
    lab = snapshot.document["lab"]
    place = {name: str(value) for name, value in snapshot.target.items()}
    identity = {name: place.get(name, "") for name in ("partition", "region", "account")}
    key_arn = known_key(snapshot).get("arn", "KEY-ARN")
    put = [
        f"aws iam put-role-policy --role-name {lab['role']} --policy-name {name} "
        f"--policy-document '{json.dumps(document)}'"
        for name, document in policy_documents(lab, identity, key_arn).items()
    ]
    return " && ".join([*put, *filter(None, [attach_policies(lab, place)])])


def attach_policies(lab: dict[str, Any], place: dict[str, str]) -> str:
    """Return the command that attaches the managed policies that the challenge names."""
    if not lab["managed_policies"]:
        return ""
    arns = [managed_policy_arn(p, place["partition"]) for p in lab["managed_policies"]]
    attach = f"aws iam attach-role-policy --role-name {lab['role']} --policy-arn $arn"
    return f"for arn in {' '.join(arns)}; do {attach}; done"


def key_policy(lab: dict[str, Any], place: dict[str, str]) -> dict[str, Any]:
    """Return a key policy for the account's administrators, S3 and the role."""
    account = f"arn:{place['partition']}:iam::{place['account']}"
    own = {"Effect": "Allow", "Resource": "*"}
    return {
        "Version": "2012-10-17",
        "Statement": [
            own | {"Principal": {"AWS": f"{account}:root"}, "Action": "kms:*"},
            own
            | {
                "Principal": {"Service": "s3.amazonaws.com"},
                "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
                "Condition": {"StringEquals": {"aws:SourceAccount": place["account"]}},
            },
            own | {"Principal": {"AWS": f"{account}:role/{lab['role']}"}, "Action": "kms:Decrypt"},
        ],
    }
