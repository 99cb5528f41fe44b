"""What all settings share: None for what AWS says is not there."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from labproof.aws.errors import error_code

ROLE_S = 60.0  # how long a fresh role may be unknown to other services
ABSENT = {
    "NoSuchBucket",
    "NoSuchBucketPolicy",
    "NoSuchPublicAccessBlockConfiguration",
    "NoSuchLifecycleConfiguration",
    "NoSuchTagSet",
    "NoSuchTagSetError",
    "ServerSideEncryptionConfigurationNotFoundError",
    "OwnershipControlsNotFoundError",
    "NoSuchKey",
    "NoSuchEntity",
    "ResourceNotFoundException",
    "NotFound",
    "NotFoundException",
    "TrailNotFoundException",
    "404",
}


def found(ask: Callable[[], Any]) -> Any:
    """Return an answer, None where the thing asked for is not there."""
    try:
        return ask()
    except ClientError as error:
        if error_code(error) in ABSENT:
            return None
        raise


def removed(ask: Callable[[], Any]) -> None:
    """Remove something that may be gone already."""
    found(ask)


def as_text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def as_bytes(text: str) -> bytes:
    return base64.b64decode(text)
