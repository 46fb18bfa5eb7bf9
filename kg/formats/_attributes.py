"""Nodes and edges of formats that give them named attributes (GraphML, CX2), ours and those of other programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kg.formats._edges import Claim, effect_of, number_of, papers_of, score_of
from kg.formats._names import Names
from kg.model import Effect, Gene, GeneKind

_SYMBOL = ("symbol", "name", "label", "shared name", "n")
_CURIE = ("represents", "r", "curie", "id")
_EFFECT = ("effect", "interaction", "shared interaction", "sign", "i")
_BELIEF = ("belief", "confidence", "score")
_PAPERS = ("pmids", "pmid", "pubmed")


class Nodes:
    """The nodes of a file by what its edges call them; one that is no gene is refused with each of its edges."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._found: dict[object, Gene | str] = {}

    def add(self, key: object, name: str, attributes: Mapping[str, Any]) -> None:
        """A node, its name in the file (an empty text if it has none) and its attributes."""
        try:
            self._found[key] = _gene(name, attributes, self._names)
        except ValueError as error:
            self._found[key] = str(error)

    def gene(self, key: object, role: str) -> Gene:
        """The gene of a node. Raises ValueError saying why there is none."""
        found = self._found.get(key, f"{str(key)[:60]!r} is no node of the file, or comes behind its edge")
        if isinstance(found, str):
            raise ValueError(f"{role} {found}")
        return found


def claim_of(attributes: Mapping[str, Any], regulator: Gene, target: Gene) -> Claim:
    """What an edge says; without a word for its effect it is of unknown sign.

    Raises ValueError for a word that is none, a belief that is no number or 0, and papers without a PubMed number.
    """
    word = _first(attributes, _EFFECT)
    belief = _first(attributes, _BELIEF)
    score = score_of(number_of(belief, "belief")) if belief else None
    if score == 0:
        raise ValueError("belief 0: no statement supports the edge")
    papers = next((attributes[name] for name in _PAPERS if attributes.get(name)), ())
    parts = papers if isinstance(papers, list | tuple) else str(papers).replace(",", ";").replace("|", ";").split(";")
    return Claim(regulator, target, effect_of(word) if word else Effect.UNKNOWN, papers_of(map(str, parts)), score)


def _gene(node: str, attributes: Mapping[str, Any], names: Names) -> Gene:
    """The gene of a node. Raises ValueError where neither its id nor its attributes are a gene's."""
    symbol = _first(attributes, _SYMBOL)
    curie = node if ":" in node else _first(attributes, _CURIE)
    kind = attributes.get("kind", GeneKind.GENE)
    if kind not in tuple(GeneKind):
        kind = GeneKind.GENE
    species = str(attributes.get("species", ""))
    return names.identified(curie or node, "node", symbol=symbol, species=species, kind=GeneKind(kind))


def _first(attributes: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((str(attributes[name]) for name in names if attributes.get(name) not in (None, "")), "")
