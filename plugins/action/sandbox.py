"""Start or stop the embedded sandbox on the control node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labproof.ansible.action import LabAction
from labproof.sandbox import Sandbox

DOCUMENTATION = """
module: sandbox
author: Labproof contributors
short_description: Start or stop the embedded sandbox
description:
  - The suite's own emulator of AWS, on the control node. Nothing but this suite starts it.
  - Check mode starts it as well, for a dry run has to ask somebody.
options:
  state:
    description: Whether it shall run.
    type: str
    choices: [started, stopped]
    default: started
  folder:
    description: Folder of its state, logs and certificates.
    type: path
    required: true
  port:
    description: Port of HTTP; HTTPS is served on the next one.
    type: int
    default: 4566
  timeout:
    description: Seconds to wait for it.
    type: float
    default: 30
"""
EXAMPLES = """
- name: Start the sandbox
  sandbox:
    folder: .sandbox
"""
RETURN = """
endpoint_url:
  description: Where it answers.
  returned: success
  type: str
  sample: https://localhost:4567
"""


class ActionModule(LabAction):
    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        sandbox = Sandbox(Path(arguments["folder"]), arguments["port"])
        started = arguments["state"] == "started"
        turn = sandbox.start if started else sandbox.stop
        changed = turn(arguments["timeout"])
        warnings = [sandbox.notice] if sandbox.notice else []
        return {"changed": changed, "endpoint_url": sandbox.endpoint_url, "warnings": warnings}
