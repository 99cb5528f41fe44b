"""What grade_lab sees of the client host: files, none, or an error that is nobody's failure."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure

from tests.support.fakes import a_lab
from tests.support.plugins import action_plugin

grade_lab = action_plugin("grade_lab")

SAMPLE = {"path": "/home/ada/sample.zip", "checksum": "abc", "size": 3}
NO_FOLDER = {"/home/ada": "'/home/ada' is not a directory"}
DENIED = {"/home/ada": "[Errno 13] Permission denied: '/home/ada'"}


def seen(answer: Any) -> Any:
    """Look at a client whose find module answers so."""
    action = object.__new__(grade_lab.ActionModule)
    action.task_vars = {}

    def execute(*_: Any, **__: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    action._execute_module = execute
    return action.client(a_lab(lab_client_dir="/home/ada"))


def test_files_are_told_and_missing_ones_are_absent() -> None:
    found = seen({"files": [SAMPLE], "skipped_paths": {}})
    assert found == {"sample.zip": {"sha256": "abc", "size": 3}, "lambda-function.py": None}


def test_a_folder_that_is_not_there_holds_no_file() -> None:
    assert set(seen({"files": [], "skipped_paths": NO_FOLDER}).values()) == {None}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"files": [], "skipped_paths": DENIED}, "Unreadable"),
        ({"failed": True, "msg": "no python"}, "Failed"),
        (AnsibleConnectionFailure("no route"), "Unreachable"),
    ],
)
def test_what_cannot_be_seen_is_an_error(answer: Any, code: str) -> None:
    assert seen(answer)["error"]["code"] == code
