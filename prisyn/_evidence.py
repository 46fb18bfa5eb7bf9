"""Which of an edge's statements to show first."""

from __future__ import annotations

from kg import Edge, Evidence, SourceKind


def best_evidence(edge: Edge) -> Evidence:
    """One that says what the edge says; plain before hedged or negated, a sentence before a row, the surer first."""

    def rank(item: Evidence) -> tuple[bool, bool, bool, bool, float, str]:
        doubtful = (item.retracted or item.negated, item.hypothetical, item.effect != edge.effect)
        return (*doubtful, item.kind != SourceKind.TEXT, -(item.provenance.score or 0.0), item.id)

    return min(edge.evidence, key=rank)
