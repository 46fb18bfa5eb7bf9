"""The page: complete, closed, and readable by everybody."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser
from itertools import pairwise

import pandas as pd
import pytest

from audit import AuditResult, AuditTarget, Claim, Figure, Section, Table, audit, render_report
from audit.records import Records
from audit.report._exposure import subgroups_section

EVIL = "<script>alert('x')</script>"


class Page(HTMLParser):
    """Tags with attributes in order, and what is open."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.mismatched: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "img", "link", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.mismatched.append(tag)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture(scope="module")
def target(harmless: AuditTarget) -> AuditTarget:
    """Harmless cells, one type of which carries a name that wants to be code."""

    def renamed(records: Records) -> Records:
        kinds = ["$x_1$ " + EVIL if kind == "CD19+ B" else kind for kind in records.labels]
        return dataclasses.replace(records, about=pd.DataFrame({records.label: kinds}, index=records.about.index))

    return AuditTarget(*(renamed(c) for c in (harmless.members, harmless.nonmembers, harmless.synthetic)))


@pytest.fixture(scope="module")
def result(target: AuditTarget) -> AuditResult:
    chosen = {"attacks": ["calibrated", "dcr", "density"], "metrics": ["nnaa", "retention"], "risks": []}
    return audit(target, seed=0, claim=Claim(5, 1e-5, "cell", f"Stated {EVIL}."), curves=True, **chosen)


SECTIONS = (
    Section("ledger", "What was spent", EVIL, (Table("Ledger", ("Name", "Epsilon"), ((EVIL, 1.5),)),), after="claim"),
    Section("graph", "The graph", figures=(Figure(f"A graph {EVIL}", f"<svg xmlns='x'>{EVIL}</svg>", "One edge"),)),
)


@pytest.fixture(scope="module")
def text(result: AuditResult, target: AuditTarget) -> str:
    return render_report(result, target, sections=SECTIONS, title=f"Blood {EVIL}")


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_every_tag_is_closed(page: Page) -> None:
    assert page.mismatched == []
    assert page.open == []


def test_the_page_is_closed_to_the_world(text: str, page: Page) -> None:
    policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert not re.search(r"https?://|@import|url\(|javascript:", text)
    assert not page.all("script")
    assert not page.all("link")
    assert all((img["src"] or "").startswith("data:image/") for img in page.all("img"))
    assert all((a["href"] or "").startswith("#") for a in page.all("a"))


def test_names_that_want_to_be_code_stay_names(text: str) -> None:
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 5


def test_landmarks_headings_and_language_are_there(page: Page) -> None:
    assert page.all("html") == [{"lang": "en"}]
    for landmark in ("header", "main", "nav", "footer", "title", "h1"):
        assert len(page.all(landmark)) == 1, landmark
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_pictures_tables_and_links_say_what_they_are(page: Page) -> None:
    assert len(page.all("img")) == 8
    assert all(img["alt"] for img in page.all("img"))
    assert len(page.all("caption")) == len(page.all("table")) >= 8
    assert all(cell.get("scope") in {"row", "col"} for cell in page.all("th"))
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    named = [attrs["aria-labelledby"] for _, attrs in page.tags if "aria-labelledby" in attrs]
    assert {*named, *((a["href"] or "")[1:] for a in page.all("a"))} <= set(ids)


def test_the_verdict_stands_first_in_words(text: str, result: AuditResult) -> None:
    assert result.verdict.outcome == "cannot tell"
    assert text.index("Cannot tell</span>") < text.index("What was claimed</h2>") < text.index("What was spent</h2>")
    for reason in result.verdict.reasons:
        assert reason.split(":")[0] in text


def test_the_page_follows_the_json_alone(result: AuditResult, text: str) -> None:
    plain = result.to_json()
    bare = render_report(plain, None, title="From a file")
    assert "From a file" in bare
    assert 'id="map"' not in bare
    assert f"{result.attacks[0].auc.point:.3f}" in bare


def test_a_measure_without_an_upper_end_has_a_goal_all_the_same(result: AuditResult) -> None:
    plain = result.to_json()
    plain["metrics"][0]["scores"][0] |= {"goal": "maximise", "high": None}
    assert "<td>high</td>" in render_report(plain, None)


def test_a_type_is_found_by_the_thresholds_of_the_audit_not_of_the_page(result: AuditResult) -> None:
    plain = result.to_json()
    group = plain["exposure"]["subgroups"][0] | {"adjusted": 0.03, "visible": 0.7}
    group["auc"] = {"point": 0.6, "low": 0.55, "high": 0.65}
    plain["exposure"]["subgroups"] = [group]
    for level, margin, word in ((0.05, 0.55, "found"), (0.01, 0.55, "not found"), (0.05, 0.62, "not found")):
        values = {"level": level, "AUC margin": margin}
        plain["gates"] = [gate | {"value": values.get(gate["name"], gate["value"])} for gate in plain["gates"]]
        (section,) = subgroups_section(plain)
        assert section.tables[0].rows[0][-1] == word


def test_two_renderings_are_the_same(result: AuditResult) -> None:
    assert render_report(result, None) == render_report(result, None)


def test_sections_are_plain_data_and_wrong_ones_are_refused(result: AuditResult) -> None:
    with pytest.raises(ValueError, match="taken"):
        render_report(result, None, sections=(Section("attacks", "Mine"),))
    with pytest.raises(ValueError, match="no plain word"):
        render_report(result, None, sections=(Section("a b", "Mine"),))
    with pytest.raises(ValueError, match="row 1 has not 2 cells"):
        Table("Short", ("a", "b"), (("x",),))
    with pytest.raises(ValueError, match="alt text"):
        Figure(" ", b"")
    with pytest.raises(ValueError, match="PNG"):
        Figure("A picture", b"GIF89a")
