"""What AWS says when it refuses: absence, refused credentials, and a sentence for people."""

from __future__ import annotations

from botocore import xform_name
from botocore.exceptions import ClientError

from labproof.aws.operations import means_absence

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


class AwsError(Exception):
    """AWS could not be asked, or refused to answer; the message is one sentence for people."""


def error_code(error: ClientError) -> str:
    """Return the code of an AWS error, such as ``AccessDenied``."""
    return str(error.response.get("Error", {}).get("Code", ""))


def error_message(error: ClientError) -> str:
    """Return what AWS says of an error."""
    return str(error.response.get("Error", {}).get("Message", ""))


def refused_operation(error: ClientError) -> str:
    """Return the operation that AWS refused, as boto3 calls it: ``get_bucket_policy``."""
    name: str = xform_name(error.operation_name)
    return name


def is_absent(error: ClientError) -> bool:
    """Tell whether AWS answered that the thing asked for does not exist."""
    return means_absence(refused_operation(error), error_code(error))
