"""break.yml: faults are listed, planted, hidden, mended, and gone with the lab that had them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labproof.faults import Place
from labproof.faults.parts.role import read_trust
from labproof.faults.planted import at_random
from tests.support.client import Folder
from tests.support.grading import grade, statuses, told
from tests.support.learner import build
from tests.support.world import Run, World, write_inventory
from tests.support.world import file_transfer_names as names

SEED = 7
ACCOUNTS = {"ada": "900000000001", "bob": "900000000002", "cleo": "900000000003"}
BUILT = ("ada", "bob")


class Class:
    """Three labs: one of ours, a learner's own, and one that is never built."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder = world, folder

    def play(self, playbook: str, *options: str, **variables: object) -> Run:
        given = json.dumps({"fault_folder": str(self.folder), **variables})
        return self.world.play(playbook, "-e", given, *options)

    def break_labs(self, *options: str, **faults: str) -> Run:
        """Run break.yml with a fault for each of some hosts."""
        chosen = f"{{{{ {faults}[inventory_hostname] }}}}"
        limit = ("-l", ",".join(faults))
        return self.play("break.yml", *limit, *options, fault=chosen, seed=SEED)

    def planted(self) -> dict[str, str]:
        """Return the fault of each lab that has one."""
        files = self.folder.glob("*.json")
        return {path.stem: json.loads(path.read_text("utf-8"))["fault"] for path in files}

    def drawn(self, host: str) -> str:
        return at_random(self.world.lab(host).lab, SEED)[0].name


@pytest.fixture(scope="module")
def labs(world: World, tmp_path_factory: pytest.TempPathFactory) -> Class:
    hosts = {host: names(host, account) for host, account in ACCOUNTS.items()}
    for variables in hosts.values():
        del variables["lab_table"]
    folder = tmp_path_factory.mktemp("class") / "inventory"
    world.inventory = write_inventory(folder, {"event_copy": {"hosts": hosts}})
    run = world.play("site.yml", "-l", "ada")
    assert run.code == 0, run.messages
    bob = world.lab("bob")
    build(bob.lab, bob.connection)
    return Class(world, tmp_path_factory.mktemp("faults"))


def test_what_cannot_be_done_is_told_in_a_sentence_and_changes_nothing(labs: Class) -> None:
    run = labs.break_labs(ada="trust-one-mor", bob="key-disabled", cleo="role-missing")
    assert run.changed == dict.fromkeys(ACCOUNTS, 0)
    assert run.message("ada").startswith("There is no fault 'trust-one-mor': trust-one-more or")
    assert run.message("bob").startswith("The fault key-disabled is not for bob")
    assert run.message("cleo").startswith("cleo is not built, it lacks the source bucket")
    assert labs.planted() == {}


def test_without_a_fault_those_that_fit_are_listed(labs: Class) -> None:
    run = labs.play("break.yml", "-l", "ada")
    assert (run.code, run.changed) == (0, {"ada": 0}), run.messages
    assert "trust-one-more: The role trusts Lambda, and EC2 too." in run.output
    assert "key-disabled" not in run.output


def test_check_mode_says_what_it_would_do_and_does_not(labs: Class) -> None:
    run = labs.break_labs("--check", ada="trust-one-more", bob="random")
    assert (run.code, run.changed) == (0, dict.fromkeys(BUILT, 1)), run.messages
    assert "trust-one-more would be planted into ada." in run.output
    assert "A fault at random would be planted into bob." in run.output
    assert labs.planted() == {}
    ada = labs.world.lab("ada")
    trust = read_trust(Place(ada.lab, ada.connection, Folder(labs.folder)), ada.lab.role.name)
    assert "ec2" not in json.dumps(trust)


def test_each_lab_gets_its_fault_and_a_random_one_is_not_named(labs: Class) -> None:
    run = labs.break_labs(ada="trust-one-more", bob="random")
    assert (run.code, run.changed) == (0, dict.fromkeys(BUILT, 1)), run.messages
    assert "Planted trust-one-more: The role trusts Lambda, and EC2 too." in run.output
    drawn = labs.drawn("bob")
    assert labs.planted() == {"ada": "trust-one-more", "bob": drawn}
    assert f"Something is wrong with bob now (seed {SEED})" in run.output
    assert drawn not in run.output
    found = statuses(grade(labs.world.lab("ada")))
    assert [i for i, status in found.items() if status != "passed"] == ["role.trusts-lambda"]


def test_a_second_fault_is_refused(labs: Class) -> None:
    before = labs.planted()
    run = labs.break_labs(ada="role-missing", bob="random")
    assert run.changed == dict.fromkeys(BUILT, 0)
    assert run.message("ada").startswith("ada has the fault trust-one-more already: find and mend")
    assert run.message("bob").startswith("bob has a fault already")
    assert labs.planted() == before


def test_mending_tells_the_name_and_leaves_the_labs_whole(labs: Class) -> None:
    dry = labs.break_labs("--check", ada="none")
    assert (dry.changed, "ada" in labs.planted()) == ({"ada": 1}, True), dry.messages
    run = labs.break_labs(ada="none", bob="none", cleo="none")
    assert (run.code, run.changed) == (0, dict.fromkeys(BUILT, 1) | {"cleo": 0}), run.messages
    assert "ada is mended; the fault was trust-one-more." in run.output
    assert f"bob is mended; the fault was {labs.drawn('bob')}." in run.output
    assert "cleo has no fault." in run.output
    assert labs.planted() == {}
    assert told(grade(labs.world.lab("ada"))) == []


def test_destroy_mends_first_and_keeps_no_record_of_a_lab_that_is_gone(labs: Class) -> None:
    """A record that cannot be read must not block the next lab of that name for ever."""
    run = labs.break_labs(ada="trust-one-more", bob="copied-role")
    assert run.code == 0, run.messages
    (labs.folder / "ada.json").write_text("half")
    run = labs.play("destroy.yml", "-l", ",".join(BUILT))
    assert run.code == 0, run.messages
    assert labs.planted() == {}
    bob = labs.world.lab("bob")
    roles = bob.connection.client("iam").list_roles()["Roles"]
    assert [role["RoleName"] for role in roles] == [bob.lab.role.name], "left alone, and mended"
