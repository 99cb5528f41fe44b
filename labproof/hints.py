"""What to do next about a failed check: a sentence, a command that mends it, and a playbook.

Commands are templates (``$source_bucket``): the lab's own names are filled in.
"""

from __future__ import annotations

import json
from string import Template
from typing import Any

from labproof.labs import policy_documents
from labproof.rubric import Requirement
from labproof.snapshot import Snapshot

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
    names = words(snapshot)
    playbook = f"playbooks/{requirement.playbook}" if requirement.playbook else ""
    return {
        "hint": Template(requirement.hint).safe_substitute(names),
        "command": Template(requirement.command).safe_substitute(names),
        "playbook": f"ansible-playbook {playbook} -l {snapshot.lab.host}" if playbook else "",
    }


def words(snapshot: Snapshot) -> dict[str, str]:
    """Return what a hint may name: the lab's names, where it is, and ready-made policies."""
    lab = snapshot.document["lab"]
    place = {k: str(v) for k, v in snapshot.target.items()}
    return {
        **{name: value for name, value in lab.items() if isinstance(value, str)},
        **place,
        "trust_document": json.dumps(TRUST),
        "role_policy": role_policy(snapshot),
        "event": (lab["trigger_events"] or ["s3:ObjectCreated:*"])[0],
    }


def role_policy(snapshot: Snapshot) -> str:
    """Return what the lab's role needs as one policy document."""
    identity = {name: str(snapshot.target.get(name)) for name in ("partition", "region", "account")}
    key: dict[str, Any] = snapshot.document["state"].get("key") or {}
    documents = policy_documents(snapshot.document["lab"], identity, key.get("arn", ""))
    statements = [s for document in documents.values() for s in document["Statement"]]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
