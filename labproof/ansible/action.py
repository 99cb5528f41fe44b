"""What the suite's Ansible plugins share: variables in, one sentence out when it goes wrong."""

from __future__ import annotations

import sys
from functools import cached_property
from typing import Any

import yaml
from ansible.plugins.action import ActionBase
from botocore.exceptions import BotoCoreError, ClientError

from labproof.aws.connection import Connection, explain
from labproof.aws.errors import AwsError
from labproof.labs.lab import Lab, LabError
from labproof.labs.package import PackageError
from labproof.labs.resolving import resolve
from labproof.sandbox import SandboxError

USER_ERRORS = (AwsError, LabError, PackageError, SandboxError)
PREFIXES = ("lab_", "aws_")


class LabAction(ActionBase):  # type: ignore[misc]
    """An action on one lab, in the controller's own process: no module is shipped anywhere.

    A subclass stands in a file whose ``DOCUMENTATION`` declares its arguments, and implements
    ``act``, which returns the task's result.
    """

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        self.task_vars = task_vars or {}
        _, arguments = self.validate_argument_spec(argument_spec=self.documented())
        try:
            result.update(self.act(arguments))
        except USER_ERRORS as error:
            result.update(failed=True, msg=str(error))
        except (BotoCoreError, ClientError) as error:
            result.update(failed=True, msg=str(explain(error, self.connection)))
        return result

    @classmethod
    def documented(cls) -> dict[str, dict[str, Any]]:
        """Return the options of ``DOCUMENTATION``, as Ansible checks arguments by."""
        options = yaml.safe_load(sys.modules[cls.__module__].DOCUMENTATION)["options"]
        return {
            name: {k: v for k, v in option.items() if k != "description"}
            for name, option in options.items()
        }

    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Do the work. Raises one of USER_ERRORS with a sentence for people."""
        raise NotImplementedError

    @cached_property
    def variables(self) -> dict[str, Any]:
        """The host's ``lab_*`` and ``aws_*`` variables; not every action needs them to be right."""
        return self.template_variables(self.task_vars)

    @cached_property
    def connection(self) -> Connection:
        return Connection.from_variables(self.variables)

    @property
    def check_mode(self) -> bool:
        return bool(self._task.check_mode)

    def template_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Return the ``lab_*`` and ``aws_*`` variables with their templates filled in."""
        return {
            name: self._templar.template(value)
            for name, value in variables.items()
            if name.startswith(PREFIXES)
        }

    def lab(self) -> Lab:
        """Return the lab of this task's host. Raises LabError."""
        host, groups = self.task_vars["inventory_hostname"], self.task_vars["group_names"]
        return resolve(host, groups, self.variables)
