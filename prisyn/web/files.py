"""What is seen, as files: a network in an exchange format, or the rows of a table."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

from starlette.responses import Response

from kg import GRN, export
from prisyn.web.marking import visible

NetworkForm = Literal["tsv", "jsonl", "graphml"]
FileForm = Literal["", "table", "tsv", "jsonl", "graphml"]
"""The file that an address asks for; "" is the page."""

_NETWORKS = {
    "tsv": ("text/tab-separated-values", "edges.tsv", "TSV"),
    "jsonl": ("application/x-ndjson", "evidence.jsonl", "JSONL"),
    "graphml": ("application/graphml+xml", "graph.graphml", "GraphML"),
}
"""The exchange formats that the pages offer: media type, the file's name behind what it is of, and in words."""

_TABLE = "table.tsv"
_FORMULA = ("=", "+", "-", "@")

Row = Mapping[str, Any]


def network_file(grn: GRN, form: NetworkForm, of: str) -> Response:
    """A network as a file named after what it is of."""
    media, name, _ = _NETWORKS[form]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        export(grn, form, path)
        return attachment(path.read_bytes(), media, _named(of, name))


def table_file(rows: Sequence[Row], of: str, columns: Iterable[str] = ()) -> Response:
    """Rows, all with the same keys, as tab-separated values.

    Text that a spreadsheet would take for a formula gets an apostrophe in front; nothing in it acts unseen.
    """
    header = list(columns) or list(rows[0] if rows else ())
    lines = [header, *([_cell(row[name]) for name in header] for row in rows)]
    text = "".join("\t".join(line) + "\n" for line in lines)
    return attachment(text.encode(), "text/tab-separated-values", _named(of, _TABLE))


def answer_file(form: FileForm, *, rows: Sequence[Row], grn: GRN | None, of: str) -> Response:
    """The rows of an answer, or its edges as a network, in the form asked for."""
    if form == "table" or form == "" or grn is None:
        return table_file(rows, of)
    return network_file(grn, form, of)


def file_links(path: str, parameters: Mapping[str, Any], *, networks: bool, table: bool = True) -> dict[str, str]:
    """The addresses of the files of a page, by their names in words."""
    forms = {"Table": "table"} if table else {}
    forms |= {words: form for form, (_, _, words) in _NETWORKS.items()} if networks else {}
    return {words: address(path, {**parameters, "format": form}) for words, form in forms.items()}


def address(path: str, parameters: Mapping[str, Any]) -> str:
    """A page and what is asked of it."""
    return path + (f"?{urlencode(parameters, doseq=True, safe=':')}" if parameters else "")


def attachment(content: bytes, media: str, name: str) -> Response:
    """A file to be saved, not shown."""
    return Response(content, media_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _named(of: str, name: str) -> str:
    """The name of a file behind what it is of, in letters that every system takes."""
    before = "".join(c for c in of if (c.isascii() and c.isalnum()) or c == "-")[:60] or "graph"
    return f"{before}-{name}"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, int):
        return str(value)
    text = visible(", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text
