"""Good records arrive, bad ones are named."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.requirement("ingest.records")
def test_every_good_record_is_stored_field_by_field(proof: dict[str, Any]) -> None:
    """Every valid record of a fresh upload is in the table, equal field by field."""
    assert proof["mixed"]["stored"] == proof["mixed"]["sent"]


@pytest.mark.requirement("ingest.rejects")
def test_bad_files_are_named_and_stop_nothing(proof: dict[str, Any]) -> None:
    """Each bad file is named in the log, and the files after it are worked on."""
    assert [key for key, lines in proof["refused"].items() if not lines] == []
    assert len(proof["mixed"]["stored"]) == len(proof["mixed"]["sent"])


@pytest.mark.requirement("ingest.bulk")
def test_ten_thousand_records_arrive(proof: dict[str, Any]) -> None:
    """A file of 10,000 records arrives complete."""
    assert proof["bulk"]["stored"] == proof["bulk"]["sent"]
