"""index.html: well formed, readable without script, and harmless whatever a lab's texts hold."""

from __future__ import annotations

import base64
import hashlib
from html.parser import HTMLParser
from typing import Any

import pytest

from labproof.analysis.text import HARMFUL
from labproof.grading.results import assemble
from labproof.reports.comparison import compare
from labproof.reports.page import policy, render, style
from tests.support.report_data import HOSTILE, a_check, a_class, a_lab, hostile_lab

VOID = ("meta", "link", "br", "img", "input", "hr")
ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section"),
    *("article", "h1", "h2", "h3", "h4", "p", "ul", "li", "a", "span", "strong", "code", "pre"),
    *("dl", "dt", "dd", "table", "caption", "thead", "tbody", "tr", "th", "td", "meter"),
    *("details", "summary"),
}
WAIVER = {"reason": "The class has no client", "until": "2026-12-31"}


class Page(HTMLParser):
    """What a page consists of; reading fails where a tag is not closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def page(*labs: dict[str, Any]) -> Page:
    return Page(render(assemble(labs)))


MIXED = a_lab("ada", ("passed", "failed", "blocked", "error", "passed"))
UNREAD = a_lab("cyd", ("error",) * 5)
RUNS = [[a_lab()], [MIXED], [UNREAD], [hostile_lab()], a_class(20)["labs"], [hostile_lab(), MIXED]]


@pytest.mark.parametrize("labs", RUNS)
def test_it_is_balanced_and_made_of_harmless_tags(labs: list[dict[str, Any]]) -> None:
    found = page(*labs)
    assert {tag for tag, _ in found.tags} <= ALLOWED
    assert not [a for _, attributes in found.tags for a in attributes if a.startswith("on")]


@pytest.mark.parametrize("labs", RUNS)
def test_nothing_is_loaded_from_elsewhere(labs: list[dict[str, Any]]) -> None:
    found = page(*labs)
    assert not {"src", "srcset", "style", "action"} & {a for _, attrs in found.tags for a in attrs}
    assert all(str(a["href"]).startswith("#") for a in found.of("a"))
    assert "url(" not in style()
    assert "@import" not in style()


@pytest.mark.parametrize("labs", RUNS)
def test_every_link_leads_to_one_place(labs: list[dict[str, Any]]) -> None:
    found = page(*labs)
    places = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(places) == len(set(places))
    assert {str(a["href"])[1:] for a in found.of("a")} <= set(places)


def test_hostile_text_is_shown_and_does_nothing() -> None:
    text = render(assemble([hostile_lab(), a_lab()]))
    assert "<script" not in text
    assert "\\x1b[31mred" in Page(text).words
    assert "<script>alert(1)</script>" in Page(text).words
    assert "{{ 7 * 7 }}" in Page(text).words
    assert not HARMFUL.search(text)
    text.encode("utf-8")


def test_hostile_text_in_an_attribute_stays_there() -> None:
    broken = '"><img src=x onerror=alert(1)>'
    earlier = assemble([a_lab("bob", taken=f"2026-11-20T01:02{broken}")])
    labs = assemble([a_lab(broken), a_lab("bob")])
    assert not Page(render(labs, compare(earlier, labs))).of("img")


def test_its_policy_allows_its_own_style_and_nothing_else() -> None:
    metas = page(a_lab()).of("meta")
    told = [m["content"] for m in metas if m.get("http-equiv") == "Content-Security-Policy"]
    assert told == [policy()]
    assert "default-src 'none'" in policy()
    assert "unsafe" not in policy()


def test_the_policy_names_the_style_that_is_there() -> None:
    text = render(assemble([a_lab()]))
    shown = text.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(shown.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy()


def test_the_tables_and_headings_are_semantic() -> None:
    found = page(MIXED, a_lab("bob"))
    assert len(found.of("h1")) == 1
    assert len(found.of("caption")) == 1
    assert {th["scope"] for th in found.of("th")} == {"col", "row"}
    assert found.of("html") == [{"lang": "en"}]


def test_it_follows_the_wish_for_dark_and_for_a_narrow_screen() -> None:
    assert "prefers-color-scheme: dark" in style()
    assert "max-width" in style()
    assert any(meta.get("name") == "viewport" for meta in page(a_lab()).of("meta"))


def test_a_failure_tells_all_that_helps() -> None:
    found = page(MIXED)
    for told in ("✗ Failed", "the role that was asked for", "none", "Create it.", "0 of 20 points"):
        assert told in found.words
    code = render(assemble([MIXED]))
    assert "<pre><code>aws create it</code></pre>" in code
    assert "<pre><code>ansible-playbook playbooks/create-it.yml -l ada</code></pre>" in code


def test_each_state_has_its_word() -> None:
    waived = a_check("client.files", "failed", waived=WAIVER)
    labs = [MIXED, a_lab("eve", checks=[waived])]
    words = page(*labs).words
    for word in ("✓ Passed", "✗ Failed", "◦ Blocked", "? Could not tell", "~ Waived"):
        assert word in words
    assert "until 2026-12-31: The class has no client" in words


def test_what_failed_comes_before_what_is_blocked_and_what_passed() -> None:
    names = (("blocked", "one"), ("passed", "two"), ("failed", "three"))
    checks = [a_check(f"role.{name}", status, title=f"Title {name}") for status, name in names]
    words = page(a_lab(checks=checks)).words
    assert words.index("Title three") < words.index("Title one") < words.index("Title two")


def test_what_passed_is_folded_away() -> None:
    found = page(a_lab())
    assert len(found.of("details")) == 5
    assert not [d for d in found.of("details") if "open" in d]
    assert "Nothing is left to do." in found.words


def test_what_blocks_is_linked() -> None:
    found = page(MIXED)
    assert [a["href"] for a in found.of("a")].count("#lab-1-2") == 2


def test_an_error_is_never_the_learners_fault() -> None:
    unread = a_check("role.exists", "error", found="AccessDenied from get_role")
    words = page(a_lab(checks=[unread])).words
    assert "could not be graded, through no fault of the learner" in words
    assert "AccessDenied from get_role" in words
    assert "1 requirement could not be told, through no fault" in page(MIXED).words


def test_an_empty_account_is_told_where_to_begin() -> None:
    words = page(a_lab(statuses=("failed", "failed", "blocked", "blocked", "blocked"))).words
    assert "Nothing of it is there yet. Begin with source-bucket.exists" in words


def test_a_class_has_an_overview_and_one_lab_needs_none() -> None:
    found = page(*a_class(20)["labs"])
    assert len(found.of("tr")) == 21
    assert "Median: 40 points" in found.words
    assert not page(a_lab()).of("table")


def test_what_has_changed_is_told() -> None:
    before = assemble([a_lab("ada", ("failed",) * 5), a_lab("zed")])
    after = assemble([MIXED, a_lab("bob")])
    words = Page(render(after, compare(before, after))).words
    assert "Since 2026-11-21 03:15 UTC: 0 → 40 points" in words
    assert "Better: source-bucket.exists , transfer.copied" in words
    assert "Could not be told now: table.exists" in words
    assert "1 lab new (bob), 1 lab no longer here (zed)" in words


def test_a_lab_where_nothing_counts_has_no_meter() -> None:
    assert not page(a_lab(checks=[a_check("role.exists", worth=0)])).of("meter")


def test_controls_are_named_where_they_are_known() -> None:
    told = a_check("role.exists", "failed", controls=[f"CIS 3 {HOSTILE}"])
    assert "CIS 3 <script>" in page(a_lab(checks=[told])).words
