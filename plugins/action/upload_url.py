"""Sign an upload to the source bucket: the client host needs neither SDK nor credentials."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from labproof.ansible.action import LabAction

DOCUMENTATION = """
module: upload_url
author: Labproof contributors
short_description: Sign one upload to a lab's source bucket
description:
  - The client host needs neither SDK nor credentials to upload by the address, which is a
    credential itself for five minutes. Register it under C(no_log).
options:
  file:
    description: Name of the file that is to be uploaded, under a fresh key that nobody can guess.
    type: str
    required: true
"""
EXAMPLES = """
- name: Sign an upload under a fresh key
  upload_url:
    file: sample.zip
  register: upload
  no_log: true
"""
RETURN = """
key:
  description: The key of the object.
  type: str
  returned: success
put_url:
  description: The address that one PUT may go to.
  type: str
  returned: success
signed_ms:
  description: When it was signed, in milliseconds since the epoch.
  type: int
  returned: success
"""
LIFETIME_S = 300


class ActionModule(LabAction):
    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        lab = self.lab()
        moment = datetime.now(UTC)
        key = f"verify/{moment:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}/{arguments['file']}"
        request = {"Bucket": lab.source.bucket, "Key": key}
        url = self.connection.client("s3").generate_presigned_url(
            "put_object", Params=request, ExpiresIn=LIFETIME_S
        )
        return {"key": key, "put_url": url, "signed_ms": int(moment.timestamp() * 1000)}
