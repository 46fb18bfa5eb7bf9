"""Sentences of an abstract, with their offsets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# A stop after one of these does not end a sentence.
_ABBREVIATION_LIST = (
    "al approx ca cf co dr e.g eq eqs etc ex fig figs i.e inc jr ltd mr mrs ms no nos nr par prof ref refs resp "
    "sec sp spp sr st subsp suppl tab var viz vol vs"
)
_ABBREVIATIONS = frozenset(_ABBREVIATION_LIST.split())
_STOP = re.compile(r"[.!?]+[\"')\]\u201d\u2019]*(?=\s)|\n\s*\n|\n")
_WORD_BEFORE = re.compile(r"[\w.\-]*\Z")
_OPENING = re.compile(r"[\s\"'(\[\u201c\u2018]*(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text` is exactly `document[start:end]`, without surrounding white space."""

    start: int
    end: int
    text: str


def split_sentences(text: str) -> list[Sentence]:
    """The sentences of `text` in order; together they hold every character that is not white space.

    A stop ends a sentence unless it belongs to an abbreviation (Fig., et al., e.g.), to an initial (T. Enver), or is
    followed by a small letter that begins no gene name (c-Myc, p53 do). A line break always ends one, for titles
    stand on their own line and have no stop. Decimals and names such as PU.1 hold no white space, so they stay whole.
    """
    sentences = []
    for start, end in _spans(text):
        piece = text[start:end]
        stripped = piece.strip()
        if stripped:
            begin = start + piece.index(stripped[0])
            sentences.append(Sentence(begin, begin + len(stripped), stripped))
    return sentences


def _spans(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _STOP.finditer(text):
        if match.group().isspace() or _ends_sentence(text, match.start(), match.end()):
            yield start, match.end()
            start = match.end()
    yield start, len(text)


def _ends_sentence(text: str, stop: int, after: int) -> bool:
    following = _OPENING.match(text, after)
    if following is None:
        return True
    if text[stop] != ".":
        return True
    before = _WORD_BEFORE.search(text, max(0, stop - 40), stop)
    word = before.group().rstrip(".") if before else ""
    if word.lower() in _ABBREVIATIONS and not _is_plain_number_word(word, text, stop):
        return False
    if len(word) == 1 and word.isalpha() and word.isupper() and _is_initial(text, stop):
        return False
    return not following.group(1).islower() or _starts_like_a_gene(text, following.start(1))


def _is_plain_number_word(word: str, text: str, stop: int) -> bool:
    # "No." before a number is an abbreviation; "the answer is no." ends a sentence.
    return word.lower() in {"no", "nos"} and re.match(r"\s+\d", text[stop + 1 :]) is None


def _is_initial(text: str, stop: int) -> bool:
    # "T. Enver" and "H. sapiens", but not "factor A. It" after a word that names a labelled thing.
    before = text[max(0, stop - 24) : stop - 1].rstrip().rpartition(" ")[2].lower()
    labelled = {"factor", "protein", "type", "group", "class", "vitamin", "hepatitis", "cyclin", "interleukin"}
    return before not in labelled


_SMALL_GENE = re.compile(r"[a-z]-[A-Z]|p\d\d|[a-z]{1,3}[A-Z0-9]")


def _starts_like_a_gene(text: str, at: int) -> bool:
    return _SMALL_GENE.match(text, at) is not None
