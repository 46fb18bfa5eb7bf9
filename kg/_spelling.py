"""How the same gene name is written: case, hyphens, Greek letters, prefixes and trailing nouns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_LETTERS = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "mu", "sigma", "tau")
_SPELLED = {ord(unicodedata.lookup(f"GREEK SMALL LETTER {word}")): word for word in _LETTERS}
_SPELLED |= {ord(unicodedata.lookup("GREEK SMALL LETTER LAMDA")): "lambda", ord("\u00df"): "beta"}
DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2212"
QUOTES = "'\u2019"
_DROP = str.maketrans("", "", DASHES + QUOTES + "_ ./,()[]:\u00a0")
_GREEK_WORD = re.compile("alpha|beta|gamma|delta|epsilon|zeta|theta|kappa|lambda")
_PREFIX = re.compile(
    r"(?:c-|p-|phospho-?|(?:human|mouse|murine|recombinant|endogenous)\s+|[hm](?=[A-Z][A-Za-z]*\d|[A-Z]{3}))"
)
_SUFFIX = re.compile(
    r"[\s-]+(?:genes?|proteins?|mRNAs?|transcripts?|complex(?:es)?|(?:transcription )?factors?)$", re.IGNORECASE
)
_ISOFORM = re.compile(r"(?<=\d)(?:[\s-]?(?:alpha|beta|gamma|delta|[\u03b1\u03b2\u03b3\u03b4])\d?|[\s-]?v\d{1,2}|[AB])$")
_INITIALS = {"a": "alpha", "b": "beta", "g": "gamma", "d": "delta"}
_GREEK_INITIAL = re.compile("([abgd])-(?=[A-Za-z]{4})")
_PLURAL = re.compile(r"(?<=[A-Z0-9])s$")
_AMERICAN = {"tumour": "tumor", "oestr": "estr", "haem": "hem", "aemi": "emi", "foet": "fet", "oesoph": "esoph"}
_BRITISH = re.compile("|".join(_AMERICAN))


def fold(name: str) -> str:
    """The name without case, hyphens, spaces, accents or Greek letters: spellings of one name share it.

    >>> fold("TNF-\\N{GREEK SMALL LETTER ALPHA}"), fold("Nkx2.5"), fold("IL-2R alpha")
    ('tnfalpha', 'nkx25', 'il2ralpha')
    """
    if name.isascii():
        return name.lower().translate(_DROP)
    plain = unicodedata.normalize("NFKD", name).lower()
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return bare.translate(_SPELLED).translate(_DROP)


def latin(folded: str) -> str:
    """Spelled-out Greek letters as the Latin letter that gene symbols use: `ifngamma` becomes `ifng`."""
    return _GREEK_WORD.sub(lambda match: match[0][0], folded)


def american(folded: str) -> str:
    """British spellings as the American ones that HGNC and MGI use: `tumournecrosisfactor`, `oestrogenreceptor`."""
    return _BRITISH.sub(lambda match: _AMERICAN[match[0]], folded)


def greek_initial(name: str) -> str:
    """`b-catenin` as `beta-catenin`; an empty string for a name that does not begin so."""
    initial = _GREEK_INITIAL.match(name)
    return _INITIALS[initial[1]] + name[1:] if initial else ""


def variants(name: str) -> Iterator[tuple[str, str, float]]:
    """Folded keys to look a name up by, each with what was changed, in words, and what that costs its score."""
    folded = fold(name)
    yield folded, "", 0.0
    if (plain := latin(folded)) != folded:
        yield plain, "Greek letters written as Latin ones", 0.04
    if (plain := american(folded)) != folded:
        yield plain, "in American spelling", 0.02
    bare = _SUFFIX.sub("", name.strip())
    stripped = _PREFIX.sub("", bare, count=1) if _PREFIX.match(bare) else bare
    for form, words in ((bare, "without the trailing noun"), (stripped, "without the prefix")):
        key = fold(form)
        if key and key != folded:
            yield key, words, 0.06
            yield latin(key), f"{words}, Greek letters written as Latin ones", 0.08
    if spelled := greek_initial(name):
        yield fold(spelled), "with its Greek letter spelled out", 0.06
    if (whole := _ISOFORM.sub("", name.strip())) != name.strip() and len(whole) > 2:
        yield fold(whole), "without the isoform", 0.1
    if singular := _PLURAL.sub("", name.strip()):
        yield fold(singular), "in the singular", 0.06


def difference(query: str, name: str) -> tuple[str, float]:
    """What a folded match ignored between what was asked and the name on file, in words, and what that costs."""
    if query == name:
        return "exactly", 0.0
    if query.casefold() == name.casefold():
        return "ignoring case", 0.03
    if query.translate(_DROP) == name.translate(_DROP):
        return "ignoring hyphens and spaces", 0.02
    if query.isascii() and name.isascii():
        return "ignoring case, hyphens and spaces", 0.05
    return "with Greek letters spelled out", 0.03
