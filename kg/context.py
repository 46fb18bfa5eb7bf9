"""A name as its text uses it: the long form that the text gives it decides, and then the words it stands among."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property

from kg._abbreviations import definitions
from kg.names import Candidate, Resolution, Resolver, resolver

_WORD = re.compile(r"[^\W\d_]{4,}")
_STEM = 5
_SHARE, _LEAD = 0.5, 0.25
"""At least this share of the words of a gene's name, and this much more than of any rival's, decide for it."""


class Context:
    """One text, asked what names stand for in it. The text is read once; a name costs a look-up."""

    def __init__(self, text: str, names: Resolver | None = None) -> None:
        self._text = text
        self._names = names or resolver()
        self.long_forms = definitions(text)

    def resolve(self, name: str, species: str | None = None) -> Resolution:
        """As `Resolver.resolve`, but in this text; the reason says what in the text decided.

        The long form of an abbreviation goes before anything the abbreviation stands for elsewhere. A name that
        stands for nothing is tried by the abbreviation that the text gives it. Of several genes that fit a name
        equally, the one whose approved name the text spells out best is taken, or none where no gene stands out.
        """
        plain = self._names.resolve(name, species)
        if long_form := self.long_forms.get(name):
            defined = self._names.resolve(long_form, species)
            if defined.gene is not None:
                if plain.gene is not None and self._names.same_gene(plain.gene, defined.gene):
                    return plain
                return replace(defined, reason=f"the text says {long_form!r} for {name!r}: {defined.reason}")
            return self._best_named(plain, stems(long_form), f"the text says {long_form!r} for {name!r}")
        if plain.ambiguous:
            return self._best_named(plain, self._stems, "the text has most words of its name")
        if not plain.candidates and (short := self._short_forms.get(name.lower())):
            told = self._names.resolve(short, species)
            return replace(told, name=name, reason=f"the text says {short!r} for {name!r}: {told.reason}")
        return plain

    @cached_property
    def _short_forms(self) -> dict[str, str]:
        return {long_form.lower(): short for short, long_form in self.long_forms.items()}

    @cached_property
    def _stems(self) -> frozenset[str]:
        return stems(self._text)

    def _best_named(self, plain: Resolution, said: frozenset[str], why: str) -> Resolution:
        shares = sorted(((self._share(item, said), -i) for i, item in enumerate(plain.candidates)), reverse=True)
        if not shares or shares[0][0] < _SHARE:
            return plain
        best = plain.candidates[-shares[0][1]]
        rivals = [share for share, at in shares[1:] if not self._names.same_gene(best.gene, plain.candidates[-at].gene)]
        if best.gene == plain.gene or (rivals and shares[0][0] - rivals[0] < _LEAD):
            return plain
        others = tuple(item for item in plain.candidates if item is not best)
        return Resolution(plain.name, best.gene, (best, *others), False, f"{why}; {best.reason}")

    def _share(self, candidate: Candidate, said: frozenset[str]) -> float:
        wanted = stems(self._names.full_name(candidate.gene))
        return len(wanted & said) / len(wanted) if wanted else 0.0


def stems(text: str) -> frozenset[str]:
    """The first letters of each longer word, so that `synthase` and `synthetase` are alike."""
    return frozenset(word[:_STEM].lower() for word in _WORD.findall(text))
