"""Labs that are built by the commands of their page, with names of their own."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tempfile
from pathlib import Path

from labproof.aws.connection import Connection
from labproof.labs.lab import Lab
from tests.support.learner import FILES, Step
from tests.support.pages import AWS, LABS, script

LONGEST = 1000  # characters of what a failed command said
NAMES = {
    "source_bucket": "source_bucket",
    "destination_bucket": "destination_bucket",
    "role": "role",
    "function_name": "function",
    "table": "table",
}


def by_page(page: str) -> Step:
    """Run a page's commands as a learner's shell would."""

    def step(lab: Lab, connection: Connection) -> None:
        environment = {
            "PATH": f"{Path(str(AWS)).parent}:{os.environ['PATH']}",
            "AWS_ENDPOINT_URL": str(connection.endpoint_url),
            "AWS_CA_BUNDLE": str(connection.ca_bundle),
            "AWS_ACCESS_KEY_ID": str(connection.access_key),
            "AWS_SECRET_ACCESS_KEY": str(connection.secret_key),
            "AWS_DEFAULT_REGION": connection.region,
        }
        with tempfile.TemporaryDirectory() as home:
            done = subprocess.run(
                ["sh", "-euc", renamed(script(LABS[page]), lab)],
                cwd=FILES.parent,
                env=environment | {"HOME": home},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        if done.returncode:
            raise RuntimeError(done.stdout[-LONGEST:])

    return step


def renamed(commands: str, lab: Lab) -> str:
    """Return a page's commands with a lab's names in place of the page's."""
    for variable, part in NAMES.items():
        name = shlex.quote(str(lab.names()[part]))
        commands = re.sub(rf"^{variable}=.*$", f"{variable}={name}", commands, flags=re.M)
    return commands
