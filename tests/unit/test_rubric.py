"""The rubric is whole: one check for each id, hints that name the lab's own parts, 100 points."""

from __future__ import annotations

import re
import shlex
from graphlib import TopologicalSorter
from typing import Any

import pytest

from labproof.evidence.snapshot import Snapshot
from labproof.grading.controls import CONTROLS, controls
from labproof.grading.hints import next_step
from labproof.grading.rubric import points, rubric
from labproof.labs.kinds import COMMON_REQUIREMENTS, kinds
from labproof.labs.lab import Lab
from labproof.labs.resolving import resolve

EXTENSIONS = {"lab_table_index": "by-time", "lab_topic": "told", "lab_stack": "whole"}
EXTENSIONS |= {"lab_more_source_buckets": ["second-bucket"]}  # type: ignore[dict-item]
# What a shell fills in itself
OF_THE_SHELL = {"$arn", "$("}


def lab_of(kind: str, **variables: Any) -> Lab:
    names = {
        name: name.removeprefix("lab_").replace("_", "-") for name in kinds()[kind]["requires"]
    }
    if "lab_key_alias" in names:
        names["lab_key_alias"] = "alias/mine"
    return resolve("ada", [kind], {**names, "lab_client_dir": "/home/ada", **variables})


LABS = [*(lab_of(kind) for kind in kinds()), lab_of("file_metadata", **EXTENSIONS)]


def empty(lab: Lab) -> Snapshot:
    return Snapshot(
        {
            "lab": lab.as_data(),
            "target": {"account": "1", "partition": "aws", "region": "eu-west-1"},
            "state": {},
        }
    )


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: str(lab.kind))
def test_each_requirement_of_a_lab_has_its_check(lab: Lab) -> None:
    assert set(COMMON_REQUIREMENTS) <= set(lab.requirements)
    assert set(lab.requirements) - set(rubric()) == set()


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: str(lab.kind))
def test_a_lab_has_a_hundred_points_and_each_check_some(lab: Lab) -> None:
    worth = points(list(lab.requirements), {})
    assert sum(worth.values()) == 100
    assert min(worth.values()) >= 1


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: str(lab.kind))
def test_each_hint_says_what_to_do_in_the_labs_own_names(lab: Lab) -> None:
    for name in lab.requirements:
        step = next_step(empty(lab), rubric()[name], wanted=True)
        assert step["hint"].endswith("."), name
        assert step["command"], name
        left = set(re.findall(r"\$(?:\w+|\{|\()", step["hint"] + step["command"]))
        assert left <= OF_THE_SHELL, name


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: str(lab.kind))
def test_each_command_is_one_that_a_shell_reads(lab: Lab) -> None:
    for name in lab.requirements:
        command = next_step(empty(lab), rubric()[name], wanted=True)["command"]
        assert shlex.split(command), name


def test_the_hardened_pipeline_serves_each_control_it_claims() -> None:
    lab = lab_of("secure_ingestion")
    served = {control for name in lab.requirements for control in controls(name)}
    assert served == {f"CIS {number} {title}" for number, title in CONTROLS.items()}
    assert controls("trail.validated") == ["CIS 8 Audit Log Management"]
    assert controls("ingest.bulk") == []


def test_what_a_check_rests_on_exists_and_never_on_itself() -> None:
    graph = {name: requirement.rests_on for name, requirement in rubric().items()}
    assert {one for below in graph.values() for one in below} - set(graph) == set()
    assert set(TopologicalSorter(graph).static_order()) == set(graph)


def test_each_check_has_a_title_that_is_a_sentence() -> None:
    for requirement in rubric().values():
        assert re.fullmatch(r"[A-Z].{10,95}\.", requirement.title), requirement.id
