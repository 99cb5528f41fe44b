"""A snapshot: all that was seen of one lab at one time. Evidence, no judgement.

A thing that does not exist is None; what could not be read is ``{"error": {"call", "code",
"message"}}`` in its place. A check meets the two as :class:`Failure` and :class:`Unreadable`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from labproof.aws.answers import is_error
from labproof.labs.lab import Lab

SCHEMA_VERSION = 2
PROBED = ("transfer", "metadata", "ingest", "logs")
NAMES = {
    "source_bucket": "bucket",
    "destination_bucket": "bucket",
    "trail_bucket": "bucket",
    "key": "key under",
}


class Failure(AssertionError):  # noqa: N818 - an outcome, not a mishap
    """What the lab should show, and what it shows instead.

    ``rests_on`` holds ids that this failure may be due to, besides those of its requirement.
    """

    def __init__(
        self, expected: str, found: object = "none", rests_on: tuple[str, ...] = ()
    ) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.expected, self.found, self.rests_on = expected, str(found), rests_on


class Unreadable(Exception):  # noqa: N818 - an outcome, not a mishap
    """AWS did not answer a question that a check asks: nobody's fault, and no verdict."""

    def __init__(self, error: dict[str, str]) -> None:
        super().__init__(f"{error['code']} from {error['call']}: {error['message']}")
        self.error = error


class Reading(dict[str, Any]):
    """A part of the evidence; a value in it that could not be read raises Unreadable."""

    def __getitem__(self, name: str) -> Any:
        return opened(super().__getitem__(name))

    def get(self, name: str, default: Any = None) -> Any:
        return opened(super().get(name, default))


def opened(value: Any) -> Any:
    """Return evidence to look into. Raises Unreadable."""
    if is_error(value):
        raise Unreadable(value["error"])
    if isinstance(value, dict):
        return Reading(value)
    return [opened(one) for one in value] if isinstance(value, list) else value


def expect(holds: bool, expected: str, found: object) -> None:
    """Raise Failure unless something holds."""
    if not holds:
        raise Failure(expected, found)


def expect_none(problems: list[str], expected: str) -> None:
    """Raise Failure that tells the problems, if there are any."""
    expect(not problems, expected, "; ".join(problems))


@dataclass(frozen=True)
class Snapshot:
    """One lab's evidence, as a check sees it; ``document`` is the content of its file."""

    document: dict[str, Any]

    @cached_property
    def lab(self) -> Lab:
        """What the lab should be."""
        return Lab.of_data(self.document["lab"])

    @property
    def target(self) -> Reading:
        """Where it is: ``account``, ``partition``, ``region``, ``emulated`` (bool, no real AWS)."""
        return Reading(self.document["target"])

    def arns(self, target: str) -> list[str]:
        """Return the ARNs of a grant's target by its names (:func:`labproof.labs.targets`)."""
        return list(self.document["arns"].get(target, []))

    def arn(self, target: str) -> str:
        """Return the ARN of a target, that of the first source bucket where there are several."""
        return self.arns(target)[0]

    def part(self, name: str) -> Any:
        """Return what was read of a part of the lab's state. Raises Failure when it is absent."""
        found = opened(self.document["state"]).get(name)
        if found is None:
            what = NAMES.get(name, name.replace("_", " "))
            raise Failure(f"the {what} {self._name(name)}", "none")
        return found

    def seen(self, name: str) -> Any:
        """Return what the probe saw. Raises Failure when nothing could be uploaded or followed."""
        probe = opened(self.document["probe"])
        if probe is None or (found := probe.get(name)) is None:
            raise Failure(
                f"a fresh upload to {self.lab.source.bucket} to be worked on", "none made"
            )
        return found

    def duration(self, area: str) -> float:
        """Return the seconds it took to see what an area's checks judge."""
        what = "probe" if area in PROBED else "state"
        return float(self.document["durations"].get(what, 0.0))

    def _name(self, part: str) -> str:
        names = {"key": "key_alias", "log_group": "function", "rules": "function"}
        return str(self.lab.names().get(names.get(part, part)) or part)
