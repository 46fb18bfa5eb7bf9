"""Cypher over a graph in memory: a projection in `ladybug`, in a process that can do nothing else."""

from __future__ import annotations

import csv
import json
import os
import select
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from kg._projection import edge_row, gene_row
from kg.cypher._result import MOST_ROWS, TIMEOUT, CypherResult, refused
from kg.grn import GRN
from prisyn_base import require

_KEPT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")
"""Of the environment, what the interpreter may need to start; the rest may hold secrets."""

_WORKER = Path(__file__).with_name("_worker.py")
_STOPPED = "Interrupted."
"""What the engine says where a query ran into its timeout."""

_LOADING = 600.0
_GRACE = 5.0
"""Seconds that the database may take to stop at its own timeout before its process is ended."""


class ProjectedCypher:
    """Read-only Cypher over a network as it is now; what the network learns later is not seen.

    The worker process keeps the projection until `close`, so that one session answers many queries; it is ended when
    a query does not stop in time, and the next query starts another. Not for several threads at once.
    """

    def __init__(self, grn: GRN) -> None:
        require("ladybug", extra="cypher")
        self._grn = grn
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def run(
        self,
        query: str,
        parameters: dict[str, Any] | None = None,
        *,
        most: int = MOST_ROWS,
        timeout: float = TIMEOUT,
    ) -> CypherResult:
        """Up to `most` rows; see `Cypher.run`."""
        process = self._process or self._start()
        _send(process, {"query": query, "parameters": parameters, "most": most, "timeout": timeout})
        answer = self._answer(process, timeout + _GRACE)
        if "error" in answer:
            stopped = answer["error"].strip() == _STOPPED
            raise refused(f"not answered in {timeout:g} s" if stopped else answer["error"])
        return CypherResult(tuple(answer["columns"]), tuple(map(tuple, answer["rows"])), answer["more"])

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _start(self) -> subprocess.Popen[str]:
        with TemporaryDirectory(prefix="prisyn-cypher-") as name:
            folder = Path(name)
            _write(folder / "genes.csv", map(gene_row, sorted(self._grn.genes)), ("curie", "symbol", "species", "kind"))
            ends = ("regulator", "target", "effect", "belief", "activation", "repression", "papers", "statements")
            edges = (
                {"regulator": edge.regulator.curie, "target": edge.target.curie} | edge_row(edge)
                for edge in self._grn.edges()
            )
            _write(folder / "edges.csv", edges, ends)
            command = [sys.executable, "-I", str(_WORKER), str(folder)]
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
                env={name: os.environ[name] for name in _KEPT if name in os.environ},
            )
            self._answer(self._process, _LOADING)
        return self._process

    def _answer(self, process: subprocess.Popen[str], seconds: float) -> dict[str, Any]:
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], seconds)
        line = process.stdout.readline() if ready else ""
        if not line:
            self.close()
            why = "the query ended the database that ran it" if ready else f"not answered in {seconds:g} s"
            raise refused(why)
        answer: dict[str, Any] = json.loads(line)
        return answer


def _send(process: subprocess.Popen[str], asked: dict[str, Any]) -> None:
    assert process.stdin is not None
    # A process that has ended is told from its answer, which does not come.
    with suppress(BrokenPipeError):
        process.stdin.write(json.dumps(asked) + "\n")
        process.stdin.flush()


def _write(path: Path, rows: Iterable[Mapping[str, Any]], columns: tuple[str, ...]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(rows)
