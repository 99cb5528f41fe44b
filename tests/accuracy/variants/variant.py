"""What a variant is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.support.learner import STEPS, Step


@dataclass(frozen=True)
class Variant:
    """A correct lab, built in another way: steps that replace the learner's, and some after all.

    ``label`` is that of the lab in LABS, ``says`` what is different.
    """

    name: str
    label: str
    says: str
    steps: Mapping[str, Step] = field(default_factory=dict)
    after: tuple[Step, ...] = ()
    by_cli: bool = False  # needs the AWS CLI

    def all_steps(self) -> dict[str, Step]:
        last = {f"after {number}": step for number, step in enumerate(self.after)}
        return {**STEPS, **self.steps, **last}
