"""Build a function's zip on the control node, with its placeholders filled in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labproof.ansible.action import LabAction
from labproof.labs.package import PackageError, fill, zip_bytes


class ActionModule(LabAction):
    argument_spec = {
        "source": {"type": "path", "required": True},
        "module": {"type": "str", "default": "lambda_function"},
        "replacements": {"type": "dict", "default": {}},
        "dest": {"type": "path", "required": True},
    }

    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        source = Path(self._find_needle("files", arguments["source"]))
        replacements = {k: str(v) for k, v in arguments["replacements"].items() if v}
        text = fill(source.read_text("utf-8"), replacements)
        archive = zip_bytes({f"{arguments['module']}.py": text})
        dest = Path(arguments["dest"])
        try:
            dest.parent.mkdir(parents=True, exist_ok=True)
            dest.write_bytes(archive)
        except OSError as error:
            raise PackageError(
                f"The package cannot be written to {dest}: {error.strerror}."
            ) from error
        # A build product, the same for the same source: its deployment tells what changes.
        return {
            "changed": False,
            "path": str(dest),
            "handler": f"{arguments['module']}.lambda_handler",
        }
