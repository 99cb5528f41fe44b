"""junit.xml: what build servers expect, also where a lab's texts hold what XML forbids."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

from labproof.grading.results import assemble
from labproof.reports.junit import render
from tests.support.report_data import a_check, a_class, a_lab, hostile_lab

MIXED = a_lab("ada", ("passed", "failed", "blocked", "error", "passed"))
WAIVED = a_check("client.files", "failed", waived={"reason": "None here", "until": "2026-12-31"})
COUNTS = ("tests", "failures", "errors", "skipped")


def parsed(*labs: dict[str, object]) -> ET.Element:
    return ET.fromstring(render(assemble(labs)).encode())  # noqa: S314 - our own text


def counts(suite: ET.Element) -> list[int]:
    return [int(suite.get(name, "")) for name in COUNTS]


def cases(root: ET.Element) -> dict[str, ET.Element]:
    return {str(case.get("name")): case for case in root.iter("testcase")}


def properties(parent: ET.Element) -> dict[str, str]:
    return {str(p.get("name")): str(p.get("value")) for p in parent.findall("properties/property")}


def test_a_suite_is_a_lab_and_a_case_a_requirement() -> None:
    root = parsed(MIXED, a_lab("bob"))
    assert root.tag == "testsuites"
    assert [suite.get("name") for suite in root] == ["ada", "bob"]
    assert [len(suite.findall("testcase")) for suite in root] == [5, 5]


def test_the_counts_are_those_of_the_cases() -> None:
    root = parsed(MIXED, a_lab("bob"), a_lab("eve", checks=[WAIVED]))
    assert [counts(suite) for suite in root] == [[5, 1, 1, 1], [5, 0, 0, 0], [1, 0, 0, 1]]
    assert counts(root) == [11, 1, 1, 2]
    for suite in root:
        found = [len(suite.findall(f"testcase/{t}")) for t in ("failure", "error", "skipped")]
        assert counts(suite)[1:] == found


def test_the_learner_and_the_lab_are_the_class_name() -> None:
    assert {case.get("classname") for case in parsed(MIXED).iter("testcase")} == {"Ada.ada"}


def test_no_two_cases_have_one_name() -> None:
    root = ET.fromstring(render(a_class(20)))  # noqa: S314 - our own text
    names = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert len(names) == len(set(names)) == 100


def test_points_are_properties() -> None:
    root = parsed(MIXED)
    assert properties(root[0])["score"] == "40"
    told = properties(cases(root)["role.exists"])
    assert (told["points"], told["max_points"]) == ("0", "20")


def test_an_account_that_is_not_known_is_left_out() -> None:
    assert "account" not in properties(parsed(a_lab(account=None))[0])


def test_a_failure_tells_what_to_do() -> None:
    failure = cases(parsed(MIXED))["role.exists"].find("failure")
    assert failure is not None
    assert failure.get("message") == "expected the role that was asked for, found none"
    for line in ("Next: Create it.", "Command: aws create it", "Playbook: ansible-playbook "):
        assert line in str(failure.text)


def test_an_error_is_no_failure() -> None:
    case = cases(parsed(MIXED))["table.exists"]
    assert [child.tag for child in case] == ["properties", "error"]
    assert "not the learner's fault" in str(case[1].text)


def test_what_is_blocked_or_waived_is_skipped() -> None:
    skipped = cases(parsed(MIXED))["function.exists"].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "blocked by role.exists"
    case = cases(parsed(a_lab(checks=[WAIVED])))["client.files"]
    assert case[1].get("message") == "failed, waived until 2026-12-31: None here"
    assert properties(case)["waived_reason"] == "None here"


def test_times_are_seconds_and_stamps_have_no_offset() -> None:
    root = parsed(MIXED)
    assert root[0].get("time") == "20.500"
    assert root[0].get("timestamp") == root.get("timestamp") == "2026-11-21T03:15:00"


def test_hostile_text_is_valid_and_harmless() -> None:
    text = render(assemble([hostile_lab()]))
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>')
    text.encode("utf-8")
    assert not set(text) & {chr(n) for n in range(32) if n != 10}
    root = ET.fromstring(text.encode())  # noqa: S314 - our own text
    assert {child.tag for child in root.iter()} <= {
        *("testsuites", "testsuite", "testcase", "properties", "property"),
        *("failure", "error", "skipped"),
    }
    assert "\\x1b[31mred" in str(root[0].get("name"))


def test_what_results_json_gave_back_gives_the_same() -> None:
    document = assemble([MIXED])
    assert render(json.loads(json.dumps(document))) == render(document)
