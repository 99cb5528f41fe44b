"""A bucket as a whole: taken away with what it holds, and made again with it.

Only small buckets are taken away, and of each object its latest version comes back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from labproof.aws.errors import error_code
from labproof.faults.errors import FaultError
from labproof.faults.parts.bucket import (
    ACCESS_BLOCK,
    BLOCKS,
    ENCRYPTION,
    OWNERSHIP,
    POLICY,
    VERSIONING,
    of_bucket,
    read_object,
    write_object,
)
from labproof.faults.parts.trigger import NOTIFICATION
from labproof.faults.place import Place
from labproof.faults.setting import Setting, Step, mistyped, named, whole

MOST_OBJECTS = 200
MOST_BYTES = 50_000_000
HOME = "us-east-1"  # the region that is not named when a bucket is made


def read_bucket(place: Place, bucket: str) -> Any:
    """Find the bucket; all of it are its parts. Raises FaultError for somebody else's."""
    try:
        place.aws("s3").head_bucket(Bucket=bucket)
    except ClientError as error:
        if error_code(error) == "403":
            raise FaultError(
                f"The bucket {bucket} belongs to somebody else: choose another fault."
            ) from error
        raise
    return {}


def make_bucket(place: Place, bucket: str, _: Any) -> None:
    region = place.connection.region
    where = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    place.aws("s3").create_bucket(Bucket=bucket, **({} if region == HOME else where))


def remove_bucket(place: Place, bucket: str) -> None:
    read_bucket(place, bucket)
    place.connection.resource("s3").Bucket(bucket).object_versions.delete()
    place.aws("s3").delete_bucket(Bucket=bucket)


def read_objects(place: Place, bucket: str) -> Any:
    """Return the objects of a small bucket by their keys. Raises FaultError for a large one."""
    listed = place.aws("s3").list_objects_v2(Bucket=bucket, MaxKeys=MOST_OBJECTS + 1)
    entries = listed.get("Contents", [])
    if len(entries) > MOST_OBJECTS or sum(e["Size"] for e in entries) > MOST_BYTES:
        raise FaultError(
            f"{bucket} holds more than {MOST_OBJECTS} objects or {MOST_BYTES // 1_000_000} MB, "
            "which cannot be kept for the way back: empty it, or choose another fault."
        )
    return {e["Key"]: read_object(place, f"{bucket}/{e['Key']}") for e in entries}


def write_objects(place: Place, bucket: str, objects: Any) -> None:
    for key, content in objects.items():
        write_object(place, f"{bucket}/{key}", content)


def bucket_gone(place: Place, bucket: str) -> Iterator[Step]:
    """The bucket does not exist."""
    yield Step("bucket", place.bucket(bucket), None)


def bucket_misnamed(place: Place, bucket: str) -> Iterator[Step]:
    """The bucket has another name; what names the bucket itself was not set up for that one."""
    name = place.bucket(bucket)
    copy = {**BUCKET.read(place, name), "policy": None, "notification": None}
    yield Step("bucket", mistyped(name), copy)
    yield Step("bucket", name, None)


def bucket_plain(place: Place, bucket: str) -> Iterator[Step]:
    """The bucket was made again without any of its settings."""
    yield Step("bucket", place.bucket(bucket), {"access_block": dict.fromkeys(BLOCKS, False)})


BUCKET = whole(
    read_bucket,
    make_bucket,
    remove_bucket,
    ownership=OWNERSHIP,
    access_block=ACCESS_BLOCK,
    policy=POLICY,
    versioning=VERSIONING,
    encryption=ENCRYPTION,
    objects=Setting(read_objects, write_objects),
    tags=of_bucket("bucket_tagging", "Tagging", "TagSet"),
    lifecycle=of_bucket("bucket_lifecycle_configuration", "LifecycleConfiguration", "Rules"),
    access_log=of_bucket("bucket_logging", "BucketLoggingStatus", "LoggingEnabled"),
    notification=NOTIFICATION,  # the last: what is uploaded again must not reach the function
)
SETTINGS = {"bucket": BUCKET}
CHANGES = named(bucket_gone, bucket_misnamed, bucket_plain)
