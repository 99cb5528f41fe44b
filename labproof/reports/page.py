"""``index.html``: one page of a run, complete in itself: no script, and nothing to load.

Whatever a template shows is made plain first and escaped then, so that no text of a learner's
becomes markup; should one slip through, the page's own policy lets it do nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from labproof.analysis.text import plain
from labproof.grading.judge import BLOCKED, ERROR, FAILED, PASSED
from labproof.reports import view
from labproof.reports.comparison import Change, Comparison
from labproof.reports.view import WAIVED, Area, Check, Lab, minute

TEMPLATES = Path(__file__).parent / "templates"
MOST_MISSED = 5
# What is open in the order in which it is to be read; what has passed is folded away.
OPEN = (FAILED, ERROR, BLOCKED, WAIVED)
WORDS = {
    PASSED: "✓ Passed",
    FAILED: "✗ Failed",
    BLOCKED: "◦ Blocked",
    ERROR: "? Could not tell",
    WAIVED: "~ Waived",
}
CHANGES = {
    "better": "Better",
    "worse": "Worse",
    "unclear": "Could not be told now",
    "new": "New",
    "gone": "Gone",
}


def render(results: dict[str, Any], comparison: Comparison | None = None) -> str:
    """Return the page of a run's results, with what changed since an earlier run where given."""
    labs = results["labs"]
    text = _templates().get_template("page.html.j2")
    return text.render(
        results=results,
        labs=[_lab(number, lab, comparison) for number, lab in enumerate(labs, 1)],
        complete=sum(view.is_complete(lab) for lab in labs),
        unclear=sum(1 for lab in labs if view.counts(lab)[ERROR]),
        median=f"{view.median(labs):g}",
        missed=view.most_missed(labs)[:MOST_MISSED],
        comparison=comparison,
        since=minute(comparison.since) if comparison else "",
        style=style(),
        policy=policy(),
    )


@cache
def style() -> Markup:
    """Return the page's style sheet."""
    return Markup((TEMPLATES / "style.css.j2").read_text("utf-8"))  # noqa: S704 - our own file


def policy() -> str:
    """Return the page's content security policy: its own style, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    rules = ("default-src 'none'", f"style-src 'sha256-{digest}'", "base-uri 'none'")
    return "; ".join((*rules, "form-action 'none'"))


@cache
def _templates() -> Environment:
    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: value if isinstance(value, Markup) else plain(value),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals.update(WORDS=WORDS, counted=view.counted, minute=minute, state=view.state)
    return found


def _lab(number: int, lab: Lab, comparison: Comparison | None) -> dict[str, Any]:
    """Return what the templates show of a lab. Anchors are numbers: a name may be anything."""
    place = f"lab-{number}"
    found = view.counts(lab)
    return {
        **{key: lab[key] for key in ("host", "learner", "kind", "taken", "score", "max_score")},
        "account": lab.get("account") or "",
        "place": place,
        "counts": {name: found[name] for name in view.STATES},
        "mood": _mood(lab),
        "first": _first(lab),
        "areas": [_area(area) for area in view.areas(lab)],
        "anchors": {c["id"]: f"{place}-{n}" for n, c in enumerate(lab["checks"], 1)},
        "change": comparison.changes.get(lab["host"]) if comparison else None,
        "changes": _changes(lab, comparison),
    }


def _mood(lab: Lab) -> str:
    """Return in a word what kind of lab this is; the templates have a sentence for each."""
    if view.is_complete(lab):
        return "complete"
    if view.is_unread(lab):
        return "unread"
    return "untouched" if view.is_untouched(lab) else "begun"


def _first(lab: Lab) -> Check | None:
    """Return the check to begin with: what failed first, else what could not be told."""
    return next((c for wanted in (FAILED, ERROR) for c in view.in_state(lab, wanted)), None)


def _area(area: Area) -> dict[str, Any]:
    left = sorted(_not_passed(area.checks), key=lambda check: OPEN.index(view.state(check)))
    return {
        "name": area.name,
        "points": area.points,
        "max_points": area.max_points,
        "open": left,
        "passed": [check for check in area.checks if view.state(check) == PASSED],
    }


def _not_passed(checks: Iterable[Check]) -> list[Check]:
    return [check for check in checks if view.state(check) != PASSED]


def _changes(lab: Lab, comparison: Comparison | None) -> list[tuple[str, tuple[str, ...]]]:
    change = comparison.changes.get(lab["host"]) if comparison else None
    return [(CHANGES[word], ids) for word, ids in (change or Change(0, 0)).parts() if ids]
