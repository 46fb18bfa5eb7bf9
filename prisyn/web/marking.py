"""A quote as a person reads it: both genes and the words that say so marked, nothing hidden in it.

A quote is text of unknown origin. It leaves here as plain segments, which the templates escape.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from grn_extract import find_cues, regulation_cues
from kg import Evidence, Gene, Mention, find_mentions

LONGEST_QUOTE = 4_000
"""Characters of a quote that are shown; what is longer is cut, and says so."""

Span = tuple[int, int]


class Mark(StrEnum):
    """What a part of a quote is."""

    PLAIN = ""
    REGULATOR = "regulator"
    TARGET = "target"
    CUE = "cue"
    DOUBT = "doubt"


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a quote."""

    text: str
    mark: Mark = Mark.PLAIN


@lru_cache(maxsize=4096)
def mark_quote(item: Evidence) -> tuple[Segment, ...]:
    """The quote of a statement in segments that together are the quote, made visible (see `visible`).

    Marked are the names of regulator and target, the words of regulation between or nearest to them, and, where the
    statement is negated or hedged, the words that make it so.
    """
    text = item.quote[:LONGEST_QUOTE]
    regulator, target = _named(text, item.regulator), _named(text, item.target)
    spans = [(span, Mark.TARGET) for span in target] + [(span, Mark.REGULATOR) for span in regulator]
    if item.negated or item.hypothetical:
        spans += [(span, Mark.DOUBT) for span in _doubts(text, item)]
    spans += [(span, Mark.CUE) for span in _cues(text, regulator, target)]
    segments = tuple(_segments(text, spans))
    return segments if len(item.quote) <= LONGEST_QUOTE else (*segments, Segment(" [...]"))


def visible(text: str) -> str:
    """Text in which nothing acts unseen: control and formatting characters are spelled out, white space is a space.

    >>> visible("GATA1\\u202e\\tHBB")
    'GATA1<U+202E> HBB'
    """
    return "".join(map(_visible, text))


def _visible(character: str) -> str:
    if character.isspace():
        return " "
    hidden = unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs", "Cn")
    return f"<U+{ord(character):04X}>" if hidden else character


def _named(text: str, gene: Gene) -> list[Span]:
    found = [(m.start, m.end) for m in _mentions(text) if m.gene is not None and m.gene.curie == gene.curie]
    if found:
        return found
    return [match.span() for match in re.finditer(rf"(?<!\w){re.escape(gene.symbol)}(?!\w)", text, re.IGNORECASE)]


@lru_cache(maxsize=1024)
def _mentions(text: str) -> tuple[Mention, ...]:
    return tuple(find_mentions(text))


def _doubts(text: str, item: Evidence) -> Iterator[Span]:
    cues = find_cues(text)
    words = (*(cues.negation if item.negated else ()), *(cues.hedging if item.hypothetical else ()))
    for word in dict.fromkeys(words):
        yield from (match.span() for match in re.finditer(re.escape(word), text))


def _cues(text: str, regulator: list[Span], target: list[Span]) -> list[Span]:
    """The words of regulation between the two names that are nearest to each other; where none are, the nearest one."""
    cues = regulation_cues(text)
    if not regulator or not target or not cues:
        return cues[:1]
    one, other = min(((a, b) for a in regulator for b in target), key=lambda pair: abs(pair[0][0] - pair[1][0]))
    left, right = min(one[1], other[1]), max(one[0], other[0])
    between = [cue for cue in cues if left <= cue[0] and cue[1] <= right]
    return between or [min(cues, key=lambda cue: min(abs(cue[0] - right), abs(cue[1] - left)))]


def _segments(text: str, spans: list[tuple[Span, Mark]]) -> Iterator[Segment]:
    """Segments of `text`; of spans that overlap the one named first is kept."""
    marks = [Mark.PLAIN] * len(text)
    for (start, end), mark in spans:
        if all(each is Mark.PLAIN for each in marks[start:end]):
            marks[start:end] = [mark] * (end - start)
    at = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or marks[end] is not marks[at]:
            yield Segment(visible(text[at:end]), marks[at])
            at = end
