"""The client host: the challenge's two files, and the upload from it."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from testinfra.host import Host

from labproof.inventory import InventoryLab
from labproof.labs import Lab
from labproof.readers import read_samples


@pytest.mark.requirement("client.files")
def test_the_client_has_its_files(host: Host, lab: Lab) -> None:
    """Both files are in the client's home."""
    home = PurePosixPath(str(lab.client_dir))
    assert [name for name in lab.client_files if not host.file(str(home / name)).is_file] == []


@pytest.mark.requirement("client.upload")
def test_the_sample_is_in_the_public_bucket(host: Host, inventory_lab: InventoryLab) -> None:
    """The client's sample.zip is in the public bucket with the same checksum."""
    lab = inventory_lab.lab
    sample = host.file(f"{lab.client_dir}/sample.zip")
    assert sample.sha256sum in read_samples(inventory_lab.connection, lab.source_bucket)
