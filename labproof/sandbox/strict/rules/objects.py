"""What S3 refuses of objects, whoever asks: names, sizes, keys of KMS.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
"""

from __future__ import annotations

from labproof.sandbox.strict.emulator import Emulator
from labproof.sandbox.strict.refusal import Refusal
from labproof.sandbox.strict.request import Request

LONGEST_KEY = 1024  # bytes of UTF-8
LARGEST_COPY = 5 * 1024**3  # bytes
UNUSABLE = {"Disabled": "KMS.DisabledException", "PendingDeletion": "KMS.KMSInvalidStateException"}


def key_is_not_too_long(request: Request, _: Emulator) -> None:
    size = len(request.key.encode())
    if size > LONGEST_KEY:
        details = {"Size": str(size), "MaxSizeAllowed": str(LONGEST_KEY)}
        raise Refusal("KeyTooLongError", "Your key is too long", details=details)


def key_of_kms_is_usable(request: Request, emulator: Emulator) -> None:
    """An object under a disabled or dying KMS key can be neither written nor read."""
    account = emulator.account(request.access_key) if request.access_key else ""
    arn = written_key(request, emulator, account) if request.method == "PUT" else ""
    arn = arn or read_key(request, emulator, account)
    if not arn:
        return
    if not request.access_key:
        raise Refusal("AccessDenied", "Access Denied", 403)
    owner = arn.split(":")[4] if arn.startswith("arn:") else account
    found = emulator.ask("kms", "describe_key", owner, KeyId=arn) or {}
    state = found.get("KeyMetadata", {}).get("KeyState")
    if state in UNUSABLE:
        doing = "is disabled." if state == "Disabled" else "is pending deletion."
        raise Refusal(UNUSABLE[state], f"{arn} {doing}")


def written_key(request: Request, emulator: Emulator, account: str) -> str:
    """Return the KMS key that an upload is encrypted with: its own, or the bucket's default."""
    asked = request.headers.get("x-amz-server-side-encryption", "")
    if asked:
        key = request.headers.get("x-amz-server-side-encryption-aws-kms-key-id", "")
        return key if asked.startswith("aws:kms") else ""
    found = emulator.ask("s3", "get_bucket_encryption", account, Bucket=request.bucket) or {}
    rules = found.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    default = rules[0].get("ApplyServerSideEncryptionByDefault", {}) if rules else {}
    return str(default.get("KMSMasterKeyID", ""))


def read_key(request: Request, emulator: Emulator, account: str) -> str:
    """Return the KMS key of the object that is asked for."""
    if request.method != "GET" or not request.key:
        return ""
    version = request.query.get("versionId")
    which = {"VersionId": version[0]} if version else {}
    owner = account or "000000000000"
    found = emulator.ask(
        "s3", "head_object", owner, Bucket=request.bucket, Key=request.key, **which
    )
    return str((found or {}).get("SSEKMSKeyId", ""))


RULES = {"s3:PutObject": [key_is_not_too_long]}
