"""Sort a report of Prowler by one lab: what passed, what failed, and what is so on purpose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from labproof.labs.arns import arn, arns
from labproof.labs.lab import Lab

EXCEPTIONS: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("exceptions.yml").read_text("utf-8")
)


class Finding(NamedTuple):
    """A failed check on a part of the lab."""

    check: str
    part: str
    resource: str
    title: str


class Verdict(NamedTuple):
    """What became of the checks on the lab's resources; how many failed on anything else."""

    passed: int
    failed: list[Finding]
    explained: list[Finding]
    elsewhere: int


def resources(lab: Lab, identity: Mapping[str, str], key_arn: str) -> dict[str, str]:
    """Return the lab's own resources: ``{ARN: part}``; ``all_trails`` stands for the account's."""
    found = {found: part for part, found in arns(lab, identity).items()}
    if lab.trail:
        found[arn("trail", "", identity).rstrip("/")] = "all_trails"
    return found | ({key_arn: "key"} if key_arn else {})


def judge(rows: Iterable[Mapping[str, str]], own: Mapping[str, str], known: Any) -> Verdict:
    """Sort the rows of Prowler's report by the lab's resources and the known exceptions."""
    seen = [(row, row["RESOURCE_UID"].removesuffix(":*")) for row in rows]
    failed: list[Finding] = []
    explained: list[Finding] = []
    for row, resource in seen:
        if row["STATUS"] == "FAIL" and (part := own.get(resource)):
            name, check = resource.split(":", 5)[5], row["CHECK_ID"]
            is_known = part in known.get(check, {}).get("parts", ())
            finding = Finding(check, part, name, row["CHECK_TITLE"])
            (explained if is_known else failed).append(finding)
    passed = sum(row["STATUS"] == "PASS" and one in own for row, one in seen)
    elsewhere = sum(row["STATUS"] == "FAIL" and one not in own for row, one in seen)
    return Verdict(passed, sorted(failed), sorted(explained), elsewhere)


def table(exceptions: Mapping[str, Any]) -> str:
    """Return the exceptions as the table of docs/audit.md."""
    lines = ["| check | on | why it is left so |", "|---|---|---|"]
    for check, entry in exceptions.items():
        parts = ", ".join(entry["parts"]).replace("_", " ")
        lines.append(f"| `{check}` | {parts} | {entry['why']} |")
    return "\n".join(lines)


def summary(host: str, verdict: Verdict) -> str:
    """Return what a person wants to know first."""
    rows = [(f.check, f.resource, f.title) for f in sorted(verdict.failed + verdict.explained)]
    widths = [max((len(row[n]) for row in rows), default=0) for n in (0, 1)]
    lines = [f"  {c:{widths[0]}}  {r:{widths[1]}}  {title[:60]}" for c, r, title in rows]
    for what, some in (("Explained", verdict.explained), ("Not explained", verdict.failed)):
        checks = [f"\n  {check}" for check in sorted({finding.check for finding in some})]
        lines.append(f"{what} in docs/audit.md: {''.join(checks) or 'none'}")
    totals = f"{verdict.passed} passed, {len(rows)} failed, {len(verdict.explained)} explained"
    lines.append(f"{host}: {totals}; {verdict.elsewhere} failed elsewhere in the account.")
    return "\n".join([f"Failed checks on the resources of {host}:", *lines])


if __name__ == "__main__":
    print(table(EXCEPTIONS))
