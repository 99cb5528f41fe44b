"""Ask as others would: without credentials over HTTPS, and as a role over plain HTTP."""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.request
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from labproof.aws.answers import error_of, is_error
from labproof.aws.asking import attempt, nothing
from labproof.aws.connection import Connection
from labproof.aws.errors import error_code
from labproof.evidence.uploads.prober import Prober
from labproof.labs.lab import Lab

TIMEOUT_S = 10
MAX_BYTES = 1 << 20
# What says nothing about who may read: the service is busy or down.
NO_ANSWER = (429, 500, 502, 503, 504)


def anonymous_read(
    connection: Connection, bucket: str, key: str, sha256: str | None, of: str
) -> dict[str, Any]:
    """Return ``{"url", "status", "same", "of"}`` of a GET without credentials, or an error.

    ``same`` tells whether the content has this checksum; ``of`` says what was asked for.
    """
    url = connection.anonymous_url(bucket, key)
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S, context=connection.tls()) as answer:  # noqa: S310
            body = answer.read(MAX_BYTES)
            digest = hashlib.sha256(body).hexdigest()
            return {"url": url, "status": answer.status, "same": digest == sha256, "of": of}
    except urllib.error.HTTPError as refused:
        if refused.code in NO_ANSWER:
            return error_of("anonymous GET", str(refused.code), str(refused.reason))
        return {"url": url, "status": refused.code, "same": False, "of": of}
    except (OSError, http.client.HTTPException, ValueError) as error:
        return error_of("anonymous GET", type(error).__name__, str(error))


def over_http(lab: Lab, connection: Connection) -> Any:
    """Ask for the bucket's listing over HTTPS and over plain HTTP, as one whom policies bind.

    Returns ``{"https": "allowed" | CODE, "http": …}``, or an error where an answer did not come. A
    bucket policy does not bind the root user of the sandbox, so a role is made there that may
    list, and removed again; on AWS the question is asked in the grader's own name.
    """
    found = attempt("assume_role", lambda: _as_prober(lab, connection))
    if nothing(found):
        return found
    return next((answer for answer in found.values() if is_error(answer)), found)


def _as_prober(lab: Lab, connection: Connection) -> dict[str, Any]:
    with Prober(connection, lab.source.bucket) as prober:
        return {
            "https": listing(prober, lab.source.bucket),
            "http": listing(prober.plain_http(), lab.source.bucket),
        }


def listing(connection: Connection, bucket: str) -> Any:
    """Return ``allowed``, the code of a refusal, or an error where no answer came."""
    try:
        connection.client("s3").list_objects_v2(Bucket=bucket, MaxKeys=1)
    except ClientError as error:
        code, operation = error_code(error), error.operation_name
        # Who asks may lack credentials, or their role: that says nothing about the bucket.
        refused = (code, operation) == ("AccessDenied", "ListObjectsV2")
        return code if refused else error_of(xform_name(operation), code, str(error))
    except BotoCoreError as error:
        return error_of("list_objects_v2", type(error).__name__, str(error))
    return "allowed"
