"""What AWS says when it refuses: absence, refused credentials, and a sentence for people."""

from __future__ import annotations

from botocore.exceptions import ClientError

CREDENTIAL_CODES = {
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "InvalidToken",
    "MissingAuthenticationToken",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
ABSENT_CODES = {
    "404",
    "NotFoundException",
    "TrailNotFoundException",
    "ServerSideEncryptionConfigurationNotFoundError",
    "NoSuchBucket",
    "NoSuchBucketPolicy",
    "NoSuchEntity",
    "NoSuchKey",
    "NoSuchPublicAccessBlockConfiguration",
    "NoSuchTagSet",
    "NoSuchTagSetError",
    "NotFound",
    "ResourceNotFoundException",
}


class AwsError(Exception):
    """AWS could not be asked, or refused to answer; the message is one sentence for people."""


def error_code(error: ClientError) -> str:
    """Return the code of an AWS error, such as ``AccessDenied``."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_absent(error: ClientError) -> bool:
    """Tell whether AWS answered that the thing asked for does not exist."""
    return error_code(error) in ABSENT_CODES
