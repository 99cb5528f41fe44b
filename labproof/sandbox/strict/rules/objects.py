"""What S3 refuses of objects: long names, small parts, large copies, keys that cannot be used.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from labproof.sandbox.strict.refusal import Refusal
from labproof.sandbox.strict.request import Request

if TYPE_CHECKING:
    from labproof.sandbox.strict.emulator import Emulator

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html, in bytes of UTF-8
LONGEST_KEY = 1024
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html, in bytes
SMALLEST_PART, LARGEST_COPY = 5 * 1024**2, 5 * 1024**3
TOO_LARGE = (
    "The specified copy source is larger than the maximum allowable size for a copy source: "
    f"{LARGEST_COPY}"
)
# https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
UNUSABLE = {
    "Disabled": ("KMS.DisabledException", "is disabled."),
    "PendingDeletion": ("KMS.KMSInvalidStateException", "is pending deletion."),
}
KEY_HEADER = "x-amz-server-side-encryption-aws-kms-key-id"


def key_is_not_too_long(request: Request, _: Emulator) -> None:
    """A name that is longer than 1,024 bytes.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
    """
    size = len(request.key.encode())
    if size > LONGEST_KEY:
        details = {"Size": str(size), "MaxSizeAllowed": str(LONGEST_KEY)}
        raise Refusal("KeyTooLongError", "Your key is too long", details=details)


def parts_are_large_enough(request: Request, emulator: Emulator) -> None:
    """An upload of which a part, but the last one, is smaller than 5 MiB.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
    """
    upload = request.query.get("uploadId")
    if request.method != "POST" or not upload:
        return
    account, place = emulator.account(request.access_key), named(request)
    found = emulator.ask("s3", "list_parts", account, UploadId=upload[0], **place) or {}
    if any(part["Size"] < SMALLEST_PART for part in found.get("Parts", [])[:-1]):
        text = "Your proposed upload is smaller than the minimum allowed size"
        raise Refusal("EntityTooSmall", text)


def copy_is_not_too_large(request: Request, emulator: Emulator) -> None:
    """A copy whose source is larger than 5 GiB.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
    """
    source = request.headers.get("x-amz-copy-source", "")
    if not source or "partNumber" in request.query:
        return
    path, _, query = source.partition("?")
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    version = parse_qs(query).get("versionId")
    which = {"VersionId": version[0]} if version else {}
    account = emulator.account(request.access_key)
    found = emulator.ask("s3", "head_object", account, Bucket=bucket, Key=key, **which) or {}
    if found.get("ContentLength", 0) > LARGEST_COPY:
        raise Refusal("InvalidRequest", TOO_LARGE)


def default_key_is_usable(request: Request, emulator: Emulator) -> None:
    """An upload under a KMS key that is disabled, or about to be deleted.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
    """
    if request.method != "PUT":
        return
    account = emulator.account(request.access_key)
    expect_usable(key_for_upload(request, emulator, account), emulator, account)


def key_for_upload(request: Request, emulator: Emulator, account: str) -> str:
    """Return the KMS key that an upload is encrypted with: its own, or the bucket's default."""
    if asked := request.headers.get("x-amz-server-side-encryption", ""):
        return request.headers.get(KEY_HEADER, "") if asked.startswith("aws:kms") else ""
    found = emulator.ask("s3", "get_bucket_encryption", account, Bucket=request.bucket) or {}
    rules = found.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    default = rules[0].get("ApplyServerSideEncryptionByDefault", {}) if rules else {}
    return str(default.get("KMSMasterKeyID", ""))


def expect_usable(key: str, emulator: Emulator, account: str) -> None:
    """Raise Refusal where a KMS key is out of use."""
    if not key:
        return
    owner = key.split(":")[4] if key.startswith("arn:") else account
    region = key.split(":")[3] if key.startswith("arn:") else "us-east-1"
    found = emulator.ask("kms", "describe_key", owner, KeyId=key, region=region) or {}
    metadata = found.get("KeyMetadata", {})
    if metadata.get("KeyState") in UNUSABLE:
        code, what = UNUSABLE[metadata["KeyState"]]
        raise Refusal(code, f"{metadata['Arn']} {what}")


def key_of_object_is_usable(request: Request, emulator: Emulator, headers: dict[str, str]) -> None:
    """An object whose KMS key is out of use, or that nobody signed for.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    """
    key = headers.get(KEY_HEADER, "")
    if not key:
        return
    if not request.access_key:
        raise Refusal(
            "InvalidArgument",
            "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS "
            "Signature Version 4.",
        )
    expect_usable(key, emulator, emulator.account(request.access_key))


def named(request: Request) -> dict[str, Any]:
    return {"Bucket": request.bucket, "Key": request.key}


RULES = {
    "s3:PutObject": [
        key_is_not_too_long,
        parts_are_large_enough,
        copy_is_not_too_large,
        default_key_is_usable,
    ]
}
# What is refused by the answer that the emulator would give
ANSWER_RULES = {
    "s3:GetObject": [key_of_object_is_usable],
    "s3:GetObjectVersion": [key_of_object_is_usable],
}
