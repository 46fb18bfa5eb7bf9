"""The process that answers Cypher over a projected graph, and can do nothing else.

Run by path, `python -I _worker.py FOLDER`, so that it holds the database engine and none of the rest of PriSyn. FOLDER
has `genes.csv` and `edges.csv`. They are loaded into a database in FOLDER, which is then opened read-only, and the
process gives up, for good and before the first query is read, what queries could misuse:

- the database refuses every statement that writes, as it is open read-only;
- the process may open no more files and sockets (RLIMIT_NOFILE 0), whatever a query names: LOAD FROM, COPY TO, ATTACH,
  INSTALL and the like all end there, inside the kernel;
- where Linux has Landlock (5.13 and later), its threads may make, change and remove no file or folder either, and read
  none outside FOLDER, which is gone by then. Without it a query may still make an empty folder (EXPORT DATABASE).

Queries come as lines of JSON on standard input: `{"query", "parameters", "most", "timeout"}`, seconds; answers go as
lines of JSON to standard output: `{"columns", "rows", "more"}` or `{"error"}`. The first line says `{"ready": true}`.
"""

from __future__ import annotations

import ctypes
import json
import math
import os
import resource
import sys
from pathlib import Path
from typing import Any

import ladybug

MEMORY = 256 * 2**20
"""Bytes that queries may take; one that needs more is refused."""

_SCHEMA = (
    "CREATE NODE TABLE Gene (curie STRING PRIMARY KEY, symbol STRING, species STRING, kind STRING)",
    "CREATE REL TABLE REGULATES (FROM Gene TO Gene, effect STRING, belief DOUBLE, activation DOUBLE, "
    "repression DOUBLE, papers INT64, statements INT64)",
)
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_PATH_BENEATH, _NO_NEW_PRIVS = 1, 38
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_RIGHTS_BY_VERSION = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many of the rights to files a version of Landlock knows, numbered from bit 0; later ones know 16."""


class _Ruleset(ctypes.Structure):
    _fields_ = [("handled_access_fs", ctypes.c_uint64)]


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32)]


def main(folder: Path) -> None:
    """Load, lock up, answer until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    path = folder / "graph.lbug"
    _load(folder, path)
    confine_threads(folder)
    database = ladybug.Database(path, read_only=True, buffer_pool_size=MEMORY, max_num_threads=2)
    _answer(database, {"query": "MATCH (g:Gene) RETURN g LIMIT 1", "most": 1})
    close_doors()
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(_answer(database, json.loads(line))), file=answers, flush=True)


def confine_threads(folder: Path) -> None:
    """Threads started from now on may only read files, and only beneath `folder`; nothing where Landlock is not."""
    kernel = ctypes.CDLL(None, use_errno=True)
    version = kernel.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return
    rights = _Ruleset((1 << _RIGHTS_BY_VERSION.get(version, 16)) - 1)
    ruleset = kernel.syscall(_CREATE_RULESET, ctypes.byref(rights), ctypes.c_size_t(ctypes.sizeof(rights)), 0)
    inside = os.open(folder, os.O_PATH)
    allowed = _PathBeneath(_READ_FILE | _READ_DIR, inside)
    kernel.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(allowed), 0)
    kernel.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
    if ruleset < 0 or kernel.syscall(_RESTRICT_SELF, ruleset, 0):
        raise OSError(ctypes.get_errno(), "the kernel has Landlock and refused to use it")
    os.close(inside)
    os.close(ruleset)


def close_doors() -> None:
    """No file or socket can be opened by this process any more; those that are open stay so."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _load(folder: Path, path: Path) -> None:
    with ladybug.Database(path) as database, ladybug.Connection(database) as connection:
        for statement in _SCHEMA:
            connection.execute(statement)
        for table, file in (("Gene", "genes.csv"), ("REGULATES", "edges.csv")):
            options = "header=true, quote='\"', escape='\"', parallel=false, auto_detect=false"
            connection.execute(f"COPY {table} FROM '{folder / file}' ({options})")


def _answer(database: Any, asked: dict[str, Any]) -> dict[str, Any]:
    # A connection for each query: settings that one changes are not there for the next.
    with ladybug.Connection(database) as connection:
        connection.set_query_timeout(int(1000 * asked.get("timeout", 60)))
        try:
            result = connection.execute(asked["query"], asked.get("parameters") or {})
            if isinstance(result, list):
                return {"error": "several statements: ask one at a time"}
            rows: list[Any] = []
            while len(rows) < asked["most"] and result.has_next():
                rows.append([_plain(value) for value in result.get_next()])
            return {"columns": result.get_column_names(), "rows": rows, "more": result.has_next()}
        except Exception as error:
            return {"error": str(error)}


def _plain(value: Any) -> Any:
    """A value as JSON has it: nodes and relationships as their properties, a path as its nodes and relationships."""
    if isinstance(value, dict):
        if "_NODES" in value:
            return {"nodes": _plain(value["_NODES"]), "relationships": _plain(value["_RELS"])}
        hidden = {"_ID", "_LABEL", "_SRC", "_DST"} if "_LABEL" in value else set()
        return {str(name): _plain(item) for name, item in value.items() if name not in hidden}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
