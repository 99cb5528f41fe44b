"""What is made from the declarations of the variables is up to date, and refuses nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from hypothesis import given
from hypothesis import strategies as st

from labproof.aws.connection import Connection
from labproof.describing import DOCUMENTS, stale
from labproof.labs.declaring import declared
from labproof.labs.lab import VARIABLES
from tests.support.world import PROJECT

SPEC = PROJECT / "roles" / "lab" / "meta" / "argument_specs.yml"
TAKEN = sorted({*VARIABLES, *(v.name for v in declared(Connection).values())})
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)


@pytest.fixture(scope="module")
def options() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(SPEC.read_text("utf-8"))["argument_specs"]["main"]
    return dict(found["options"])


def test_what_is_made_from_the_declarations_is_up_to_date() -> None:
    found = ", ".join(str(path.relative_to(PROJECT)) for path in stale(PROJECT))
    assert not found, f"{found}: run `python -m labproof.describing`, which writes it again"


@pytest.mark.parametrize(
    ("document", "word"),
    [
        ("labproof/evidence/schemas/snapshot.schema.json", "lab_source_bucket of the inventory"),
        ("roles/lab/meta/argument_specs.yml", "lab_source_bucket:"),
        ("docs/inventory.md", "| `lab_source_bucket`"),
    ],
)
def test_what_was_changed_by_hand_is_stale(tmp_path: Path, document: str, word: str) -> None:
    for name in DOCUMENTS:
        text = (PROJECT / name).read_text("utf-8")
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        changed = text.replace(word, "lab_another", 1) if name == document else text
        (tmp_path / name).write_text(changed, "utf-8")
    whole = (PROJECT / document).read_text("utf-8")
    assert stale(tmp_path) == {tmp_path / document: whole}


def test_the_role_takes_every_variable_of_a_lab_and_of_its_connection(
    options: dict[str, Any],
) -> None:
    assert sorted(options) == sorted(["lab_building", *TAKEN])


@given(st.dictionaries(st.sampled_from(TAKEN), ANYTHING))
def test_ansible_leaves_it_to_the_suite_to_refuse_a_value(
    options: dict[str, Any], values: dict[str, Any]
) -> None:
    assert ArgumentSpecValidator(options).validate(values).error_messages == []


def test_ansible_keeps_secrets_to_itself(options: dict[str, Any]) -> None:
    secret = {name for name, option in options.items() if option.get("no_log")}
    assert secret == {"aws_secret_key", "aws_session_token", "aws_external_id"}
