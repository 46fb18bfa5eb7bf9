"""A network brought up to date, without working out again what has not changed."""

from __future__ import annotations

from collections.abc import Iterable

from kg.curation import Decision
from kg.grn import GRN, Pair
from kg.model import Evidence


def renewed(grn: GRN, evidence: Iterable[Evidence], decisions: Iterable[Decision]) -> GRN:
    """The network of `grn` with this evidence added, judged by these decisions and no others.

    `grn` stays as it was, and whoever reads it meanwhile is not disturbed. Edges on which neither evidence nor
    decisions changed are shared, so that the cost is that of copying a few dictionaries and of the edges that did.
    """
    added, judged = tuple(evidence), tuple(decisions)
    anew = GRN(judged)
    touched = {(item.regulator.curie, item.target.curie) for item in added}
    touched |= {(item.regulator, item.target) for item in {*judged} ^ {*grn.decisions}}
    anew._genes = dict(grn._genes)
    anew._targets, anew._regulators = dict(grn._targets), dict(grn._regulators)
    for regulator, target in touched:
        _own(anew, (regulator, target))
    anew._edges = dict(grn._edges)
    for pair in touched:
        anew._edges.pop(pair, None)
    anew.add(added)
    return anew


def _own(grn: GRN, pair: Pair) -> None:
    """Give a network copies of the dictionaries that adding to a pair changes."""
    regulator, target = pair
    if (targets := grn._targets.get(regulator)) is not None:
        grn._targets[regulator] = dict(targets)
        if target in targets:
            grn._targets[regulator][target] = dict(targets[target])
    if (regulators := grn._regulators.get(target)) is not None:
        grn._regulators[target] = dict(regulators)
