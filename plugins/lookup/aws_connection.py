"""The connection of the current host as arguments of ``amazon.aws`` modules."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from botocore.exceptions import BotoCoreError, ClientError

from labproof.aws.connection import Connection, explain

DOCUMENTATION = """
name: aws_connection
author: Labproof contributors
short_description: Connection arguments for amazon.aws modules
description:
  - Turns the inventory's C(aws_*) variables into C(region), C(endpoint_url), keys or profile.
  - Assumes C(aws_assume_role_arn) when it is set. Nothing is stored in a fact.
options: {}
"""
EXAMPLES = """
- name: Ask AWS as the inventory says
  hosts: all
  module_defaults:
    group/amazon.aws.aws: "{{ lookup('aws_connection') }}"
"""
RETURN = """
_raw:
  description: One dictionary of module arguments.
  type: list
  elements: dict
"""


class LookupModule(LookupBase):  # type: ignore[misc]
    def run(
        self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any
    ) -> list[dict[str, str]]:
        given = {
            name: self._templar.template(value)
            for name, value in (variables or {}).items()
            if name.startswith("aws_")
        }
        connection = Connection.from_variables(given)
        try:
            return [connection.module_arguments()]
        except (BotoCoreError, ClientError) as error:
            raise AnsibleLookupError(str(explain(error, connection))) from error
