"""A request of the API, as far as a rule has to know it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs

from ministack.core.iam_actions import extract_iam_action
from ministack.core.router import detect_service, extract_access_key_id, extract_region


@dataclass(frozen=True)
class Request:
    """One request; header names are in lower case, ``body`` may not have been read yet."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes = b""

    @classmethod
    def of_scope(cls, scope: dict[str, Any], body: bytes = b"") -> Request:
        """Return the request of an ASGI scope."""
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        return cls(scope["method"], scope["path"], query, headers, body)

    @cached_property
    def service(self) -> str:
        return str(detect_service(self.method, self.path, self.headers, self.query))

    @cached_property
    def action(self) -> str:
        """The IAM action, such as ``s3:PutBucketPolicy``; empty where it is not known."""
        asked = (self.service, self.method, self.path, self.headers, self.body, self.query)
        return str(extract_iam_action(*asked) or "")

    @property
    def region(self) -> str:
        return str(extract_region(self.headers, self.query))

    @property
    def access_key(self) -> str:
        """The access key id that signed it; empty for nobody."""
        return str(extract_access_key_id(self.headers, self.query))

    @property
    def is_form(self) -> bool:
        return "x-www-form-urlencoded" in self.headers.get("content-type", "")

    @cached_property
    def json(self) -> dict[str, Any]:
        """The body as a JSON object; empty where it is none."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @cached_property
    def form(self) -> dict[str, str]:
        """The parameters of a query request."""
        given = parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return {name: values[0] for name, values in (self.query | given).items()}

    @property
    def bucket(self) -> str:
        return self.path.strip("/").partition("/")[0]

    @property
    def key(self) -> str:
        """The key of S3's object."""
        return self.path.removeprefix("/").partition("/")[2]

    @property
    def function(self) -> str:
        """The name of the Lambda function, its version left out."""
        parts = self.path.split("/")
        name = parts[parts.index("functions") + 1] if "functions" in parts[:-1] else ""
        name = name or str(self.json.get("FunctionName", ""))
        return (name.rpartition("function:")[2] or name).partition(":")[0]
