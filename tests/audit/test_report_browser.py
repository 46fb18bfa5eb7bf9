"""A real Chromium opens both pages from a file, without network: figures, contrast, names, keys, print."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from audit import AuditTarget, Claim, audit, compare, render_comparison, render_report, write_pdf

pytestmark = [
    pytest.mark.slow,
    # Playwright leaves closing the transport of its driver to the interpreter.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

AXE = Path(__file__).parents[1] / "prisyn" / "web" / "vendor" / "axe-4.14.1.min.js"
CHOSEN: dict[str, Any] = {"attacks": ["dcr", "density"], "metrics": ["retention", "nnaa"], "risks": []}


@pytest.fixture(scope="module")
def pages(harmless: AuditTarget, copied: AuditTarget, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with every figure but the map, which UMAP would take long to draw, and a comparison."""
    folder = tmp_path_factory.mktemp("pages")
    claim = Claim(1, 1e-5, "cell", "A promise.")
    edges = [("SPI1", "LYZ", 1), ("IRF8", "CD74", 1), ("GATA2", "HBB", -1)]
    target = AuditTarget(harmless.members, harmless.nonmembers, harmless.synthetic, edges=edges)
    facts = audit(target, seed=0, claim=claim, curves=True, **CHOSEN).to_json()
    other = audit(copied, seed=0, claim=claim, **CHOSEN).to_json()
    texts = {"audit": render_report(facts, None), "comparison": render_comparison(compare({"a": facts, "b": other}))}
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def shown(chromium: Any, pages: Path) -> Any:
    """`shown(name)`: the page in a browser without network, on which nothing may be asked for or go wrong."""
    context = chromium.new_context(offline=True, viewport={"width": 1100, "height": 800})
    context.set_default_timeout(120_000)
    wrong: list[str] = []
    context.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    context.on("request", lambda asked: None if asked.url.startswith(("file:", "data:")) else wrong.append(asked.url))

    def show(name: str) -> Any:
        page = context.new_page()
        page.goto((pages / name).as_uri())
        return page

    yield show
    context.close()
    assert wrong == []


@pytest.mark.parametrize("name", ["audit.html", "comparison.html"])
def test_every_figure_is_drawn_and_both_schemes_are_readable(shown: Any, name: str, tmp_path: Path) -> None:
    page = shown(name)
    sizes = page.evaluate("[...document.images].map(image => image.naturalWidth)")
    assert len(sizes) >= {"audit.html": 6, "comparison.html": 1}[name]
    assert all(size > 100 for size in sizes)
    assert page.evaluate("[...document.images].every(i => i.closest('section').querySelector('table'))")
    source = AXE.read_text(encoding="utf-8")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        # axe cannot be injected as a script past the page's own policy; the debugger may evaluate it.
        page.evaluate(source)
        found = page.evaluate("axe.run({resultTypes: ['violations']})")
        violations = [item for item in found["violations"] if item["impact"] in ("serious", "critical")]
        grave = [(item["id"], node["html"]) for item in violations for node in item["nodes"]]
        assert grave == [], f"{name} in {scheme}"
        picture = tmp_path / f"{scheme}.png"
        page.screenshot(path=picture)
        assert picture.stat().st_size > 20_000
    page.set_viewport_size({"width": 375, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_the_explorer_opens_by_keyboard(shown: Any) -> None:
    page = shown("audit.html")
    page.locator("#records summary").first.focus()
    page.keyboard.press("Enter")
    opened = page.locator("#records details[open]")
    assert opened.count() == 1
    assert opened.locator("table").count() == 2
    assert page.locator("header").inner_text().lower().startswith("confidential")


def test_a_table_of_the_comparison_is_sorted_by_keyboard_and_says_so(shown: Any) -> None:
    page = shown("comparison.html")
    heads = page.locator("#attacks thead th")
    heads.nth(1).locator("button").focus()
    page.keyboard.press("Enter")
    column = "[...document.querySelectorAll('#attacks tbody tr')].map(r => parseFloat(r.cells[1].textContent))"
    rising = page.evaluate(column)
    assert rising == sorted(rising)
    assert heads.nth(1).get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Enter")
    assert page.evaluate(column) == sorted(rising, reverse=True)


@pytest.mark.usefixtures("chromium")
def test_the_report_is_printed_as_pdf(pages: Path, tmp_path: Path) -> None:
    # Playwright runs one driver a thread; the fixture's own is in this one.
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as other:
        other.submit(write_pdf, (pages / "audit.html").read_text(encoding="utf-8"), tmp_path / "a.pdf").result()
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF-")
