"""Prove a lab by fresh uploads, on the evidence that it is graded by."""

from __future__ import annotations

from typing import Any

from labproof.ansible.action import LabAction
from labproof.evidence.uploads import probe
from labproof.evidence.uploads.flows import FLOWS
from labproof.evidence.uploads.upload import Upload

DOCUMENTATION = """
module: probe_lab
author: Labproof contributors
short_description: Upload fresh files to a lab, and see what becomes of them
description:
  - Uploads what the lab's flow is probed with, follows it to the end, and removes what it left.
  - It is the probe of grading, with a tag on what is uploaded to be copied, which takes the rights
    to write and read tags, and without metrics, which AWS publishes only after minutes.
  - Nothing is judged. What AWS did not answer fails the task, with one sentence.
options:
  timeout:
    description: Seconds that the uploads are followed.
    type: float
    default: 60.0
  key:
    description:
      - Key of an upload that somebody else has just made to a lab of the flow C(transfer).
      - It is followed in place of fresh ones; it, its copy and its item stay where they are.
    type: str
  signed_ms:
    description: When that upload was signed, in milliseconds since the epoch.
    type: int
    default: 0
  uploaded_ms:
    description: When it had been made.
    type: int
    default: 0
"""
EXAMPLES = """
- name: Upload fresh objects and follow them to the end
  probe_lab:
    timeout: 60
  register: proof

- name: Follow the client's upload to the end
  probe_lab:
    key: verify/sample.zip
    signed_ms: 1800000000000
    uploaded_ms: 1800000000500
"""
RETURN = """
seen:
  description:
    - What the uploads showed, in the terms of the lab's flow; C(proof) of its module in
      labproof/evidence/uploads/flows/ tells its fields.
  type: dict
  returned: success
"""


class ActionModule(LabAction):
    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        lab, timeout = self.lab(), arguments.pop("timeout")
        client = Upload("client", **arguments) if arguments["key"] else None
        seen = probe(lab, self.connection, {}, timeout, proving=True, client=client)
        return {"seen": FLOWS[lab.flow].proof(lab, seen)}
