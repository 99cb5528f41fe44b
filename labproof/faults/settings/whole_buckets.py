"""A bucket as a whole: taken away with what it holds, and made again with it.

Only small buckets are taken away, and of each object its latest version comes back.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from labproof.aws.errors import error_code
from labproof.faults.errors import FaultError
from labproof.faults.place import Place
from labproof.faults.settings import buckets
from labproof.faults.settings.reading import found

MOST_OBJECTS = 200
MOST_BYTES = 50_000_000
HOME = "us-east-1"  # the region that is not named when a bucket is made
# In this order they are written: what is uploaded again must not reach the function.
PARTS = {
    "ownership": (buckets.read_ownership, buckets.write_ownership),
    "access_block": (buckets.read_access_block, buckets.write_access_block),
    "policy": (buckets.read_policy, buckets.write_policy),
    "versioning": (buckets.read_versioning, buckets.write_versioning),
    "encryption": (buckets.read_encryption, buckets.write_encryption),
}


def read_bucket(place: Place, bucket: str) -> Any:
    s3 = place.aws("s3")
    if not _is_there(place, bucket):
        return None
    parts = {name: read(place, bucket) for name, (read, _) in PARTS.items()}
    return {
        **parts,
        "objects": _objects(place, bucket),
        "tags": (found(lambda: s3.get_bucket_tagging(Bucket=bucket)) or {}).get("TagSet"),
        "lifecycle": _lifecycle(place, bucket),
        "access_log": s3.get_bucket_logging(Bucket=bucket).get("LoggingEnabled"),
        "notification": buckets.read_notification(place, bucket),
    }


def write_bucket(place: Place, bucket: str, wanted: Any) -> None:
    """Make the bucket anew; None leaves none."""
    _remove(place, bucket)
    if wanted is None:
        return
    s3 = place.aws("s3")
    home = place.connection.region == HOME
    where = {"CreateBucketConfiguration": {"LocationConstraint": place.connection.region}}
    s3.create_bucket(Bucket=bucket, **({} if home else where))
    for name, (_, write) in PARTS.items():
        if wanted.get(name) is not None:
            write(place, bucket, wanted[name])
    for key, content in wanted.get("objects", {}).items():
        buckets.write_object(place, f"{bucket}/{key}", content)
    _write_rest(s3, bucket, wanted)
    if wanted.get("notification"):
        buckets.write_notification(place, bucket, wanted["notification"])


def _write_rest(s3: Any, bucket: str, wanted: dict[str, Any]) -> None:
    if tags := wanted.get("tags"):
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    if rules := wanted.get("lifecycle"):
        s3.put_bucket_lifecycle_configuration(
            Bucket=bucket, LifecycleConfiguration={"Rules": rules}
        )
    if target := wanted.get("access_log"):
        s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": target})


def _lifecycle(place: Place, bucket: str) -> Any:
    answer = found(lambda: place.aws("s3").get_bucket_lifecycle_configuration(Bucket=bucket))
    return answer and answer["Rules"]


def _objects(place: Place, bucket: str) -> dict[str, Any]:
    """Return the objects of a small bucket. Raises FaultError for a large one."""
    listed = place.aws("s3").list_objects_v2(Bucket=bucket, MaxKeys=MOST_OBJECTS + 1)
    entries = listed.get("Contents", [])
    if len(entries) > MOST_OBJECTS or sum(e["Size"] for e in entries) > MOST_BYTES:
        raise FaultError(
            f"{bucket} holds more than {MOST_OBJECTS} objects or {MOST_BYTES // 1_000_000} MB, "
            "which cannot be kept for the way back: empty it, or choose another fault."
        )
    return {e["Key"]: buckets.read_object(place, f"{bucket}/{e['Key']}") for e in entries}


def _is_there(place: Place, bucket: str) -> bool:
    """Tell whether a bucket exists. Raises FaultError for somebody else's."""
    try:
        return found(lambda: place.aws("s3").head_bucket(Bucket=bucket)) is not None
    except ClientError as error:
        if error_code(error) == "403":
            raise FaultError(
                f"The bucket {bucket} belongs to somebody else: choose another fault."
            ) from error
        raise


def _remove(place: Place, bucket: str) -> None:
    s3 = place.aws("s3")
    if not _is_there(place, bucket):
        return
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for one in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            s3.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
    s3.delete_bucket(Bucket=bucket)


SETTINGS = {"bucket": (read_bucket, write_bucket)}
