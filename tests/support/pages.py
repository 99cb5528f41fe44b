"""The commands of the pages in docs/, by which a reader builds a lab by hand."""

from __future__ import annotations

import shutil
import subprocess
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from tests.support.world import PROJECT

DOCS = PROJECT / "docs"
BENCH_CLI = PROJECT / ".venv-bench" / "bin" / "aws"


@dataclass(frozen=True)
class Lab:
    """A lab that a page builds by hand: the page, the section of steps that differ, the account."""

    page: str
    account: str
    variant: str = ""


LABS = {
    "xfusion": Lab("file-transfer.md", "400000000046"),
    "devops": Lab("file-transfer.md", "400000000047", "By hand: the same for `devops`"),
    "event-copy": Lab("event-copy.md", "400000000048"),
    "file-metadata": Lab("file-metadata.md", "400000000049"),
    "secure-ingestion": Lab("secure-ingestion.md", "400000000050"),
}


def find_cli() -> str | None:
    """Return where the AWS CLI is; pyenv's stand-in for it takes as long to start as the CLI."""
    found = shutil.which("aws")
    if found and Path(found).parent.name == "shims":
        told = subprocess.run(["pyenv", "which", "aws"], capture_output=True, text=True)
        found = told.stdout.strip() or found
    return found or (str(BENCH_CLI) if BENCH_CLI.exists() else None)


AWS = find_cli()


def commands(page: str, section: str) -> dict[str, str]:
    """Return the ``sh`` blocks of a section by the step that they are under."""
    found: defaultdict[str, str] = defaultdict(str)
    heading = step = ""
    block: str | None = None
    for line in (DOCS / page).read_text("utf-8").splitlines(keepends=True):
        if line.startswith("```"):
            block = line.strip() if block is None else None
        elif block == "```sh" and heading == section:
            found[step] += line
        elif block is None and line.startswith("## "):
            heading = line[3:].strip()
        elif block is None and line.startswith("### "):
            step = line[4:].strip()
    return found


def script(lab: Lab) -> str:
    """Return the commands of a lab; a variant's steps stand for those of the same heading."""
    steps = commands(lab.page, "By hand")
    changed = commands(lab.page, lab.variant) if lab.variant else {}
    assert steps, f"{lab.page} has no commands"
    assert changed.keys() <= steps.keys(), f"{lab.page}: {lab.variant} changes an unknown step"
    return "".join((steps | changed).values())
