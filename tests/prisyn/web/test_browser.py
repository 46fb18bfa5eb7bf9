"""A real Chromium does each task of the pages: search, open, filter, export, review by keyboard, undo.

Every browser context listens for dialogs, errors, refused requests and reports of the policy; a test fails on any.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from kg import Decision, ErrorKind, Verdict, open_store
from kg.curation import standing_decisions
from prisyn.web import Settings

pytestmark = [
    pytest.mark.slow,
    # Playwright leaves closing the transport of its driver to the interpreter.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

AXE = Path(__file__).with_name("vendor") / "axe-4.14.1.min.js"
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 375, "height": 812}

PAGES = [
    "/",
    "/paths?from=GATA1&to=CSF1R",
    "/paths?from=GATA12&to=CSF1R&effect=activation",
    "/connect?genes=GATA1,CSF1R,KLF1,CD44&join=connect",
    "/hubs",
    "/motifs",
    "/contradictions",
    "/changes?since=2020-01-01",
    "/compare?reference=1&show=only-graph",
    "/cypher?query=MATCH (g:Gene)-[e:REGULATES]->(t:Gene) RETURN g.symbol, t.symbol, e.belief LIMIT 5",
    "/gene/HGNC:4170",
    "/edge?regulator=HGNC:11241&target=HGNC:6740",
    "/search?q=nosuchgene",
    "/review",
    "/review?pile=second",
    "/review/disagreements",
    "/jobs",
    "/jobs/1",
    "/reports",
    "/who",
    "/nowhere",
]

SETTLED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""Resolves when what was asked to be drawn is on the screen."""

FOREIGN = """() => [...document.querySelectorAll('main *')].filter(each => !each.closest('.canvas') && (
    ['script', 'style', 'iframe', 'img', 'object', 'embed', 'math', 'video'].includes(each.localName)
    || [...each.attributes].some(one => one.name.startsWith('on') || one.name === 'style')
)).map(each => each.outerHTML)"""
"""Elements that our pages do not have. Those in a drawing are made, and given their size, by cytoscape.js."""

Serving = Callable[[Settings], AbstractContextManager[str]]
Opened = Callable[..., AbstractContextManager[Any]]


@pytest.fixture
def opened(chromium: Any) -> Opened:
    """`with opened(address, viewport) as page:` a page of a new context, on which nothing may go wrong."""

    @contextmanager
    def open_page(
        address: str, viewport: dict[str, int] = WIDE, *, curator: str = "Ada", **options: Any
    ) -> Iterator[Any]:
        context = chromium.new_context(base_url=address, viewport=viewport, accept_downloads=True, **options)
        context.set_default_timeout(60_000)  # a loaded machine is slow, not wrong
        if curator:
            context.add_cookies([{"name": "prisyn_curator", "value": curator, "url": address}])
        wrong: list[str] = []
        context.on("console", lambda said: wrong.append(said.text) if _tells_of_harm(said) else None)
        context.on("weberror", lambda error: wrong.append(str(error.error)))
        context.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        context.on(
            "request", lambda asked: None if asked.url.startswith((address, "data:")) else wrong.append(asked.url)
        )
        page = context.new_page()
        yield page
        assert page.evaluate("window.hacked") is None
        context.close()
        assert wrong == []

    return open_page


def _tells_of_harm(said: Any) -> bool:
    """Whether the console has an error or a warning, other than that a page we ask for in vain is not there, and that
    a report tried to run what its cage does not let it."""
    url = said.location["url"]
    return said.type in ("error", "warning") and not url.endswith(("/nowhere", "/audit.html"))


