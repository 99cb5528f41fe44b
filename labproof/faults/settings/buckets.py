"""Settings of one bucket, by its name, and single objects."""

from __future__ import annotations

import json
from typing import Any

from labproof.faults.place import Place
from labproof.faults.settings.reading import as_bytes, as_text, found

LARGEST = 20_000_000  # bytes of an object that a fault may take away
CARRIED = ("ContentType", "ContentEncoding", "CacheControl", "ContentDisposition", "Metadata")


def read_policy(place: Place, bucket: str) -> Any:
    answer = found(lambda: place.aws("s3").get_bucket_policy(Bucket=bucket))
    return json.loads(answer["Policy"]) if answer else None


def write_policy(place: Place, bucket: str, policy: Any) -> None:
    s3 = place.aws("s3")
    if policy is None:
        s3.delete_bucket_policy(Bucket=bucket)
    else:
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


def read_access_block(place: Place, bucket: str) -> Any:
    answer = found(lambda: place.aws("s3").get_public_access_block(Bucket=bucket))
    return answer and answer["PublicAccessBlockConfiguration"]


def write_access_block(place: Place, bucket: str, settings: Any) -> None:
    s3 = place.aws("s3")
    if settings is None:
        s3.delete_public_access_block(Bucket=bucket)
    else:
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=settings)


def read_ownership(place: Place, bucket: str) -> Any:
    answer = found(lambda: place.aws("s3").get_bucket_ownership_controls(Bucket=bucket))
    return answer and answer["OwnershipControls"]


def write_ownership(place: Place, bucket: str, controls: Any) -> None:
    s3 = place.aws("s3")
    if controls is None:
        s3.delete_bucket_ownership_controls(Bucket=bucket)
    else:
        s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=controls)


def read_acl(place: Place, bucket: str) -> Any:
    answer = place.aws("s3").get_bucket_acl(Bucket=bucket)
    return {"Owner": answer["Owner"], "Grants": answer["Grants"]}


def write_acl(place: Place, bucket: str, acl: Any) -> None:
    place.aws("s3").put_bucket_acl(Bucket=bucket, AccessControlPolicy=acl)


def read_versioning(place: Place, bucket: str) -> Any:
    return place.aws("s3").get_bucket_versioning(Bucket=bucket).get("Status")


def write_versioning(place: Place, bucket: str, status: Any) -> None:
    # Versioning that was once on can only be suspended.
    settings = {"Status": status or "Suspended"}
    place.aws("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration=settings)


def read_encryption(place: Place, bucket: str) -> Any:
    answer = found(lambda: place.aws("s3").get_bucket_encryption(Bucket=bucket))
    return answer and answer["ServerSideEncryptionConfiguration"]


def write_encryption(place: Place, bucket: str, rules: Any) -> None:
    s3 = place.aws("s3")
    if rules is None:
        s3.delete_bucket_encryption(Bucket=bucket)
    else:
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rules)


def read_notification(place: Place, bucket: str) -> Any:
    answer = place.aws("s3").get_bucket_notification_configuration(Bucket=bucket)
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def write_notification(place: Place, bucket: str, targets: Any) -> None:
    # A fault may leave a target that AWS would refuse to validate.
    place.aws("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration=targets, SkipDestinationValidation=True
    )


def read_object(place: Place, path: str) -> Any:
    bucket, _, key = path.partition("/")
    answer = found(lambda: place.aws("s3").get_object(Bucket=bucket, Key=key))
    if answer is None or answer["ContentLength"] > LARGEST:
        return None
    kept = {name: answer[name] for name in CARRIED if answer.get(name)}
    return {"body": as_text(answer["Body"].read()), **kept}


def write_object(place: Place, path: str, content: Any) -> None:
    bucket, _, key = path.partition("/")
    s3 = place.aws("s3")
    if content is None:
        s3.delete_object(Bucket=bucket, Key=key)
        return
    kept = {name: value for name, value in content.items() if name != "body"}
    s3.put_object(Bucket=bucket, Key=key, Body=as_bytes(content["body"]), **kept)


SETTINGS = {
    "bucket_policy": (read_policy, write_policy),
    "bucket_access_block": (read_access_block, write_access_block),
    "bucket_ownership": (read_ownership, write_ownership),
    "bucket_acl": (read_acl, write_acl),
    "bucket_versioning": (read_versioning, write_versioning),
    "bucket_encryption": (read_encryption, write_encryption),
    "bucket_notification": (read_notification, write_notification),
    "object": (read_object, write_object),
}
