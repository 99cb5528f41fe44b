"""A refusal as AWS words it, in the form of each protocol."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

Answer = tuple[int, str, bytes]
# Services whose errors are XML; the others answer in JSON.
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
REST_XML, QUERY_XML = ("s3",), ("iam", "sts", "sns")


@dataclass(frozen=True)
class Refusal(Exception):  # noqa: N818 - what AWS answers, no mishap
    """An error that AWS answers; ``details`` are further elements of S3's error document."""

    code: str
    message: str
    status: int = 400
    details: dict[str, str] = field(default_factory=dict)

    def answer(self, service: str) -> Answer:
        """Return status, content type and body in the service's own form."""
        if service in REST_XML:
            return self.status, "application/xml", self._rest_xml()
        if service in QUERY_XML:
            return self.status, "text/xml", self._query_xml()
        body = {"__type": self.code, "message": self.message, "Message": self.message}
        return self.status, "application/x-amz-json-1.1", json.dumps(body).encode()

    def _rest_xml(self) -> bytes:
        elements = {"Code": self.code, "Message": self.message, **self.details}
        inner = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in elements.items())
        request = secrets.token_hex(8).upper()
        text = f"<Error>{inner}<RequestId>{request}</RequestId></Error>"
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()

    def _query_xml(self) -> bytes:
        inner = f"<Code>{escape(self.code)}</Code><Message>{escape(self.message)}</Message>"
        return (
            f"<ErrorResponse><Error><Type>Sender</Type>{inner}</Error>"
            f"<RequestId>{secrets.token_hex(16)}</RequestId></ErrorResponse>"
        ).encode()
