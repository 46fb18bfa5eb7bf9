"""What every test may ask for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data that is not part of the project; the test skips where it is not there."""
    folder = Path(os.environ.get("PRISYN_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real data not found at {folder}: set PRISYN_DATA to the folder that holds it")
    return folder


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A real Chromium. The test skips where there is none, but not in CI, which installs it."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("CI must test in a browser, and there is no chromium on the PATH")
        pytest.skip("no chromium on the PATH: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        yield browser
        browser.close()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where pytest-xdist shares the work out, a file stays whole, and all files that ask Neo4j share one server."""
    sharing = {item.path for item in items if _asks_neo4j(item)}
    for item in items:
        item.add_marker(pytest.mark.xdist_group("neo4j" if item.path in sharing else item.path.name))


def _asks_neo4j(item: pytest.Item) -> bool:
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    return "server" in getattr(item, "fixturenames", ()) or "neo4j" in parameters.values()
