"""Correct labs that are built in other ways: a few of them here, all in `make accuracy`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from labproof.sandbox import Sandbox
from tests.accuracy.labs import LABS, Bench
from tests.accuracy.report import told
from tests.accuracy.variants import ALL, VARIANTS, Variant, graded
from tests.support.grading import KINDS
from tests.support.learner import STEPS

QUICK = (
    *("transfer-package", "copy-by-template", "copy-bucket-policies"),
    *("metadata-asks-s3", "ingest-two-denies"),
)
FEW_RECORDS = 200


@pytest.mark.parametrize("name", QUICK)
def test_a_correct_lab_built_otherwise_has_all_points(
    sandbox: Sandbox, tmp_path: Path, accounts: Iterator[str], name: str
) -> None:
    verdicts = graded(Bench(sandbox, tmp_path), next(accounts), name, FEW_RECORDS)
    assert told([verdicts]) == []
    assert set(verdicts.statuses.values()) == {"passed"}


def test_there_are_variants_of_every_kind_each_with_a_name_of_its_own() -> None:
    assert len({v.name for v in ALL}) == len(ALL) >= 25
    assert VARIANTS.keys() >= {v.name for v in ALL if not v.by_cli}
    counted = Counter(LABS[v.label][0] for v in ALL)
    assert all(counted[kind] >= 3 for kind in KINDS)


@pytest.mark.parametrize("variant", ALL, ids=lambda variant: str(variant.name))
def test_a_variant_replaces_known_steps_and_says_so_in_a_sentence(variant: Variant) -> None:
    assert variant.steps.keys() <= STEPS.keys()
    assert variant.says[0].isupper()
    assert variant.says.endswith(".")
