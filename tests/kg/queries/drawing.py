"""Networks drawn as arrows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from kg import Edge, Effect, Evidence, Gene, Provenance

EFFECTS = {">": Effect.ACTIVATION, "|": Effect.REPRESSION, "?": Effect.UNKNOWN}


def gene(symbol: str, species: str = "human") -> Gene:
    return Gene(f"X:{symbol}", symbol, species)


def arrow(drawn: str, **fields: object) -> Evidence:
    """`A>B` activates, `A|B` represses, `A?B` regulates in an unknown way; any field of Evidence may be set."""
    found = re.fullmatch(r"(\w+)([>|?])(\w+)", drawn)
    assert found is not None
    regulator, effect, target = found.groups()
    said = Evidence(gene(regulator), gene(target), EFFECTS[effect], f"doc:{drawn}", drawn, Provenance("trrust"))
    return replace(said, **fields)  # type: ignore[arg-type]


def names(edges: Iterable[Edge]) -> list[str]:
    return [f"{edge.regulator.symbol}-{edge.target.symbol}" for edge in edges]
