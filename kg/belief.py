"""How much to believe an edge, given its evidence.

Evidence is grouped by *witness*: the paper it comes from, or the document where no paper is known. A paper that
repeats itself is one witness, and so is a database row that cites a paper already read. All that one model recalls
without a text is one witness too, however often it was asked.

A statement i counts with

    p(i) = reliability(reader of i) * h(i)        h = 1, or 0.5 where the statement is hypothetical
    p(i) <= 0.1                                   where it was recalled without a text
    p(i) = 0                                      where it is negated, or its paper is retracted

A witness counts with its strongest statement, and independent witnesses are combined by noisy-or (Pearl 1988):

    p(w) = max over i in w of p(i)                belief = 1 - product over w of (1 - p(w))

`regulation` is taken over all statements, `activation` and `repression` over those of that sign; a statement of
unknown sign raises neither, and neither sign lowers the other. Negated and retracted statements stay with the edge
and raise nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from kg._lookup import TABLES
from kg.model import Beliefs, Effect, Evidence, SourceKind
from prisyn_base import InputError, Problem, write_json

HYPOTHETICAL = 0.5
"""What a hypothetical statement counts, as a fraction of an asserted one."""

KNOWLEDGE_AT_MOST = 0.1
"""The most that a model's recall without a text counts for."""

CLEARLY_AHEAD = 10.0
"""How many times the odds of one sign must be those of the other before an edge is given that sign."""

RELIABILITY_FILE = TABLES / "reliability.json"
_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Reliability:
    """The probability that one statement of a reader is right, and how that number was obtained.

    `n` is the number of judged statements behind it; 0 marks a prior. `command` and `data` say how to measure it again.
    """

    probability: float
    source: str
    command: str = ""
    data: str = ""
    n: int = 0


def edge_beliefs(evidence: Sequence[Evidence]) -> Beliefs:
    """The beliefs in one edge given all its evidence; the order of the evidence does not matter."""
    retracted = {item.witness for item in evidence if item.retracted}
    weighed = [(_witness(item), item.effect, _weight(item, retracted)) for item in evidence]
    strongest = _strongest(weighed, lambda effect: True)
    return Beliefs(
        regulation=_noisy_or(strongest.values()),
        activation=_noisy_or(_strongest(weighed, lambda effect: effect is Effect.ACTIVATION).values()),
        repression=_noisy_or(_strongest(weighed, lambda effect: effect is Effect.REPRESSION).values()),
        witnesses=len(strongest),
    )


def edge_effect(beliefs: Beliefs) -> Effect:
    """The sign whose odds b / (1 - b) are at least `CLEARLY_AHEAD` times those of the other; else unknown.

    One paper against none is clear, two against one of the same reader are not.
    """
    up, down = _odds(beliefs.activation), _odds(beliefs.repression)
    if up > 0 and up >= CLEARLY_AHEAD * down:
        return Effect.ACTIVATION
    if down > 0 and down >= CLEARLY_AHEAD * up:
        return Effect.REPRESSION
    return Effect.UNKNOWN


def reliability(reader: str) -> Reliability:
    """The reliability of a reader; one that nobody has measured gets the table's stated default."""
    return _readers().get(reader) or _readers()["*"]


def write_reliability(
    reader: str,
    probability: float,
    source: str,
    *,
    command: str = "",
    data: str = "",
    n: int = 0,
    path: Path = RELIABILITY_FILE,
) -> None:
    """Put a reader's reliability into the table at `path`, replacing an earlier one. InputError outside [0, 1]."""
    if not 0.0 <= probability <= 1.0:
        mend = "give the share of its statements that are right"
        raise InputError([Problem(f"reliability of {reader}", str(probability), "a number in [0, 1]", mend)])
    readers = _read(path) | {reader: Reliability(probability, source, command, data, n)}
    table = {name: asdict(readers[name]) for name in sorted(readers)}
    write_json(path, {"schema": _SCHEMA, "readers": table})
    _readers.cache_clear()


@cache
def _readers() -> dict[str, Reliability]:
    return _read(RELIABILITY_FILE)


def _read(path: Path) -> dict[str, Reliability]:
    table = json.loads(path.read_text(encoding="utf-8"))
    return {name: Reliability(**entry) for name, entry in table["readers"].items()}


def _witness(item: Evidence) -> str:
    if item.kind is SourceKind.KNOWLEDGE:
        return f"knowledge:{item.provenance.reader}:{item.provenance.model}"
    return item.witness


def _weight(item: Evidence, retracted: set[str]) -> float:
    if item.negated or item.witness in retracted:
        return 0.0
    weight = reliability(item.provenance.reader).probability
    if item.kind is SourceKind.KNOWLEDGE:
        weight = min(weight, KNOWLEDGE_AT_MOST)
    return weight * HYPOTHETICAL if item.hypothetical else weight


def _strongest(weighed: Iterable[tuple[str, Effect, float]], counts: Callable[[Effect], bool]) -> dict[str, float]:
    strongest: dict[str, float] = {}
    for witness, effect, weight in weighed:
        if weight > 0 and counts(effect):
            strongest[witness] = max(weight, strongest.get(witness, 0.0))
    return strongest


def _noisy_or(probabilities: Iterable[float]) -> float:
    """1 - product of (1 - p), in ascending order: rounding must not depend on the order of witnesses."""
    return 1.0 - math.prod(1.0 - p for p in sorted(probabilities))


def _odds(probability: float) -> float:
    return probability / (1.0 - probability) if probability < 1.0 else math.inf
