"""Correct labs that are built in other ways: a few of them here, all in `make accuracy`."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.support.grading import KINDS
from tests.support.labs import FEW_RECORDS, LABS, Bench
from tests.support.learner import STEPS

from .report import told
from .variants import ALL, VARIANTS, Variant, graded

pytestmark = pytest.mark.once(reason="the variants are the SDK's calls")

QUICK = (
    *("transfer-package", "copy-by-template", "copy-bucket-policies"),
    *("metadata-asks-s3", "ingest-two-denies"),
)


@pytest.mark.parametrize("name", QUICK)
def test_a_correct_lab_built_otherwise_has_all_points(
    bench: Bench, account: str, name: str
) -> None:
    verdicts = graded(bench, account, name, FEW_RECORDS)
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
