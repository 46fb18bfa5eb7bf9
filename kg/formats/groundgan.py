"""GRouNdGAN's causal graph (Zinati et al. 2024): for each target, which genes regulate it, by position in the cohort.

GRouNdGAN itself reads a pickle, which runs whatever is in it: that form is written, as `groundgan-pickle`, and is
never read. The JSON form is the same mapping with the list of genes whose positions it counts.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kg.formats._edges import Claim, evidence_of, supported
from kg.formats._format import STATEMENTS, Companion, Format, ImportResult, Loss
from kg.formats._json import JsonStream, no_json
from kg.formats._names import Names
from kg.formats._text import collect, opened
from kg.grn import GRN
from kg.model import Effect, Evidence

_SCHEMA = 1
_LOST = (Loss.IDENTIFIERS, Loss.SPECIES, Loss.INNER, Loss.SIGNS, *STATEMENTS, Loss.BELIEFS, Loss.PAPERS)
_WHAT = "a causal graph with its genes, schema 1"


def write(grn: GRN, path: Path) -> None:
    """The schema, `genes` by symbol, and `causal_graph`, from a target's position to those of its regulators.

    Its graph has two layers: genes that regulate others are no targets, so edges into them are left out.
    """
    genes, graph = _causal_graph(grn)
    texts = {str(target): sorted(regulators) for target, regulators in graph.items()}
    document = {"schema": _SCHEMA, "genes": genes, "causal_graph": texts}
    path.write_text(json.dumps(document, ensure_ascii=False) + "\n", encoding="utf-8")


def write_pickle(grn: GRN, path: Path) -> None:
    """The mapping as GRouNdGAN unpickles it: a dict from a position to a set of positions."""
    path.write_bytes(pickle.dumps(_causal_graph(grn)[1], protocol=4))


def write_genes(grn: GRN, path: Path) -> None:
    """The symbols whose positions the pickle counts, one a line: the order that the cohort's columns must have."""
    path.write_text("".join(f"{gene}\n" for gene in _causal_graph(grn)[0]), encoding="utf-8")


def read(path: Path, names: Names) -> ImportResult:
    """One statement an edge, of unknown sign and paper. The list of genes has to come before the graph."""

    genes: list[Any] = []

    def parse(row: tuple[str, Any]) -> list[Evidence]:
        target, regulator = row
        pair = names.pair(_at(genes, regulator), _at(genes, target))
        return list(evidence_of(Claim(*pair, Effect.UNKNOWN), "groundgan"))

    return collect(path, _edges(path, genes), parse, _WHAT)


def _causal_graph(grn: GRN) -> tuple[list[str], dict[int, set[int]]]:
    edges = [(edge.regulator.symbol, edge.target.symbol) for edge in supported(grn)]
    regulators = {regulator for regulator, _ in edges}
    kept = [(regulator, target) for regulator, target in edges if target not in regulators]
    genes = sorted({gene for pair in kept for gene in pair})
    position = {gene: number for number, gene in enumerate(genes)}
    graph: dict[int, set[int]] = {}
    for regulator, target in kept:
        graph.setdefault(position[target], set()).add(position[regulator])
    return genes, dict(sorted(graph.items()))


def _edges(path: Path, genes: list[Any]) -> Iterator[tuple[int, tuple[str, Any]]]:
    """The line, target and regulator of each edge, by position; fills `genes`, whose positions these are."""
    with opened(path) as stream:
        text = JsonStream(stream)
        try:
            for key in text.members():
                if key == "causal_graph":
                    for target in text.members():
                        for line, regulator in text.items():
                            yield line, (target, regulator)
                elif (value := text.value()) != _SCHEMA and key == "schema":
                    raise ValueError(f"schema {value!r}, expected {_SCHEMA}")
                elif key == "genes":
                    genes.extend(value)
        except (ValueError, TypeError, RecursionError) as error:
            raise no_json(path, error, text.line, _WHAT) from error


def _at(genes: list[Any], position: Any) -> str:
    if not str(position).isdecimal() or int(position) >= len(genes):
        raise ValueError(f"position {str(position)[:20]!r}, there are {len(genes)} genes")
    return str(genes[int(position)])


FORMAT = Format("groundgan", "scripts around GRouNdGAN", _LOST, write, read)
PICKLE = Format(
    "groundgan-pickle",
    "GRouNdGAN",
    _LOST,
    write_pickle,
    companion=Companion(lambda path: path.with_name(f"{path.name}.genes.txt"), write_genes),
    warning="a pickle runs whatever is in it when it is opened: open only your own, and give others `groundgan`. "
    "Its positions count the genes listed beside it: the cohort's columns must be these, in this order",
)
