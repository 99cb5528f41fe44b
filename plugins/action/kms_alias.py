"""Delete the alias of a KMS key.

https://docs.aws.amazon.com/kms/latest/developerguide/alias-delete.html
"""

from __future__ import annotations

from typing import Any

from labproof.ansible.action import LabAction

DOCUMENTATION = """
module: kms_alias
author: Labproof contributors
short_description: Delete the alias of a KMS key
description:
  - For M(amazon.aws.kms_key), which leaves the alias on a key whose deletion it schedules, so that
    for days nobody can give it to another key.
options:
  name:
    description: Name of the alias, with its prefix C(alias/).
    type: str
    required: true
  state:
    description: It is created together with its key.
    type: str
    choices: [absent]
    required: true
"""
EXAMPLES = """
- name: Delete the alias
  kms_alias:
    name: alias/ada
    state: absent
"""
RETURN = """
changed:
  description: Whether there was such an alias.
  type: bool
"""


class ActionModule(LabAction):
    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        name, kms = arguments["name"], self.connection.client("kms")
        pages = kms.get_paginator("list_aliases").paginate()
        found = any(one["AliasName"] == name for page in pages for one in page["Aliases"])
        if found and not self.check_mode:
            kms.delete_alias(AliasName=name)
        return {"changed": found}
