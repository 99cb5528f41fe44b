"""Put small files into a folder of the client host, and never over a file that is there.

One round trip per missing file, where ``copy`` takes two module runs for every file.
"""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Any

from labproof.ansible.action import LabAction
from labproof.labs.lab import LabError


class ActionModule(LabAction):
    argument_spec = {
        "source_dir": {"type": "path", "required": True},
        "dest": {"type": "path", "required": True},
        "files": {"type": "list", "elements": "str", "required": True},
    }

    def act(self, arguments: dict[str, Any]) -> dict[str, Any]:
        folder = arguments["dest"]
        paths = {name: f"{folder}/{name}" for name in arguments["files"]}
        tests = "; ".join(f"test -e {quote(p)} || echo {quote(n)}" for n, p in paths.items())
        missing = self._client(tests).splitlines()
        if missing and not self.check_mode:
            self._client(f"mkdir -p {quote(folder)}")
            for name in missing:
                content = (Path(arguments["source_dir"]) / name).read_bytes()
                self._client(f"umask 022; cat > {quote(paths[name])}", content)
        return {"changed": bool(missing), "missing": missing}

    def _client(self, command: str, content: bytes | None = None) -> str:
        """Run a command on the client host. Raises LabError when it fails."""
        done = self._low_level_execute_command(command, in_data=content)
        if done["rc"]:
            raise LabError(
                f"The client host cannot take its files ({done['stderr'].strip()}): correct "
                "lab_client_dir, or the way this host is reached."
            )
        return str(done["stdout"])
