"""Build a function's zip on the control node, with its placeholders filled in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labproof.ansible.action import LabAction
from labproof.labs.package import PackageError, fill, zip_bytes

DOCUMENTATION = """
module: function_package
author: Labproof contributors
short_description: Pack a function's source, with its placeholders filled in
description:
  - Writes the same bytes for the same source, so that a second deployment changes nothing.
    M(community.general.archive) puts the time of the file into the archive.
options:
  source:
    description: Source file on the control node, below C(files/) or absolute.
    type: path
    required: true
  module:
    description: Name of the module in the package.
    type: str
    default: lambda_function
  replacements:
    description: Values of the placeholders in the source; an empty one is left as it is.
    type: dict
    default: {}
  dest:
    description: The package, on the control node.
    type: path
    required: true
"""
EXAMPLES = """
- name: Pack the function
  function_package:
    source: lambda-function.py
    replacements:
      REPLACE-WITH-YOUR-DYNAMODB-TABLE: Logs
    dest: .build/copy.zip
  register: package
"""
RETURN = """
path:
  description: The package.
  returned: success
  type: path
handler:
  description: The function's handler, as Lambda wants it.
  returned: success
  type: str
  sample: lambda_function.lambda_handler
"""


class ActionModule(LabAction):
    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        source = Path(self._find_needle("files", arguments["source"]))
        replacements = {k: str(v) for k, v in arguments["replacements"].items() if v}
        text = fill(source.read_text("utf-8"), replacements)
        archive = zip_bytes({f"{arguments['module']}.py": text})
        dest = Path(arguments["dest"])
        try:
            dest.parent.mkdir(parents=True, exist_ok=True)
            dest.write_bytes(archive)
        except OSError as error:
            raise PackageError(
                f"The package cannot be written to {dest}: {error.strerror}."
            ) from error
        # A build product, the same for the same source: its deployment tells what changes.
        return {
            "changed": False,
            "path": str(dest),
            "handler": f"{arguments['module']}.lambda_handler",
        }
