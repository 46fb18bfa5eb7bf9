"""Genes, edges and statements as flat rows, as both stores show them to Cypher."""

from __future__ import annotations

from typing import Any

from kg.model import Edge, Effect, Evidence, Gene, GeneKind, Provenance, SourceKind

Row = dict[str, Any]


def gene_row(gene: Gene) -> Row:
    """The properties of a `Gene` node."""
    return {"curie": gene.curie, "symbol": gene.symbol, "species": gene.species, "kind": gene.kind.value}


def gene_of_row(row: Row) -> Gene:
    """The gene of `gene_row`."""
    return Gene(row["curie"], row["symbol"], row["species"], GeneKind(row["kind"]))


def edge_row(edge: Edge) -> Row:
    """The properties of a `REGULATES` relationship; `papers` and `statements` are counts."""
    return {
        "effect": edge.effect.value,
        "belief": edge.belief,
        "activation": edge.beliefs.activation,
        "repression": edge.beliefs.repression,
        "papers": len(edge.papers),
        "statements": len(edge.evidence),
    }


def evidence_row(item: Evidence) -> Row:
    """The properties of an `Evidence` node: all of the statement, its genes as CURIEs and its provenance unfolded."""
    source = item.provenance
    return {
        "id": item.id,
        "regulator": item.regulator.curie,
        "target": item.target.curie,
        "effect": item.effect.value,
        "document": item.document,
        "quote": item.quote,
        "kind": item.kind.value,
        "start": item.start,
        "end": item.end,
        "paper": item.paper,
        "negated": item.negated,
        "hypothetical": item.hypothetical,
        "retracted": item.retracted,
        "reader": source.reader,
        "model": source.model,
        "prompt": source.prompt,
        "prompt_hash": source.prompt_hash,
        "score": source.score,
        "tokens": source.tokens,
        "cost": source.cost,
        "time": source.time,
    }


def evidence_of_row(row: Row, regulator: Gene, target: Gene) -> Evidence:
    """The statement of `evidence_row`; other keys of the row do not matter, and no score is a score of None."""
    return Evidence(
        regulator=regulator,
        target=target,
        effect=Effect(row["effect"]),
        document=row["document"],
        quote=row["quote"],
        provenance=Provenance(
            reader=row["reader"],
            model=row["model"],
            prompt=row["prompt"],
            prompt_hash=row["prompt_hash"],
            score=row.get("score"),
            tokens=row["tokens"],
            cost=row["cost"],
            time=row["time"],
        ),
        kind=SourceKind(row["kind"]),
        start=row["start"],
        end=row["end"],
        paper=row["paper"],
        negated=row["negated"],
        hypothetical=row["hypothetical"],
        retracted=row["retracted"],
    )
