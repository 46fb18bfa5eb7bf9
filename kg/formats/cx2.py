"""CX2, the exchange format of Cytoscape and NDEx."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from kg.formats._attributes import Nodes, claim_of
from kg.formats._edges import evidence_of, supporting_papers
from kg.formats._format import STATEMENTS, Format, ImportResult
from kg.formats._json import JsonStream, no_json
from kg.formats._names import Names
from kg.formats._text import collect, opened
from kg.grn import GRN
from kg.model import Edge, Evidence, Gene

_TEXT = {"d": "string"}
_NUMBER = {"d": "double"}
_DECLARATIONS = {
    "networkAttributes": {"name": _TEXT, "description": _TEXT},
    "nodes": {"name": _TEXT, "represents": _TEXT, "species": _TEXT, "kind": _TEXT},
    "edges": {
        "interaction": _TEXT,
        "belief": _NUMBER,
        "belief_activation": _NUMBER,
        "belief_repression": _NUMBER,
        "papers": {"d": "integer"},
        "pmids": {"d": "list_of_string"},
    },
}
_WHAT = "a CX2 network of directed edges"


def write(grn: GRN, path: Path) -> None:
    """Nodes are named by symbol and represent a CURIE; edges have the attributes of `graphml`, the effect as
    `interaction`. Edges that nothing supports have belief 0, and are not read back."""
    genes, edges = sorted(grn.genes), grn.edges()
    ids = {gene.curie: number for number, gene in enumerate(genes)}
    name = {"name": "Gene regulatory network", "description": f"{len(edges)} edges, written by PriSyn"}
    counts = [("attributeDeclarations", 1), ("networkAttributes", 1), ("nodes", len(genes)), ("edges", len(edges))]
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write('[{"CXVersion": "2.0", "hasFragments": false},\n')
        _aspect(stream.write, "metaData", ({"name": each, "elementCount": count} for each, count in counts if count))
        _aspect(stream.write, "attributeDeclarations", [_DECLARATIONS])
        _aspect(stream.write, "networkAttributes", [name])
        _aspect(stream.write, "nodes", (_node(ids[gene.curie], gene) for gene in genes))
        _aspect(stream.write, "edges", (_edge(number, edge, ids) for number, edge in enumerate(edges)))
        stream.write('{"status": [{"success": true, "error": ""}]}]\n')


def read(path: Path, names: Names) -> ImportResult:
    """One statement for each paper of an edge, or one of unknown paper.

    Of networks of other programs, a node is known by what it represents, its id or its name, and an edge's effect,
    belief and papers by the attributes in `kg.formats._attributes`.
    """
    nodes = Nodes(names)

    def edges() -> Iterator[tuple[int, Any]]:
        for line, kind, element in _elements(path):
            if kind == "edges":
                yield line, element
            elif isinstance(element, dict) and isinstance(element.get("id"), int | str):
                nodes.add(str(element["id"]), "", element["v"])

    def parse(element: Any) -> list[Evidence]:
        if not isinstance(element, dict) or not {"s", "t"} <= set(element):
            raise ValueError("is no edge: expected a record with s and t")
        regulator, target = (nodes.gene(str(element[end]), role) for end, role in (("s", "regulator"), ("t", "target")))
        return list(evidence_of(claim_of(element["v"], regulator, target), "cx2"))

    return collect(path, edges(), parse, _WHAT)


def _elements(path: Path) -> Iterator[tuple[int, str, Any]]:
    """(line, `nodes` or `edges`, element), the attributes in `v` by their full names and with their defaults."""
    declared: dict[str, Any] = {}
    with opened(path) as stream:
        text = JsonStream(stream)
        try:
            text.expect("[")
            while True:
                for aspect in text.members():
                    if aspect == "attributeDeclarations":
                        declared = dict((text.value() or [{}])[0])
                    elif aspect in ("nodes", "edges"):
                        for line, element in text.items():
                            yield line, aspect, _whole(element, declared.get(aspect, {}))
                    else:
                        text.value()
                if text.take("]"):
                    return
                text.expect(",")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise no_json(path, error, text.line, _WHAT) from error


def _whole(element: Any, declared: Mapping[str, Mapping[str, Any]]) -> Any:
    if not isinstance(element, dict):
        return element
    given = element.get("v")
    given = given if isinstance(given, dict) else {}
    names = {each["a"]: name for name, each in declared.items() if "a" in each}
    defaults = {name: each["v"] for name, each in declared.items() if "v" in each}
    return element | {"v": defaults | {names.get(name, name): value for name, value in given.items()}}


def _aspect(write: Any, name: str, elements: Iterable[Mapping[str, Any]]) -> None:
    write(f'{{"{name}": [')
    for number, element in enumerate(elements):
        write((",\n" if number else "\n") + json.dumps(element, ensure_ascii=False, allow_nan=False))
    write("\n]},\n")


def _node(number: int, gene: Gene) -> dict[str, Any]:
    values = {"name": gene.symbol, "represents": gene.curie, "species": gene.species, "kind": gene.kind.value}
    return {"id": number, "v": values}


def _edge(number: int, edge: Edge, ids: Mapping[str, int]) -> dict[str, Any]:
    beliefs = edge.beliefs
    values = {
        "interaction": edge.effect.value,
        "belief": round(beliefs.regulation, 6),
        "belief_activation": round(beliefs.activation, 6),
        "belief_repression": round(beliefs.repression, 6),
        "papers": len(edge.papers),
        "pmids": list(supporting_papers(edge)),
    }
    return {"id": number, "s": ids[edge.regulator.curie], "t": ids[edge.target.curie], "v": values}


FORMAT = Format("cx2", "Cytoscape, NDEx, ndex2", STATEMENTS, write, read)
