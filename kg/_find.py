"""Which gene of a graph a name stands for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kg._suggest import nearest
from kg.model import Gene
from kg.names import Resolution, resolve, resolver


def find_gene(name: str, genes: Mapping[str, Gene]) -> Gene:
    """The gene, of those of a graph by CURIE, with this CURIE or symbol; else the one `kg.resolve` takes the name for.

    Raises KeyError saying what the name was taken for and what in the graph is like it. A mouse gene is not answered
    with its human ortholog, nor the other way round, but the ortholog is named.
    """
    if name in genes:
        return genes[name]
    found = sorted(gene for gene in genes.values() if gene.symbol == name)
    if len(found) > 1:
        raise KeyError(f"{name} is the symbol of {', '.join(gene.curie for gene in found)}: use one of these")
    if found:
        return found[0]
    resolution = resolve(name)
    if resolution.gene is not None and resolution.gene.curie in genes:
        return genes[resolution.gene.curie]
    raise KeyError(_why_missing(name, resolution, genes))


def _why_missing(name: str, resolution: Resolution, genes: Mapping[str, Gene]) -> str:
    taken = resolution.gene
    if taken is None:
        said = f"{name} is not in the graph: {resolution.reason}"
    else:
        said = f"{name} ({taken.symbol}, {taken.curie}, {taken.species}) is not in the graph"
        if same := sorted(gene for gene in genes.values() if resolver().same_gene(taken, gene)):
            return f"{said}, but {same[0].symbol} ({same[0].curie}, {same[0].species}) is"
    near = [gene.symbol for gene in genes_alike(name, genes.values(), 3)]
    return said + (f"; did you mean {', '.join(near)}?" if near else "")


def genes_alike(name: str, genes: Iterable[Gene], n: int) -> tuple[Gene, ...]:
    """Up to `n` of the genes whose symbols are spelled like `name`, whatever the case, the nearest first."""
    by_symbol = {gene.symbol: gene for gene in genes}
    near = nearest(name.casefold(), ((symbol.casefold(), symbol) for symbol in by_symbol), n)
    return tuple(by_symbol[symbol] for symbol in near)