@pytest.fixture(scope="module")
def site(serving: Serving, graphs: Path, run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of pages over the known graph, shared by the tests that decide nothing."""
    graph = shutil.copy(graphs / "known.db", tmp_path_factory.mktemp("site") / "grn.db")
    with serving(Settings(str(graph), runs=(run_folder,), references=(str(graphs / "hostile.db"),))) as address:
        yield address


def kept(settings: Settings) -> list[Decision]:
    with open_store(settings.graph) as store:
        return standing_decisions(store.decisions())


def test_a_gene_is_found_by_typing_and_opened_by_keyboard(site: str, opened: Opened) -> None:
    with opened(site) as page:
        page.goto("/")
        page.keyboard.press("/")
        page.keyboard.type("PU.")
        page.keyboard.type("1")
        page.locator("#suggestions [role=option]").first.wait_for()
        page.keyboard.press("ArrowDown")
        assert page.locator("#q").get_attribute("aria-activedescendant") == "suggestions-1"
        page.keyboard.press("Enter")
        page.wait_for_url("**/gene/HGNC:11241")
        assert page.locator("h1").inner_text() == "SPI1"


PLACES = """() => document.querySelector('.canvas')._cyreg.cy.elements().map(
    each => [each.id(), each.isNode() ? each.renderedPosition() : each.renderedMidpoint(), each.style('line-color')]
)"""
OUTSIDE = """() => {
    const canvas = document.querySelector('.canvas');
    return canvas._cyreg.cy.nodes().filter(node => {
        const box = node.renderedBoundingBox();
        return box.x1 < 0 || box.y1 < 0 || box.x2 > canvas.clientWidth || box.y2 > canvas.clientHeight;
    }).map(node => node.data('symbol'));
}"""


def drawn(page: Any, address: str) -> Any:
    """What is drawn at an address, and where."""
    page.goto(address)
    page.wait_for_selector(".canvas[data-drawn]")
    page.evaluate(SETTLED)
    return page.evaluate(PLACES)


def test_the_neighbourhood_is_drawn_the_same_each_time_and_a_click_goes_there(site: str, opened: Opened) -> None:
    with opened(site) as page:
        assert drawn(page, "/gene/HGNC:11241") == drawn(page, "/gene/HGNC:11241")
        box = page.locator(".canvas").bounding_box()
        # CEBPA is the one regulator that is no target too: it stands right above the middle.
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 20)
        page.wait_for_url("**/gene/HGNC:1833*")


def test_a_path_is_asked_for_by_keyboard_drawn_from_left_to_right_and_saved(site: str, opened: Opened) -> None:
    with opened(site) as page:
        page.goto("/paths")
        page.get_by_label("From", exact=True).focus()
        page.keyboard.type("GATA")
        page.locator("#from-options [role=option]").first.wait_for()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        assert page.get_by_label("From", exact=True).input_value() == "GATA1"
        page.get_by_label("To", exact=True).fill("CSF1R")
        page.keyboard.press("Enter")
        page.wait_for_url("**/paths?from=GATA1&to=CSF1R&longest=4&most=10")
        assert page.locator("main tbody th").first.inner_text().split() == ["GATA1", "SPI1", "CSF1R"]
        with page.expect_download() as download:
            page.get_by_role("link", name="Table").click()
        assert "GATA1 -| SPI1 -> CSF1R" in Path(download.value.path()).read_text()
        assert drawn(page, page.url) == drawn(page, page.url)


def test_what_connects_a_list_is_drawn_the_same_each_time_within_its_frame(site: str, opened: Opened) -> None:
    with opened(site) as page:
        page.goto("/connect")
        page.get_by_label("Genes", exact=True).fill("GATA1, CSF1R\nKLF1, nosuchgene")
        page.get_by_label("every gene that joins two of them or more").check()
        page.get_by_role("button", name="Ask").click()
        page.get_by_role("alert").filter(has_text="nosuchgene is not in the graph").wait_for()
        for viewport in (WIDE, PHONE):
            page.set_viewport_size(viewport)
            assert drawn(page, page.url) == drawn(page, page.url)
            assert page.evaluate(OUTSIDE) == []


def test_a_filter_changes_what_is_seen_the_address_and_the_export(site: str, opened: Opened, steps: int) -> None:
    with opened(site) as page:
        page.goto("/gene/HGNC:4827")
        page.wait_for_selector(".canvas[data-drawn]")
        page.locator("#effect").focus()
        page.locator("#effect").select_option("repression")
        page.wait_for_url("**effect=repression*")
        page.get_by_text("1 edge; the filters hide 3").wait_for()
        assert page.evaluate("document.activeElement.id") == "effect", "a filter keeps the focus"
        assert page.locator(".canvas").get_attribute("data-drawn") == "3"
        page.locator("#effect").select_option("")
        page.locator("#min_belief").focus()
        for _ in range(steps):
            page.keyboard.press("ArrowRight")
        page.get_by_text("2 edges; the filters hide 2").wait_for()
        assert page.locator("output").inner_text() == f"{steps * 0.05:.2f}"
        with page.expect_download() as download:
            page.get_by_role("link", name="TSV").click()
        rows = Path(download.value.path()).read_text().splitlines()
        assert [row.split("\t")[0] for row in rows[1:]] == ["GATA1", "KLF1"]
        seen = page.locator("#seen").inner_text()
        page.goto(page.url)
        assert page.locator("#seen").inner_text() == seen, "the address is a permalink"
        page.go_back()


def test_ten_statements_are_judged_by_keyboard_and_the_last_ones_taken_back(
    known: Settings, serving: Serving, opened: Opened
) -> None:
    with serving(known) as address, opened(address, curator="") as page:
        page.goto("/review")
        page.get_by_label("Your name or initials").fill("Grace")
        page.keyboard.press("Enter")
        page.wait_for_url("**/review")
        page.wait_for_selector("#judge[data-htmx-powered]")
        heading = page.locator("#now")
        for number, key in enumerate("axa2a4u1aa", start=1):
            before = page.locator('input[name="claim"]').get_attribute("value")
            page.keyboard.press(key)
            page.wait_for_function("before => document.querySelector('input[name=claim]').value !== before", arg=before)
            assert page.locator(".past li .tag").count() == number
            assert page.evaluate("document.activeElement.id") == "now", "the new statement has the focus"
        page.keyboard.press("Space")
        page.get_by_text("1 skipped").wait_for()
        page.keyboard.press("Backspace")
        page.locator("aside", has_not_text="skipped").wait_for()
        page.keyboard.press("Backspace")
        page.wait_for_function("() => document.querySelectorAll('.past li .tag').length === 9")
        assert heading.is_visible()
        decided = kept(known)
        assert [item.curator for item in decided] == ["Grace"] * 9
        assert [item.verdict for item in decided].count(Verdict.ACCEPT) == 4
        errors = [item.error for item in decided if item.error]
        assert errors == [ErrorKind.POLARITY, ErrorKind.NO_RELATION, ErrorKind.GROUNDING]


def test_other_asks_for_words_and_keys_are_quiet_while_one_writes(
    known: Settings, serving: Serving, opened: Opened
) -> None:
    with serving(known) as address, opened(address) as page:
        page.goto("/review")
        page.wait_for_selector("#judge[data-htmx-powered]")
        page.keyboard.press("9")
        page.get_by_role("alert").wait_for()
        assert page.evaluate("document.activeElement.id") == "comment"
        page.keyboard.type("axu 9 a legend")
        assert kept(known) == []
        page.keyboard.press("Escape")
        page.keyboard.press("9")
        page.wait_for_function("() => document.querySelectorAll('.past li .tag').length === 1")
        assert [(item.error, item.comment) for item in kept(known)] == [(ErrorKind.OTHER, "axu 9 a legend")]
        page.get_by_label("Judge by single keys").uncheck()
        page.keyboard.press("a")
        page.evaluate(SETTLED)
        assert page.locator(".htmx-request").count() == 0, "a key that is off sends nothing"
        assert len(kept(known)) == 1


@pytest.mark.parametrize(("viewport", "scheme"), [(WIDE, "light"), (PHONE, "dark")], ids=["1280-light", "375-dark"])
def test_every_page_is_accessible_and_no_wider_than_its_screen(
    site: str, opened: Opened, viewport: dict[str, int], scheme: str
) -> None:
    source = AXE.read_text(encoding="utf-8")
    with opened(site, viewport, color_scheme=scheme) as page:
        for name in PAGES:
            page.goto(name)
            page.evaluate(source)
            found = page.evaluate("axe.run({resultTypes: ['violations']})")
            grave = [
                (item["id"], node["html"])
                for item in found["violations"]
                if item["impact"] in ("serious", "critical")
                for node in item["nodes"]
            ]
            assert grave == [], f"{name} in {scheme}"
            assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], name


def test_hostile_texts_run_fetch_and_hide_nothing(
    hostile: Settings, serving: Serving, opened: Opened, hostile_pages: tuple[str, ...]
) -> None:
    with serving(hostile) as address, opened(address) as page:
        for name in hostile_pages:
            page.set_viewport_size(WIDE)
            assert page.goto(name).ok
            page.evaluate(SETTLED)
            assert page.url == address + name
            assert page.locator("main h1").is_visible()
            # The drawing is given its size and its layers by cytoscape.js, through the document, not as text.
            assert page.evaluate(FOREIGN) == []
            page.set_viewport_size(PHONE)
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], name
        page.goto("/review")
        page.wait_for_selector("#judge[data-htmx-powered]")
        for _ in range(3):
            before = page.locator('input[name="claim"]').get_attribute("value")
            page.keyboard.press("a")
            page.wait_for_function("before => document.querySelector('input[name=claim]').value !== before", arg=before)
        page.goto("/")
        with page.expect_response("**/suggest?*"):
            page.locator("#q").press_sequentially("<scr")
        page.evaluate(SETTLED)
        assert page.locator("#suggestions script").count() == 0
        page.goto("/reports/1/audit.html")  # in its cage no script runs, not even ours; the context listens
        page.goto("/")


def test_without_scripts_one_can_still_search_filter_and_judge(
    known: Settings, serving: Serving, opened: Opened, chromium: Any
) -> None:
    with serving(known) as address:
        context = chromium.new_context(base_url=address, java_script_enabled=False)
        context.add_cookies([{"name": "prisyn_curator", "value": "Ada", "url": address}])
        page = context.new_page()
        page.goto("/")
        page.fill("#q", "HBB")
        page.press("#q", "Enter")
        page.select_option("#effect", "repression")
        page.get_by_role("button", name="Apply").click()
        assert "effect=repression" in page.url
        page.goto("/review")
        page.get_by_role("button", name="Accept").click()
        assert page.locator(".past .tag").count() == 1
        context.close()


def test_serve_tells_its_address_and_stops_when_told(known: Settings, environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "prisyn", "serve", "--graph", known.graph, "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith(f"serving {known.graph} at http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(timeout=30) == 0
        finally:
            # A server that does not stop must fail the test, not hold it for ever.
            process.kill()
        assert process.stderr.read() == ""
