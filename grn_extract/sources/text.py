"""Plain text: a `.txt` file is one document, its name the id."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from grn_extract.document import Document
from grn_extract.sources import register
from prisyn_base import Problems

LARGEST = 16 << 20
"""Bytes; a larger text file is a collection in some other format, not a text."""


@register(".txt")
def read_text(path: Path, problems: Problems) -> Iterator[Document]:
    """One document per file; the first line is also its title where it ends without a stop and more follows."""
    if path.stat().st_size > LARGEST:
        problems.add(str(path), f"{path.stat().st_size} bytes", f"at most {LARGEST}", "split it, or write JSON Lines")
        return
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        problems.add(f"{path}:{line}", f"not UTF-8 ({error.reason})", "text in UTF-8", "save it as UTF-8")
        return
    except OSError as error:
        problems.add(str(path), str(error), "a readable file", "check its permissions")
        return
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        problems.add(f"{path}:{line}", "a NUL byte", "text in UTF-8", "save it as UTF-8 text")
        return
    first, _, rest = text.strip().partition("\n")
    title = first.strip() if rest.strip() and not first.rstrip().endswith((".", "?", "!")) else ""
    yield Document(id=f"text:{path.stem}", title=title, text=text, source="text")
