"""Gold for reading end to end: names are the reader's to find, so the answers are put in the same identifiers."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from grn_extract.gold._model import GIVEN, GoldDocument, GoldEdge, Pair
from grn_extract.mentions import resolve_in
from kg import gene_by_entrez

_NUMBER = "NCBIGene:"


def without_entities(item: GoldDocument) -> GoldDocument:
    """The document with its given mentions taken away, and answers by name grounded as its text would have them.

    A name that grounds to nothing stays as it is: no reader can state it, and it is counted as missed. Pairs that
    become one gene twice are left out. Of genes by number in NCBI Gene only human ones are known here, so pairs with
    any other are neither asked for nor held against a reader.
    """
    text = item.document.text

    def ground(curie: str) -> str:
        if curie.startswith(_NUMBER):
            human = gene_by_entrez(curie.removeprefix(_NUMBER))
            return human.curie if human else curie
        return _ground(text, curie.partition(":")[2]) if curie.startswith(f"{GIVEN}:") else curie

    def pairs(found: frozenset[Pair]) -> frozenset[Pair]:
        return frozenset((ground(a), ground(b)) for a, b in found)

    edges: dict[Pair, GoldEdge] = {}
    for edge in item.edges:
        pair = (ground(edge.regulator), ground(edge.target))
        if pair[0] != pair[1] and not any(curie.startswith(_NUMBER) for curie in pair):
            edges.setdefault(pair, replace(edge, regulator=pair[0], target=pair[1]))
    return replace(
        item,
        document=replace(item.document, mentions=None),
        edges=tuple(edges.values()),
        judged=None if item.judged is None else pairs(item.judged),
        unjudged=pairs(item.unjudged),
        prefix="HGNC:" if _is_numbered(item) else item.prefix,
    )


def _is_numbered(item: GoldDocument) -> bool:
    return any(mention.gene.curie.startswith(_NUMBER) for mention in item.document.mentions or ())


@lru_cache(maxsize=4096)
def _ground(text: str, name: str) -> str:
    found = resolve_in(text, name).gene
    return found.curie if found is not None else f"{GIVEN}:{name}"
