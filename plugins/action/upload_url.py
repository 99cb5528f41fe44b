"""Sign an upload to the source bucket: the client host needs neither SDK nor credentials."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from labproof.ansible.action import LabAction

LIFETIME_S = 300


class ActionModule(LabAction):
    argument_spec = {"file": {"type": "str", "required": True}}

    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return a fresh, unguessable key and the address that one PUT may go to."""
        lab = self.lab()
        moment = datetime.now(UTC)
        key = f"verify/{moment:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}/{arguments['file']}"
        request = {"Bucket": lab.source.bucket, "Key": key}
        url = self.connection.client("s3").generate_presigned_url(
            "put_object", Params=request, ExpiresIn=LIFETIME_S
        )
        addresses = {"public_url": self.connection.anonymous_url(lab.source.bucket, key)}
        if lab.destination:
            addresses["private_url"] = self.connection.anonymous_url(lab.destination.bucket, key)
        signed_ms = int(moment.timestamp() * 1000)
        return {"key": key, "put_url": url, "signed_ms": signed_ms, **addresses}
