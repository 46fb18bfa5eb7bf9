"""Where genes are named in a text: a dictionary scan, longest match first, one pass over the tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from kg._lookup import TABLES
from kg._spelling import DASHES, QUOTES, american, fold, greek_initial, latin
from kg.context import Context, stems
from kg.model import Gene
from kg.names import Resolution, Resolver, resolver

LONGEST = 6
"""Tokens in the longest name that is looked up."""

_TOKEN = re.compile(r"[^\W_]+")
_JOINERS = frozenset(" \u00a0/._" + DASHES + QUOTES)
_TAGGED = re.compile(r"[hm](?=[A-Z][A-Za-z]*\d|[A-Z]{3})")
_MARKER = re.compile(r"(?:\+|\(\+\))(?![\w/])|-(?:high|low)\b|[\s-](?:positive|negative)\b")
_OTHER_RNA = re.compile(r"(?:lnc|circ)(?:RNA)?[-_ ]$")
_CUE_AFTER = re.compile(r"\s+(?:gene|genes|mRNA|promoter|protein|transcripts?|expression|locus|knockdown|deletion)\b")
_CUE_BEFORE = re.compile(r"\b(?:genes?|proteins?|factors?|expression of|encoding|encodes)\s+(?:the\s+)?$")
_SPACED_SYMBOL = re.compile(
    r"(?:[A-Z][A-Za-z]{1,5}|[A-Z]{1,6}|p)(?: kappa| κ)? ?(?:\d+\w?|[αβγδκ]\d?|alpha|beta|gamma|delta|B)(?: ?\d+)?$"
)
_PROTEIN_WORD = re.compile(r"(?:in|ase)s?$")
_CODE = re.compile(r"\d|[A-Z]\d{1,2}$")
_NUMBER_GOES_ON = re.compile(r"(?<=\d)(?:\.\d|%|,\d)")
_GENE_NOUN = re.compile(
    r"(?:protein|factor|receptor|kinase|ligand|gene|antigen|subunit|homolog\w*|\w+(?:ase|in))s?\s*\w{0,2}$", re.I
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a text: `text[start:end]`, and what it stands for. An ambiguous name has `gene` None."""

    start: int
    end: int
    text: str
    resolution: Resolution

    @property
    def gene(self) -> Gene | None:
        return self.resolution.gene


def find_mentions(text: str, species: str | None = None) -> list[Mention]:
    """Genes and families named in `text`, in order, never overlapping; offsets count characters.

    English words and short names that are more often something else (`was`, `impact`, `cat`, `T`) are taken for
    genes only where the writing says so: in capitals beside a word such as "gene" or "promoter". An abbreviation
    that the text itself defines as something else ("iodide transport defect (ITD)") is not a gene there; nor is a
    gene whose name marks a cell (`CD34+`) or another RNA of its locus (`circ-FOXP1`).
    """
    return _Scan(text, species, resolver()).run()


class _Scan:
    def __init__(self, text: str, species: str | None, names: Resolver) -> None:
        self.text, self.species, self.names = text, species, names
        self.tokens = [(m.start(), m.end(), fold(m[0])) for m in _TOKEN.finditer(text)]
        self.context = Context(text, names)

    def run(self) -> list[Mention]:
        found: list[Mention] = []
        at = 0
        while at < len(self.tokens):
            for last in self._ends(at):
                if mention := self._mention(at, last):
                    found.append(mention)
                    at = last
                    break
            at += 1
        return found

    def _ends(self, first: int) -> Iterator[int]:
        """Last tokens of the names on file that begin at token `first`, the longest first."""
        key, ends = "", []
        for last in range(first, min(first + LONGEST, len(self.tokens))):
            if last > first:
                gap = self.text[self.tokens[last - 1][1] : self.tokens[last][0]]
                if len(gap) != 1 or gap not in _JOINERS:
                    break
            key += self.tokens[last][2]
            if self._on_file(key, self.text[self.tokens[first][0] : self.tokens[last][1]]):
                ends.append(last)
        return reversed(ends)

    def _on_file(self, key: str, quoted: str) -> bool:
        names = self.names
        if names.knows(key) or names.knows(latin(key)) or names.knows(american(key)):
            return True
        if quoted.endswith("s") and quoted[-2:-1].isupper() and names.knows(key[:-1]):
            return True
        if (spelled := greek_initial(quoted)) and names.knows(fold(spelled)):
            return True
        return bool(_TAGGED.match(quoted)) and names.knows(key[1:])

    def _mention(self, first: int, last: int) -> Mention | None:
        start, end = self.tokens[first][0], self.tokens[last][1]
        quoted = self.text[start:end]
        if not any(map(str.isalpha, quoted)) or _MARKER.match(self.text, end):
            return None
        if _OTHER_RNA.search(self.text, max(0, start - 12), start):
            return None
        resolution = self.context.resolve(quoted, self.species)
        if long_form := self.context.long_forms.get(quoted):
            if self.names.resolve(long_form, self.species).gene:
                return Mention(start, end, quoted, resolution)
            if not self._fits(long_form, resolution):
                return None
        if not resolution.candidates or not self._written_as_gene(start, end, quoted, resolution):
            return None
        return Mention(start, end, quoted, resolution)

    def _fits(self, long_form: str, resolution: Resolution) -> bool:
        """Whether an abbreviation's long form could be a name of what it resolves to."""
        if _GENE_NOUN.search(long_form) or any(map(str.isdigit, resolution.name)):
            return True
        said = stems(long_form)
        names = (self.names.full_name(candidate.gene) for candidate in resolution.candidates[:5])
        return any(not said.isdisjoint(stems(name)) for name in names)

    def _written_as_gene(self, start: int, end: int, quoted: str, resolution: Resolution) -> bool:
        best = resolution.candidates[0]
        if self._more_often_something_else(start, end, quoted):
            return quoted.upper() == quoted and quoted not in ("A", "I") and self._has_cue(start, end)
        named = best.how in ("name", "curated", "family")
        if " " in quoted:
            first = quoted.split()[0].lower()
            spaced = bool(_SPACED_SYMBOL.match(quoted)) and first not in stop_words()
            return spaced or (len(quoted) >= 8 and self.names.has_spaced(quoted))
        exact = self.names.has_spelling(quoted)
        if quoted.isalpha() and (quoted.islower() or (quoted.istitle() and not exact)):
            return (named and len(quoted) >= 5) or (len(quoted) >= 6 and bool(_PROTEIN_WORD.search(quoted)))
        if len(quoted) <= 4 and quoted.isalpha():
            cased = sum(map(str.isupper, quoted)) >= 2 and best.how in ("symbol", "curated", "previous")
            return (exact or (cased and len(quoted) == 4)) and not resolution.ambiguous
        return exact or best.score >= 0.8 or any(map(str.isdigit, quoted))

    def _more_often_something_else(self, start: int, end: int, quoted: str) -> bool:
        if len(quoted) <= 2 or _CODE.match(quoted) or not stop_words().isdisjoint((quoted.lower(), fold(quoted))):
            return True
        tokens = _TOKEN.findall(quoted)
        return self.names.is_word(quoted) or max(map(len, tokens)) == 1 or bool(_NUMBER_GOES_ON.match(self.text, end))

    def _has_cue(self, start: int, end: int) -> bool:
        before = self.text[max(0, start - 30) : start]
        return bool(_CUE_AFTER.match(self.text, end) or _CUE_BEFORE.search(before))


@cache
def stop_words() -> frozenset[str]:
    """Words, in lower case, that collide with gene names and are more often not genes."""
    lines = (TABLES / "stop_words.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
