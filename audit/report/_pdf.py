"""A report as PDF, printed by the browser that would show it."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from prisyn_base import InputError, Problem, atomic_path, require

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def write_pdf(page: str, path: str | os.PathLike[str]) -> None:
    """Print a page (HTML text) to `path`, without scripts and without network.

    Raises MissingExtraError without playwright, and InputError where there is no Chromium.
    """
    playwright = require("playwright.sync_api", extra="pdf")
    with tempfile.TemporaryDirectory() as folder, playwright.sync_playwright() as driver:
        source = Path(folder) / "page.html"
        source.write_text(page, encoding="utf-8")
        browser = _launch(driver.chromium)
        try:
            context = browser.new_context(java_script_enabled=False, offline=True)
            shown = context.new_page()
            shown.goto(source.as_uri())
            with atomic_path(path) as temporary:
                shown.pdf(path=temporary, format="A4", print_background=True, outline=True, tagged=True)
        finally:
            browser.close()


def _launch(chromium: Any) -> Any:
    """Playwright's own Chromium, or one on the PATH."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    flags = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    try:
        return chromium.launch(executable_path=found, args=flags)
    except Exception as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        mend = "run `playwright install chromium`, or print audit.html from any browser"
        raise InputError([Problem("PDF", f"no Chromium that starts ({reason})", "a Chromium", mend)]) from error
