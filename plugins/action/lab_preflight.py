"""Check one lab before it is touched, and give its playbook everything it needs as facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from ansible.errors import AnsibleError

from labproof.ansible.action import LabAction
from labproof.aws.connection import preload
from labproof.aws.operations import SERVICES
from labproof.building.grader_rights import grader_policy
from labproof.building.preflight import OWNER_TAG, inspect
from labproof.building.trigger import find_triggers
from labproof.labs.arns import arns
from labproof.labs.grants import function_environment, managed_policy_arn, targets
from labproof.labs.lab import Lab, LabError
from labproof.labs.resolving import CLAIMED, shared_names

# Ansible loads this file before it forks a worker per host: read the API models here, once for all.
preload(SERVICES)
NAMES = tuple(variable.name for variable in CLAIMED)
WHO = ("aws_account_id", "aws_access_key", "aws_profile", "aws_assume_role_arn")

DOCUMENTATION = """
module: lab_preflight
author: Labproof contributors
short_description: Check one lab before it is touched, and give its facts
description:
  - Checks the host's variables and the account, and before building also what is in the way.
  - Nothing but this suite does that. It reads only.
options:
  building:
    description: Whether the lab is about to be built, so that names and resources in the way count.
    type: bool
    default: false
"""
EXAMPLES = """
- name: Check names, account and what is in the way
  lab_preflight:
    building: true
"""
RETURN = """
ansible_facts:
  description: What the playbooks need to know of the lab.
  returned: success
  type: complex
  contains:
    lab:
      description: The lab's parts, as the inventory and its defaults describe them.
      type: dict
    lab_identity:
      description: Partition, region and account.
      type: dict
    lab_arns:
      description: ARNs of the lab's parts.
      type: dict
    lab_grant_arns:
      description: What a grant can be on, ARNs by target.
      type: dict
    lab_ownership:
      description: For each part V(absent), V(ours), V(foreign) or V(unknown).
      type: dict
    lab_triggers:
      description: For each source bucket what the role trigger is told of it.
      type: dict
    lab_key_arn:
      description: ARN of the lab's KMS key; empty for none.
      type: str
    lab_grader_policy:
      description: IAM policy of what grading the lab needs.
      type: dict
    lab_tags:
      description: Tags that mark a resource as the lab's.
      type: dict
"""


class ActionModule(LabAction):
    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        lab = self.lab()
        if arguments["building"]:
            self._refuse_shared_names(lab.host)
        seen = inspect(lab, self.connection, arguments["building"])
        identity = seen["identity"]
        facts = {
            "lab": in_account(lab, identity),
            "lab_identity": identity,
            "lab_arns": arns(lab, identity),
            "lab_grant_arns": targets(lab, seen["key_arn"], **identity),
            "lab_triggers": find_triggers(lab, self.connection, identity),
            "lab_ownership": seen["ownership"],
            "lab_key_arn": seen["key_arn"],
            "lab_grader_policy": grader_policy(lab, identity),
            "lab_tags": {OWNER_TAG: lab.host},
        }
        return {"ansible_facts": facts}

    def _refuse_shared_names(self, host: str) -> None:
        """Compare the names of all labs of the inventory, also of those left out by --limit."""
        hostvars = self.task_vars["hostvars"]
        claims = []
        for name in self.task_vars["groups"]["all"]:
            account = [str(value) for value in defined(hostvars[name], WHO).values()]
            claim = {"host": name, "account": " ".join(account[:1])}
            claims.append(defined(hostvars[name], NAMES) | claim)
        problems = [p for p in shared_names(claims) if f" of {host}" in p]
        if problems:
            raise LabError("\n".join(problems))


def defined(variables: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return those of a host's variables that have a value: another lab's mistake is its own."""
    found = {}
    for name in names:
        with suppress(AnsibleError):
            if name in variables:
                found[name] = variables[name]
    return found


def in_account(lab: Lab, identity: dict[str, str]) -> dict[str, Any]:
    """Return a lab as data, with the ARNs that are complete only in an account."""
    data, partition = lab.as_data(), identity["partition"]
    data["role"]["managed_policies"] = [
        managed_policy_arn(policy, partition) for policy in lab.role.managed_policies
    ]
    data["function"]["environment"] = function_environment(lab, identity)
    return data
