"""The lab that a fault is planted into: its names, its connection, its client host."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from string import Template
from typing import Any, Protocol

from labproof.aws.connection import Connection
from labproof.faults.errors import FaultError
from labproof.labs.arns import arn, arns
from labproof.labs.lab import Lab


class Client(Protocol):
    """The files of a client host's folder."""

    def read(self, name: str) -> bytes | None: ...

    def write(self, name: str, content: bytes | None) -> None:
        """Write a file; None removes it."""


# The parts whose ARNs a fault may name, as ``$source_arn``
NAMED = {
    "source": "source_bucket",
    "destination": "destination_bucket",
    "table": "table",
    "function": "function",
}
# The sandbox tries a failed event again after one and two seconds.
RETRY_MS = 4000
FRESH_ROLE_S = 60.0  # how long other services may not know a role that was just made
OWN = "labproof-fault"  # what faults call what they add


@dataclass(frozen=True)
class Place:
    """One working lab; after ``retry_ms`` an emulator has tried a failed event again."""

    lab: Lab
    connection: Connection
    client: Client
    retry_ms: int = RETRY_MS

    def aws(self, service: str) -> Any:
        return self.connection.client(service)

    @cached_property
    def identity(self) -> dict[str, str]:
        return self.connection.identity()

    @cached_property
    def words(self) -> dict[str, str]:
        """What a fault's arguments may name as ``$name``: names and ARNs of the lab."""
        names = {k: v for k, v in self.lab.names().items() if isinstance(v, str)}
        parts = {f"{part}_arn": one for part, one in arns(self.lab, self.identity).items()}
        own = {"aws": f"arn:{self.identity['partition']}", "account_arn": self.arn("account", "")}
        return {**names, **self.identity, **parts, **own}

    def arn(self, kind: str, name: str) -> str:
        """Return the ARN of a resource in the lab's account."""
        return arn(kind, name, self.identity)

    @property
    def function_arn(self) -> str:
        return self.arn("function", self.lab.function.name)

    def filled(self, value: Any) -> Any:
        """Fill in the names in a fault's arguments, however deep."""
        match value:
            case str():
                return Template(value).safe_substitute(self.words)
            case dict():
                return {self.filled(k): self.filled(v) for k, v in value.items()}
            case list():
                return [self.filled(one) for one in value]
        return value

    def bucket(self, which: str) -> str:
        """Return the name of a bucket by its part in the lab: source, destination, trail."""
        return self.needed(f"{which} bucket", self.lab.names()[f"{which}_bucket"])

    def needed(self, what: str, name: str) -> str:
        """Return the name of a part. Raises FaultError where the lab does not have it."""
        if not name:
            raise FaultError(f"{self.lab.host} has no {what}: choose another fault.")
        return name

    @property
    def own_name(self) -> str:
        """What a fault calls the role, function or user that it adds."""
        return f"{OWN}-{self.lab.host}"[:64]

    @cached_property
    def key_arn(self) -> str:
        """The ARN of the lab's key, as it was before any fault."""
        found = self.aws("kms").describe_key(KeyId=self.lab.key.alias)
        return str(found["KeyMetadata"]["Arn"])
