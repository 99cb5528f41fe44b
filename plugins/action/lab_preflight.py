"""Check one lab before it is touched, and give its playbook everything it needs as facts."""

from __future__ import annotations

from typing import Any

from labproof.aws import preload
from labproof.collect import SERVICES
from labproof.labs import (
    BUCKET_NAMES,
    UNIQUE_NAMES,
    LabError,
    managed_policy_arn,
    shared_names,
)
from labproof.playbook import LabAction
from labproof.preflight import OWNER_TAG, inspect

# Ansible loads this file before it forks a worker per host: read the API models here, once for all.
preload(("sts", *SERVICES))
CLAIMS = (*BUCKET_NAMES, *UNIQUE_NAMES)
WHO = ("aws_account_id", "aws_access_key", "aws_profile", "aws_assume_role_arn")


class ActionModule(LabAction):
    argument_spec = {"building": {"type": "bool", "default": False}}

    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        lab = self.lab()
        if arguments["building"]:
            self._refuse_shared_names(lab.host)
        seen = inspect(lab, self.connection, arguments["building"])
        identity = seen["identity"]
        managed = [managed_policy_arn(p, identity["partition"]) for p in lab.managed_policies]
        facts = {
            "lab": lab.as_dict() | {"managed_policies": managed},
            "lab_identity": identity,
            "lab_ownership": seen["ownership"],
            "lab_key_arn": seen["key_arn"],
            "lab_tags": {OWNER_TAG: lab.host},
        }
        return {"ansible_facts": facts}

    def _refuse_shared_names(self, host: str) -> None:
        """Compare the names of all labs of the inventory, also of those left out by --limit."""
        hostvars = self.task_vars["hostvars"]
        claims = []
        for name in self.task_vars["groups"]["all"]:
            variables = hostvars[name]
            claim = {v: variables[v] for v in CLAIMS if v in variables}
            account = [str(variables[v]) for v in WHO if v in variables]
            claims.append(claim | {"host": name, "account": " ".join(account[:1])})
        problems = [p for p in shared_names(claims) if f" of {host}" in p]
        if problems:
            raise LabError("\n".join(problems))
