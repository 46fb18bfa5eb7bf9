"""The pictures of the web pages in the docs, taken with a headless Chromium.

    prisyn demo --out demo-out
    python -m bench.page_pictures --graph demo-out/graph/grn.db --out docs/pictures

The graph is copied first: what is decided for a picture is decided on the copy.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import uvicorn
from playwright.sync_api import Page, sync_playwright

from prisyn.web import Settings, create_app

GENE = "HGNC:11241"
LIST = "SPI1, GATA1, CEBPA, IL1B, ITGB2, NFKB1, RELA"
WIDE, PHONE = {"width": 1100, "height": 900}, {"width": 375, "height": 812}
PATIENCE = 120_000
"""Milliseconds for a page; the first waits for the tables of names."""

CURATOR = {"name": "prisyn_curator", "value": "Ada"}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.page_pictures", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--graph", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    browser_path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser_path is None:
        parser.error("no Chromium on the PATH")
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        settings = Settings(str(shutil.copy(options.graph, Path(folder) / "grn.db")))
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        with serving(settings) as address:
            wide = browser.new_context(base_url=address, viewport=WIDE, color_scheme="light")
            wide.add_cookies([{**CURATOR, "url": address}])
            photograph_gene(wide.new_page(), options.out / "page-gene.png")
            photograph_review(wide.new_page(), options.out / "page-review.png")
            photograph_answer(
                wide.new_page(),
                f"/connect?{urlencode({'genes': LIST, 'join': 'bridges', 'most': 8})}",
                options.out / "page-connect.png",
            )
            phone = browser.new_context(base_url=address, viewport=PHONE, color_scheme="dark")
            photograph_gene(phone.new_page(), options.out / "phone-gene.png")
        browser.close()


def photograph_gene(page: Page, picture: Path) -> None:
    """A gene's page."""
    page.goto(f"/gene/{GENE}", timeout=PATIENCE)
    page.wait_for_selector(".canvas[data-drawn]")
    page.wait_for_timeout(300)
    page.screenshot(path=picture)


def photograph_answer(page: Page, address: str, picture: Path) -> None:
    """The drawing with which a question is answered."""
    page.goto(address, timeout=PATIENCE)
    page.wait_for_selector(".canvas[data-drawn]")
    page.wait_for_timeout(300)
    page.locator(".network").screenshot(path=picture)


def photograph_review(page: Page, picture: Path) -> None:
    """The review queue after three decisions."""
    page.goto("/review", timeout=PATIENCE)
    page.wait_for_selector("#judge[data-htmx-powered]")
    decided = page.locator(".past .tag").count()
    for number, key in enumerate("a2a"):
        page.keyboard.press(key)
        page.locator(".past .tag").nth(decided + number).wait_for()
    page.screenshot(path=picture)


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """The pages on a free port of this machine."""
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


if __name__ == "__main__":
    main()
