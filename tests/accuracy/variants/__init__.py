"""Correct labs that are built in other ways: the grader must give each all points."""

from __future__ import annotations

from labproof.aws.answers import is_error
from labproof.evidence.taking import InventoryLab
from labproof.evidence.uploads import samples
from labproof.evidence.uploads.clock import moments, now_ms
from labproof.evidence.uploads.invocations import read_invocations
from tests.accuracy.verdicts import Verdicts, compare
from tests.support.grading import TIMEOUT_S, grade
from tests.support.labs import Bench

from . import cli, copying, ingestion, metadata, transfer
from .variant import Variant

__all__ = ["VARIANTS", "Variant", "graded"]

LOOK_BACK_MS = 120_000
ALL = (*transfer.VARIANTS, *copying.VARIANTS, *metadata.VARIANTS, *ingestion.VARIANTS)
# Those that can be built here.
VARIANTS: dict[str, Variant] = {v.name: v for v in ALL if cli.AWS or not v.by_cli}


def graded(bench: Bench, account: str, name: str, records: int = samples.BULK) -> Verdicts:
    """Build a variant in an account of its own, and grade it; a large file has ``records``."""
    variant = VARIANTS[name]
    entry, _ = bench.built(variant.label, account, variant.all_steps())
    wait_for_uploads(entry)
    return compare(name, variant.label, grade(entry, records=records))


def wait_for_uploads(entry: InventoryLab) -> None:
    """Wait until what the build itself uploaded is worked on, which is none of the probe's."""
    lab, connection = entry.lab, entry.connection
    listed = connection.client("s3").list_objects_v2(Bucket=lab.source.bucket)["KeyCount"]
    began = now_ms() - LOOK_BACK_MS
    for _ in moments(TIMEOUT_S):
        found = read_invocations(connection, lab.function.name, began)
        if not is_error(found) and sum(a.ended_ms is not None for a in found) >= listed:
            return
