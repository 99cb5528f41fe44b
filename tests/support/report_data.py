"""Entries of ``results.json`` made by hand, friendly and hostile ones."""

from __future__ import annotations

from typing import Any

from labproof.grading.results import Results, assemble

HOSTILE = (
    "<script>alert(1)</script> & \"quotes\" 'single' ]]> \x1b[31mred\x1b[0m \x1b]0;title\x07"
    "\x00\x08\x7f\x9b31m \u202eesrever\u2066 \u200b\ufeff \ud800 \ufffe {{ 7 * 7 }} %s $HOME "
    "\r\nnew line"
)
IDS = ("source-bucket.exists", "role.exists", "function.exists", "table.exists", "transfer.copied")


def a_check(name: str, status: str = "passed", worth: int = 20, **more: Any) -> dict[str, Any]:
    told = status in ("failed", "blocked", "error")
    return {
        "id": name,
        "title": f"The {name.partition('.')[0]} is right.",
        "status": status,
        "points": worth if status == "passed" or "waived" in more else 0,
        "max_points": worth,
        "expected": f"the {name.partition('.')[0]} that was asked for" if told else "",
        "found": "none" if told else "",
        "hint": "Create it." if status == "failed" else "",
        "command": "aws create it" if status == "failed" else "",
        "playbook": "ansible-playbook playbooks/create-it.yml -l ada" if status == "failed" else "",
        "blocked_by": ["role.exists"] if status == "blocked" else [],
        "duration_s": 1.5,
        **more,
    }


def a_lab(
    host: str = "ada", statuses: tuple[str, ...] = ("passed",) * 5, **more: Any
) -> dict[str, Any]:
    checks = more.pop("checks", None) or [
        a_check(name, status) for name, status in zip(IDS, statuses, strict=True)
    ]
    return {
        "host": host,
        "kind": "file_transfer",
        "learner": host.title(),
        "account": "100000000046",
        "taken": "2026-11-21T03:15:00.000+00:00",
        "finished": "2026-11-21T03:15:20.500+00:00",
        "score": sum(check["points"] for check in checks),
        "max_score": sum(check["max_points"] for check in checks),
        "checks": checks,
        **more,
    }


def hostile_lab() -> dict[str, Any]:
    waiver = {"reason": HOSTILE, "until": "2026-12-31"}
    words = {"title": HOSTILE, "expected": HOSTILE, "found": HOSTILE * 50}
    steps = {"hint": HOSTILE, "command": HOSTILE, "playbook": HOSTILE}
    checks = [
        a_check("role.exists", "failed", **words, **steps),
        a_check("role.trusts-lambda", "blocked", **words),
        a_check("table.exists", "error", **words),
        a_check("table.key", "failed", **words, waived=waiver),
        a_check("logs.group", **words),
    ]
    return a_lab(f"../{HOSTILE}", checks=checks, learner=HOSTILE, account=HOSTILE, kind=HOSTILE)


def a_class(size: int = 100) -> Results:
    cycle = ("passed", "failed", "blocked", "error", "passed")
    shift = [cycle[n:] + cycle[:n] for n in range(5)]
    return assemble(a_lab(f"learner-{n:03}", shift[n % 5]) for n in range(size))
