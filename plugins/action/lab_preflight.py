"""Check one lab before it is touched, and give its playbook everything it needs as facts."""

from __future__ import annotations

from typing import Any

from labproof.ansible.action import LabAction
from labproof.aws.connection import preload
from labproof.aws.operations import SERVICES
from labproof.building.grader_rights import grader_policy
from labproof.building.preflight import OWNER_TAG, inspect
from labproof.labs.arns import arns
from labproof.labs.grants import function_environment, managed_policy_arn, targets
from labproof.labs.lab import Lab, LabError
from labproof.labs.resolving import CLAIMED, shared_names

# Ansible loads this file before it forks a worker per host: read the API models here, once for all.
preload(SERVICES)
NAMES = tuple(variable.name for variable in CLAIMED)
WHO = ("aws_account_id", "aws_access_key", "aws_profile", "aws_assume_role_arn")


class ActionModule(LabAction):
    argument_spec = {"building": {"type": "bool", "default": False}}

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
            variables = hostvars[name]
            claim = {v: variables[v] for v in NAMES if v in variables}
            account = [str(variables[v]) for v in WHO if v in variables]
            claims.append(claim | {"host": name, "account": " ".join(account[:1])})
        problems = [p for p in shared_names(claims) if f" of {host}" in p]
        if problems:
            raise LabError("\n".join(problems))


def in_account(lab: Lab, identity: dict[str, str]) -> dict[str, Any]:
    """Return a lab as data, with the ARNs that are complete only in an account."""
    data, partition = lab.as_data(), identity["partition"]
    data["role"]["managed_policies"] = [
        managed_policy_arn(policy, partition) for policy in lab.role.managed_policies
    ]
    data["function"]["environment"] = function_environment(lab, identity)
    return data
