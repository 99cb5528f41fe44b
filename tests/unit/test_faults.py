"""The catalogue of faults as data: it covers the rubric, and says what is wrong with itself."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from labproof import faults
from labproof.analysis.code import handler_exists, live_placeholders
from labproof.aws.connection import Connection
from labproof.faults import UNPLANTABLE, Fault, FaultError, Place, catalogue, fault, for_lab
from labproof.faults.handlers import edited, handler_source, plain
from labproof.faults.parts import CHANGES
from labproof.faults.planted import Planted, at_random, plant_in
from labproof.labs.flows import FLOWS
from labproof.labs.kinds import kinds, requirements
from labproof.labs.lab import Lab
from labproof.labs.resolving import resolve
from tests.accuracy.matrix import OFTEN, planned, shares
from tests.support.client import Folder
from tests.support.labs import EXTENDED, names

PROJECT = Path(__file__).parents[2]
FEWEST = 80
QUICK = ("table-provisioned", "index-missing", "table-made-again")


def lab(kind: str = "file_transfer", **variables: Any) -> Lab:
    wanted = (*kinds()[kind]["requires"], "lab_client_dir")
    mine = {name: value for name, value in names("ada").items() if name in wanted}
    return resolve("ada", [kind], mine | variables)


def test_there_are_enough_faults_for_every_kind_of_lab() -> None:
    assert len(catalogue()) >= FEWEST
    assert all(len(for_lab(lab(kind))) > FEWEST / 4 for kind in kinds())


def test_every_requirement_has_a_fault_that_fails_it() -> None:
    hit = frozenset[str]().union(*(one.fails for one in catalogue().values()))
    assert hit == frozenset[str]().union(*map(requirements, kinds())) - set(UNPLANTABLE)


def test_most_requirements_have_two_faults() -> None:
    hits = Counter(name for one in catalogue().values() for name in one.fails)
    once = {name for name, times in hits.items() if times == 1}
    # Whatever else is counted as an error is in the log before, and logs.no-errors fails instead.
    assert once == {"logs.metrics"}


def test_what_a_switch_adds_has_faults_for_labs_with_that_switch_alone() -> None:
    plain, extended = lab("file_metadata"), lab("file_metadata", **EXTENDED)
    more = {one.name for one in for_lab(extended)} - {one.name for one in for_lab(plain)}
    assert more == {one.name for one in catalogue().values() if one.area == "extensions"}
    assert {one.name for one in for_lab(plain)} < {one.name for one in for_lab(extended)}


def test_what_is_not_about_a_switch_goes_to_a_lab_without_any() -> None:
    extended, plain = lab("file_metadata", **EXTENDED), lab("file_metadata")
    plan = planned([extended, plain], [catalogue()[name] for name in QUICK], 1)
    assert [[one.name for one in share] for share in shares([extended, plain], plan)] == [
        ["index-missing"],
        ["table-provisioned", "table-made-again"],
    ]


@pytest.mark.parametrize("often", [1, OFTEN])
def test_every_fault_is_planted_and_each_id_of_each_kind_failed_as_often_as_can_be(
    often: int,
) -> None:
    labs = [lab(kind) for kind in kinds()] + [lab("file_metadata", **EXTENDED)]
    plan = planned(labs, catalogue().values(), often)
    fitting = {kind: [f for one in labs if one.kind == kind for f in for_lab(one)] for kind in plan}
    assert {f.name for those in plan.values() for f in those} == {
        f.name for those in fitting.values() for f in those
    }
    for one in labs:
        for name in one.requirements:
            possible = {f.name for f in fitting[one.kind] if name in f.fails}
            planned_ones = {f.name for f in plan[one.kind] if name in f.fails}
            assert len(planned_ones) >= min(often, len(possible)), (one.kind, name)


def test_where_a_fault_cannot_be_planted_the_next_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = at_random(lab(), 1)[:3]

    def plant(one: Fault, place: Any, keep: Any) -> None:
        if one is not second:
            raise FaultError(f"{one.name} cannot be planted.")

    monkeypatch.setattr(faults.planted, "plant", plant)
    place = Place(lab(), Connection(), Folder(tmp_path))
    assert plant_in(tmp_path, [first, second], place, True) is second
    with pytest.raises(FaultError, match=third.name):
        plant_in(tmp_path, [first, third], place, True)


def test_the_page_of_the_proof_has_every_fault_and_no_mistake() -> None:
    """``make accuracy`` writes it; a new fault is on it when it was planted."""
    text = (PROJECT / "docs" / "accuracy.md").read_text("utf-8")
    assert [name for name in catalogue() if f"| `{name}` |" not in text] == []
    assert not re.search(r"\*\*(alarm|missed): |not planted", text)


def test_every_change_is_used() -> None:
    used = {name for one in catalogue().values() for name, _ in one.changes}
    assert used == set(CHANGES)


@pytest.mark.parametrize("flow", FLOWS)
def test_a_plain_handler_is_complete_under_any_handler_name(flow: str) -> None:
    kind = next(k for k, known in kinds().items() if known["defaults"]["lab_flow"] == flow)
    files = handler_source(lab(kind), "app.main.run", {})
    assert handler_exists(files, "app.main.run")
    assert live_placeholders(files, "app.main.run") == []
    assert "$" not in next(iter(files.values()))


def test_each_edit_finds_its_text_and_leaves_python() -> None:
    for one in catalogue().values():
        edits = [a["edits"] for name, a in one.changes if name == "code" and "edits" in a]
        for edit in edits:
            for kind in one.kinds:
                flow = kinds()[kind]["defaults"]["lab_flow"]
                whole = {old.replace("$$", "$"): new for old, new in edit.items()}
                compile(edited(plain(flow), whole), one.name, "exec")


def test_an_unknown_fault_is_told_with_near_ones() -> None:
    with pytest.raises(FaultError, match="no fault 'table-key-nmber': table-key-number"):
        fault("table-key-nmber", lab())


def test_a_fault_of_another_kind_is_refused() -> None:
    with pytest.raises(FaultError, match="key-disabled is not for ada, a file_transfer lab"):
        fault("key-disabled", lab())


def test_a_fault_at_random_is_the_same_for_the_same_seed() -> None:
    drawn = [at_random(lab(), seed)[0].name for seed in range(20)]
    assert drawn == [at_random(lab(), seed)[0].name for seed in range(20)]
    assert len(set(drawn)) > 5


def test_a_fault_is_one_entry_in_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = {"name": "two-gone", "says": "Both are.", "kinds": ["file_transfer"]}
    more = {"changes": ["role-gone", "table-gone"], "fails": ["role.exists", "table.exists"]}
    (tmp_path / "more.yml").write_text(json.dumps([one | more]))
    read_again = catalogue.__wrapped__
    monkeypatch.setitem(read_again.__globals__, "FOLDER", tmp_path)
    monkeypatch.setitem(read_again.__globals__, "catalogue", read_again)
    assert fault("two-gone", lab()).fails == {"role.exists", "table.exists"}
    assert [found.area for found in at_random(lab(), 1)] == ["more"]
    assert for_lab(lab("event_copy")) == []


def test_a_bad_catalogue_is_told_in_sentences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = {"says": "It is.", "kinds": ["event_copy"], "fails": ["role.exists"]}
    entries = [
        good | {"name": "one", "changes": ["role-gone"]},
        good | {"name": "one", "changes": ["role-gone"]},
        good | {"name": "two", "changes": ["unheard"], "fails": ["table.key"]},
        good | {"name": "three", "changes": [{"role-gone": {"how": "fast"}}], "kinds": ["other"]},
        good | {"name": "four", "changes": [{"role-gone": {"how": "fast"}}], "more": 1},
    ]
    (tmp_path / "faults.yml").write_text(json.dumps(entries))
    loading = catalogue.__wrapped__
    monkeypatch.setitem(loading.__globals__, "FOLDER", tmp_path)
    with pytest.raises(FaultError) as told:
        loading()
    assert str(told.value).splitlines() == [
        "two speaks of table.key, which none of its labs has.",
        "two makes the unknown change unheard.",
        "two fails nothing of a event_copy lab.",
        "three is for unknown kinds: other.",
        "four has the unknown fields more.",
        "four cannot make the change role-gone: got an unexpected keyword argument 'how'.",
        "one is in the catalogue twice.",
    ]


def test_what_is_planted_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    planted = Planted.of(tmp_path / "faults", "ada")
    assert planted.read() is None
    planted.write({"fault": "role-missing", "hidden": False, "before": []})
    assert planted.read() == {"fault": "role-missing", "hidden": False, "before": []}
    assert planted.path.stat().st_mode & 0o777 == 0o600
    planted.path.write_text("half")
    with pytest.raises(FaultError, match="is damaged"):
        planted.read()
