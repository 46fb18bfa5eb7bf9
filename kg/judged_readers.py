"""How often readers were right, by what people judged of theirs, and the table of reliabilities that follows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from kg.calibration import FittedRate, fit_reliability
from kg.curation import standing_decisions
from kg.grn import GRN
from kg.reliability import Reliability, table_in_use, write_reliabilities

_COMMAND = "prisyn kg curate reliability --graph GRAPH --write FILE"


@dataclass(frozen=True, slots=True)
class JudgedReader:
    """A reader, what was thought of it, and its entry after `rate.right` of `rate.n` judged statements."""

    reader: str
    before: float
    rate: FittedRate
    entry: Reliability


def judged_readers(grn: GRN) -> list[JudgedReader]:
    """Every reader of which a statement was judged, by name.

    A claim counts once for each reader that read it. It is right where more accept than reject it, or all who reject
    it reject its sign alone: reliability is of there being regulation. Denials are left out, for their weight is 0.
    """
    judged: dict[str, dict[str, tuple[float | None, bool]]] = {}
    for item in grn.evidence:
        judgement = grn.judgement(item)
        if judgement.balance != 0 and not item.negated:
            right = judgement.balance > 0 or judgement.sign_only
            judged.setdefault(item.provenance.reader, {})[item.claim] = (item.provenance.score, right)
    people = len({decision.curator for decision in standing_decisions(grn.decisions)})
    return [_fitted(reader, list(judged[reader].values()), people) for reader in sorted(judged)]


def write_judged(found: list[JudgedReader], path: Path) -> None:
    """Write the table in use with these readers' entries in place of theirs."""
    write_reliabilities({**table_in_use(), **{item.reader: item.entry for item in found}}, path)


def _fitted(reader: str, judged: list[tuple[float | None, bool]], people: int) -> JudgedReader:
    table: Mapping[str, Reliability] = table_in_use()
    known = table.get(reader) or table["*"]
    before = sum(known.of(score) for score, _ in judged) / len(judged)
    right = sum(said for _, said in judged)
    rate = fit_reliability(right, len(judged), before)
    source = (
        f"fitted: {right}/{len(judged)} statements judged by {people} people were right, shrunk to the "
        f"{before:.3f} thought before; 95 % interval {rate.low:.3f} to {rate.high:.3f}"
    )
    shift = _log_odds(rate.probability) - _log_odds(before)
    curve = tuple((score, round(_shifted(p, shift), 6)) for score, p in known.curve)
    probability = round(_shifted(known.probability, shift) if known.curve else rate.probability, 6)
    entry = replace(
        known, probability=probability, source=source, command=_COMMAND, data="decisions", n=len(judged), curve=curve
    )
    return JudgedReader(reader, before, rate, entry)


def _shifted(p: float, shift: float) -> float:
    """A probability whose log-odds are moved: how a curve is brought to another share of right statements."""
    return 1 / (1 + math.exp(-(_log_odds(p) + shift)))


def _log_odds(p: float) -> float:
    inside = min(max(p, 1e-6), 1 - 1e-6)
    return math.log(inside / (1 - inside))
