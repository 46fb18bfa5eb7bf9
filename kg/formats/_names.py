"""The genes that the names in a file stand for."""

from __future__ import annotations

import re

from kg.model import Evidence, Gene, GeneKind
from kg.names import ENTREZ, resolver

TAXA = {"human": "9606", "mouse": "10090"}
"""NCBI's taxonomy numbers of the species whose genes are named by `kg.names`."""

PREFIXES = ("HGNC", "MGI", "FPLX")
"""The identifiers that `kg.names` has on file."""

_IDENTIFIER = re.compile(r"[A-Za-z][\w.-]*:\S+")


class Names:
    """Resolves the names of one file, each once; `species` is whose genes are in it, None where the names tell.

    Every method raises ValueError with the reason that the row is refused for.
    """

    def __init__(self, species: str | None = None) -> None:
        self.species = species
        self._found: dict[tuple[str, str | None], Gene | str] = {}

    def pair(self, regulator: str, target: str) -> tuple[Gene, Gene]:
        """Two genes by any of their names. A name that says nothing of the species does not decide for another one."""
        genes = self.gene(regulator, "regulator"), self.gene(target, "target")
        species = {gene.species for gene in genes} - {"any"}
        if len(species) > 1:
            taken = " and ".join(f"{gene.symbol} for a {gene.species} gene" for gene in genes)
            raise ValueError(f"mixed species: {taken}; say which with --species")
        return genes

    def gene(self, name: str, role: str) -> Gene:
        """The gene of one name. Of a gene and a family of that name the gene is meant, as symbols are of genes."""
        name = name.strip()
        if not name:
            raise ValueError(f"no {role}")
        found = self._found.get((name, self.species))
        if found is None:
            found = self._found[name, self.species] = self._resolved(name)
        if isinstance(found, str):
            raise ValueError(f"{role} {found}")
        return self.checked(found, role)

    def identified(
        self, curie: str, role: str, *, symbol: str = "", species: str = "", kind: GeneKind = GeneKind.GENE
    ) -> Gene:
        """The gene of an identifier; one that is not on file is as the file describes it.

        Only what is no identifier at all is found by its symbol: a symbol of a gene that is not on file may well be
        that of another one that is.
        """
        if known := self.on_file(curie):
            return self.checked(known, role)
        if not _IDENTIFIER.fullmatch(curie):
            return self.gene(symbol or curie, role)
        if symbol and species:
            return self.checked(Gene(curie, symbol, species, kind), role)
        raise ValueError(f"{role} {curie[:60]!r} is not on file, and the file does not say what it is")

    def checked(self, gene: Gene, role: str) -> Gene:
        """The gene itself, unless it is of another species than the file is said to be of."""
        if self.species and gene.species not in ("any", self.species):
            raise ValueError(f"{role} {gene.symbol} ({gene.curie}) is a {gene.species} gene, not a {self.species} one")
        return gene

    def statement(self, item: Evidence) -> Evidence:
        """The statement itself, unless a gene of it is of another species than the file is said to be of."""
        self.checked(item.regulator, "regulator")
        self.checked(item.target, "target")
        return item

    def on_file(self, curie: str) -> Gene | None:
        """The gene or family of an identifier, None where it is not on file.

        The prefix may be in any case; numbers of NCBI Gene are known for human genes.
        """
        prefix, _, number = curie.partition(":")
        if prefix.upper() not in (*PREFIXES, *ENTREZ):
            return None
        candidates = resolver().resolve(f"{prefix.upper()}:{number}").candidates
        return candidates[0].gene if candidates and candidates[0].how == "identifier" else None

    def _resolved(self, name: str) -> Gene | str:
        resolution = resolver().resolve(name, self.species)
        exact = [found.gene for found in resolution.candidates if found.gene.symbol == name]
        genes = [gene for gene in exact if gene.kind is GeneKind.GENE and gene.species == (self.species or "human")]
        if gene := resolution.gene or (genes[0] if len(genes) == 1 else None):
            return gene
        near = "" if resolution.candidates else ", ".join(resolver().suggest(name[:80], 3))
        return f"{resolution.reason[:300]}" + (f"; did you mean {near}?" if near else "")
