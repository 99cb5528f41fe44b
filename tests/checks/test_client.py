"""The client host: the challenge's two files, and the upload from it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from labproof.aws.answers import is_error
from labproof.evidence.collect.samples import SAMPLE
from labproof.evidence.snapshot import Failure, Snapshot, expect_none, opened


@pytest.mark.requirement(
    "client.files",
    hint="Put the challenge's files back into $client_dir.",
    command="ls -l $client_dir",
    playbook="create-client.yml",
)
def test_the_client_has_its_files(snapshot: Snapshot) -> None:
    """Both files are on the client host."""
    found = snapshot.part("client")
    missing = [f"no {name}" for name in snapshot.lab.client.files if not found.get(name)]
    wanted = " and ".join(snapshot.lab.client.files)
    expect_none(missing, f"{wanted} in {snapshot.lab.client.dir}")


@pytest.mark.requirement(
    "client.upload",
    rests_on=["client.files", "source-bucket.exists"],
    hint="Upload the client's sample.zip to $source_bucket.",
    command="aws s3 cp $client_dir/sample.zip s3://$source_bucket/sample.zip",
)
def test_the_sample_is_in_the_public_bucket(snapshot: Snapshot) -> None:
    """The client's sample.zip is in the public bucket with the same checksum."""
    mine = snapshot.part("client").get(SAMPLE)
    expected = f"the client's {SAMPLE} in {snapshot.lab.source.bucket}"
    if mine is None:
        raise Failure(expected, f"no {SAMPLE} on the client")
    found = list(checksums(snapshot))
    if mine["sha256"] not in found:
        unread(snapshot)
        raise Failure(expected, "another file of that name" if found else "none")


def checksums(snapshot: Snapshot) -> Iterator[str]:
    """Yield what is known of the samples in the bucket, though some may not be readable."""
    snapshot.part("samples")
    for sample in snapshot.document["state"]["samples"]["found"]:
        if not is_error(sample):
            yield sample["sha256"]


def unread(snapshot: Snapshot) -> None:
    """Raise Unreadable where the sample may be in what could not be read."""
    samples = snapshot.document["state"]["samples"]
    opened([samples["listing"], *samples["found"]])
