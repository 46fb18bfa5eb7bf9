"""What a format says it loses is lost, and everything else survives the way out and back in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from kg import GRN, Effect, Evidence, Gene, Loss, Provenance, SourceKind, export, formats, read

Pair = tuple[Gene, Gene]

READ_BACK = [name for name, format in formats().items() if format.read]


@pytest.fixture(scope="module")
def grn(say) -> GRN:
    """Each thing that can be lost stands on an edge, or on a statement, of its own."""
    plain = say("GATA1", "HBB", paper="PMID:11", quote="GATA1 activates HBB.", kind=SourceKind.TEXT)
    gata1, ydeo = plain.regulator, Gene("REGULONDB:ydeO", "ydeO", "ecoli")
    down, unknown = Effect.REPRESSION, Effect.UNKNOWN
    chat = Provenance("chat", "a-model", "read", "ab12", 0.75, 321, 0.0042, "2024-05-01T10:00:00Z")
    return GRN.from_evidence(
        [
            plain,
            replace(say("SPI1", "CD14"), provenance=chat, document="doc:9", start=3, end=40, quote="In doc 9."),
            say("SPI1", "IL1B", paper="PMID:12", effect=down, kind=SourceKind.DATABASE, reader="trrust"),
            say("NF-kB", "IL6", paper="PMID:13", quote="NF-kB may activate IL6.", hypothetical=True),
            say("Gata2", "Kit", paper="PMID:14"),
            say("STAT1", "IRF1", paper="PMID:15", effect=unknown),
            *(say("MYC", "TERT", paper=f"PMID:{n}", effect=e) for n, e in ((16, Effect.ACTIVATION), (17, down))),
            *(
                say("SPI1", "LYZ", paper=f"PMID:{n}", effect=down if n == 30 else Effect.ACTIVATION)
                for n in range(27, 32)
            ),
            say("RUNX1", "CEBPA", paper="PMID:18", negated=True),
            *(say("KLF1", "HBA1", paper=f"PMID:{n}", negated=n == 20, quote=f"Paper {n}.") for n in (19, 20)),
            say("KLF1", "HBA1", paper="PMID:26", retracted=True, quote="Paper 26."),
            say("IRF4", "PRDM1", paper="PMID:21", retracted=True),
            replace(say("GATA1", "SPIB", paper="PMID:22"), target=ydeo),
            replace(say("GATA1", "Kit", paper="PMID:23"), regulator=gata1),
            say("PAX5", "CD19", paper="PMID:24"),
            say("EBF1", "PAX5", paper="PMID:25"),
        ]
    )


def pairs(grn: GRN) -> set[Pair]:
    return {(edge.regulator, edge.target) for edge in grn.edges()}


def lost_edges(edge) -> dict[Loss, bool]:  # type: ignore[no-untyped-def]
    """Whether an edge of the graph above is lost with each of the things that cost edges."""
    symbols = {edge.regulator.symbol, edge.target.symbol}
    species = {gene.species for gene in (edge.regulator, edge.target)} - {"any"}
    return {
        Loss.IDENTIFIERS: "ydeO" in symbols,
        Loss.SPECIES: species == {"human", "mouse"},
        Loss.UNSIGNED: all(item.effect is Effect.UNKNOWN for item in edge.evidence),
        Loss.INNER: edge.target.symbol == "PAX5",
        Loss.DENIALS: all(item.negated for item in edge.evidence),
        Loss.RETRACTIONS: all(item.retracted for item in edge.evidence),
    }


Seen = Callable[[Evidence], object]

KEPT: dict[Loss, Seen] = {
    Loss.CONFLICTS: lambda item: None if item.negated else item.effect,
    Loss.DENIALS: lambda item: item.negated,
    Loss.HEDGES: lambda item: item.hypothetical,
    Loss.RETRACTIONS: lambda item: item.retracted,
    Loss.PAPERS: lambda item: None if item.negated or item.retracted else item.paper,
    Loss.SENTENCES: lambda item: None if item.negated or item.retracted else " ".join(item.quote.split()),
    Loss.DOCUMENTS: lambda item: (item.document, item.start, item.end),
    Loss.READERS: lambda item: replace(item.provenance, score=None),
}
"""What of a statement each loss takes away."""


def seen(grn: GRN, among: set[Pair], of: Seen) -> dict[Pair, set[object]]:
    edges = ((edge.regulator, edge.target, edge.evidence) for edge in grn.edges())
    return {(a, b): {of(item) for item in items} - {None, ""} for a, b, items in edges if (a, b) in among}


def signs(grn: GRN, among: set[Pair]) -> dict[Pair, Effect]:
    return {pair: edge.effect for edge in grn.edges() if (pair := (edge.regulator, edge.target)) in among}


def beliefs(grn: GRN, among: set[Pair]) -> dict[Pair, float]:
    """The belief in an edge, or where the file said what it was, that."""
    found = {}
    for edge in grn.edges():
        scores = {item.provenance.score for item in edge.evidence if item.provenance.reader in READ_BACK}
        told = scores.pop() if len(scores) == 1 else None
        found[edge.regulator, edge.target] = round(edge.belief if told is None else told, 6)
    return {pair: belief for pair, belief in found.items() if pair in among}


@pytest.mark.parametrize("name", READ_BACK)
def test_exactly_what_a_format_says_is_lost(name, grn, tmp_path):
    loses = set(formats()[name].loses)
    export(grn, name, tmp_path / "graph")
    back = GRN.from_evidence(read(name, tmp_path / "graph").evidence)
    contested = {Loss.UNSIGNED, Loss.CONFLICTS} <= loses
    expected = {
        (edge.regulator, edge.target)
        for edge in grn.edges()
        if not any(loss in loses for loss, is_lost in lost_edges(edge).items() if is_lost)
        and not (contested and edge.regulator.symbol == "MYC")
    }
    assert pairs(back) == expected
    for loss, of in KEPT.items():
        same = seen(back, expected, of) == seen(grn, expected, of)
        assert same == (loss not in loses), f"{loss}: said to be {'lost' if loss in loses else 'kept'}"
    clear = (
        expected if Loss.CONFLICTS in loses else {pair for pair in expected if pair[1].symbol not in ("TERT", "LYZ")}
    )
    assert (signs(back, clear) == signs(grn, clear)) == (Loss.SIGNS not in loses)
    assert (beliefs(back, expected) == beliefs(grn, expected)) == (Loss.BELIEFS not in loses)
