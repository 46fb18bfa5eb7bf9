"""The pictures of the README, taken out of a run's own report.

    prisyn demo --out demo-out
    python -m bench.pictures --run demo-out --out docs/pictures

Figures are the ones embedded in `audit.html`, byte for byte; the first screen of the report is photographed with a
headless Chromium, if one is installed.
"""

from __future__ import annotations

import argparse
import base64
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

FIGURES = {"map": "cells", "attacks": "roc", "types": "types", "network": "graph"}
_SUFFIX = {"data:image/png;base64": ".png", "data:image/svg+xml;base64": ".svg"}


class _Figures(HTMLParser):
    """Collects the image of each section by the section's id."""

    def __init__(self) -> None:
        super().__init__()
        self.section = ""
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "section":
            self.section = attributes.get("id") or ""
        elif tag == "img":
            self.found.setdefault(self.section, attributes.get("src") or "")


def main(arguments: Sequence[str] | None = None) -> None:
    first_line = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m bench.pictures", description=first_line)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    report = options.run / "audit.html"
    figures = _Figures()
    figures.feed(report.read_text(encoding="utf-8"))
    for section, name in FIGURES.items():
        head, _, body = figures.found[section].partition(",")
        (options.out / (name + _SUFFIX[head])).write_bytes(base64.b64decode(body))
    photograph(report, options.out / "report.png")


def photograph(report: Path, picture: Path) -> None:
    """The first screen of the report, 1,100 x 1,180 pixels."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        sys.stderr.write("no Chromium on the PATH: report.png was left as it was\n")
        return
    with tempfile.TemporaryDirectory() as profile:
        quiet = ["--disable-gpu", "--no-first-run", "--disable-background-networking", "--hide-scrollbars"]
        command = [browser, "--headless", "--no-sandbox", *quiet, f"--user-data-dir={profile}"]
        command += ["--window-size=1100,1180", f"--screenshot={picture.resolve()}", report.resolve().as_uri()]
        subprocess.run(command, check=True, capture_output=True)


if __name__ == "__main__":
    main()
