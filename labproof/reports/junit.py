"""``junit.xml``: the results as build servers read them, a suite per lab, a case per requirement.

What is blocked or waived is skipped; an error is an error, never a failure. GitLab drops names
that are there twice within a class name, so that names the learner and the lab.
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

from labproof.analysis.text import one_line, plain
from labproof.grading import judge
from labproof.reports import view
from labproof.reports.view import Check, Lab, counts, duration, seconds, state

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
LONGEST_PART = 250


def render(results: dict[str, Any]) -> str:
    """Return the document of a run's results."""
    root = ET.Element("testsuites", name="Labproof")
    root.extend(_suite(lab) for lab in results["labs"])
    for count in ("tests", "failures", "errors", "skipped"):
        root.set(count, str(sum(int(suite.get(count, 0)) for suite in root)))
    root.set("time", _time(seconds(results["started"], results["finished"])))
    root.set("timestamp", _stamp(results["started"]))
    ET.indent(root)
    return f"{HEAD}{ET.tostring(root, encoding='unicode')}\n"


def _suite(lab: Lab) -> ET.Element:
    found = counts(lab)
    suite = ET.Element(
        "testsuite",
        name=one_line(lab["host"]),
        tests=str(len(lab["checks"])),
        failures=str(found[judge.FAILED]),
        errors=str(found[judge.ERROR]),
        skipped=str(found[judge.BLOCKED] + found[view.WAIVED]),
        time=_time(duration(lab)),
        timestamp=_stamp(lab["taken"]),
    )
    told = ("learner", "kind", "account", "score", "max_score")
    _properties(suite, {name: lab.get(name) for name in told})
    suite.extend(_case(lab, check) for check in lab["checks"])
    return suite


def _case(lab: Lab, check: Check) -> ET.Element:
    case = ET.Element(
        "testcase",
        name=one_line(check["id"]),
        classname=f"{one_line(lab['learner'])}.{one_line(lab['host'])}",
        time=_time(check["duration_s"]),
    )
    worth = {name: check[name] for name in ("title", "points", "max_points")}
    _properties(case, worth | _waiver(check))
    if (verdict := _verdict(check)) is not None:
        case.append(verdict)
    return case


def _verdict(check: Check) -> ET.Element | None:
    """Return what is said of a check that has not passed."""
    expected, found = (one_line(check[key], LONGEST_PART) for key in ("expected", "found"))
    match state(check):
        case judge.FAILED:
            return _said("failure", f"expected {expected}, found {found}", _details(check))
        case judge.ERROR:
            details = f"Could not tell, which is not the learner's fault.\n{check['found']}"
            return _said("error", f"could not tell: {found}", details)
        case judge.BLOCKED:
            return _skipped(f"blocked by {', '.join(check['blocked_by'])}")
        case view.WAIVED:
            waiver = check["waived"]
            told = f"waived until {waiver['until']}: {waiver['reason']}"
            return _skipped(f"{check['status']}, {told}")
    return None


def _details(check: Check) -> str:
    lines = {"Requirement": "title", "Expected": "expected", "Found": "found", "Next": "hint"}
    lines |= {"Command": "command", "Playbook": "playbook"}
    told = {label: check.get(key) for label, key in lines.items()}
    return "\n".join(f"{label}: {plain(text)}" for label, text in told.items() if text)


def _said(tag: str, message: str, details: str) -> ET.Element:
    element = ET.Element(tag, message=message, type=tag)
    element.text = plain(details)
    return element


def _skipped(message: str) -> ET.Element:
    return ET.Element("skipped", message=one_line(message, 2 * LONGEST_PART))


def _waiver(check: Check) -> dict[str, Any]:
    return {f"waived_{key}": value for key, value in check.get("waived", {}).items()}


def _properties(parent: ET.Element, values: dict[str, Any]) -> None:
    properties = ET.SubElement(parent, "properties")
    for name, value in values.items():
        if value is not None:
            ET.SubElement(properties, "property", name=name, value=one_line(value))


def _time(duration: float) -> str:
    return f"{duration:.3f}"


def _stamp(time: str) -> str:
    """Return a time as ISO 8601 without an offset, which readers take for UTC."""
    return plain(time)[:19]
