"""Evidence as a plain record and back, and what two readings of the same statement are together."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from typing import Any

from kg.model import Effect, Evidence, Gene, GeneKind, Provenance, SourceKind

SCHEMA = 1
"""The version of the record: every field of `Evidence`, genes and provenance as records within it."""

_LARGEST = 2**53
_FIELDS = {item.name: item.type for item in fields(Evidence)}
_GENES = ("regulator", "target")


def to_record(evidence: Evidence) -> dict[str, Any]:
    """A record that JSON can hold; nothing is lost."""
    return {name: getattr(evidence, name) for name in _FIELDS} | {
        "regulator": asdict(evidence.regulator),
        "target": asdict(evidence.target),
        "provenance": asdict(evidence.provenance),
    }


def from_record(record: Any) -> Evidence:
    """The evidence of a record. Raises ValueError saying which field is missing, unknown or of the wrong kind."""
    if not isinstance(record, dict):
        raise ValueError("is not a record")
    if unknown := sorted(set(record) - set(_FIELDS)):
        raise ValueError(f"unknown field {', '.join(unknown)}")
    if missing := [
        name for name in ("regulator", "target", "effect", "document", "quote", "provenance") if name not in record
    ]:
        raise ValueError(f"missing {', '.join(missing)}")
    values = dict(record)
    values["effect"] = choice(Effect, "effect", values["effect"])
    values["kind"] = choice(SourceKind, "kind", values.get("kind", SourceKind.TEXT))
    for name in _GENES:
        values[name] = gene_from_record(values[name], name)
    values["provenance"] = _provenance(values["provenance"])
    evidence = Evidence(**values)
    _check_types(evidence, {"document": str, "quote": str, "paper": str, "start": int, "end": int})
    _check_types(evidence, {"negated": bool, "hypothetical": bool, "retracted": bool})
    if not 0 <= evidence.start <= evidence.end <= _LARGEST:
        raise ValueError(f"offsets {evidence.start}:{evidence.end} are not in order")
    _ = evidence.id  # raises where the text cannot be written as UTF-8
    return evidence


def gene_from_record(record: Any, name: str) -> Gene:
    """A gene of a record; the parts are checked, whether such a gene exists is not."""
    if not isinstance(record, dict) or set(record) - {"curie", "symbol", "species", "kind"}:
        raise ValueError(f"{name} is not a gene record")
    try:
        gene = Gene(**(record | {"kind": choice(GeneKind, f"{name} kind", record.get("kind", GeneKind.GENE))}))
    except TypeError as error:
        raise ValueError(f"{name} is not a whole gene record") from error
    _check_types(gene, {"curie": str, "symbol": str, "species": str})
    if ":" not in gene.curie or not gene.symbol:
        raise ValueError(f"{name} {gene.curie!r} has no CURIE and symbol")
    return gene


def canonical(evidence: Evidence) -> str:
    """The record as one line of JSON with sorted keys."""
    return json.dumps(to_record(evidence), ensure_ascii=False, sort_keys=True, allow_nan=False)


def merged(one: Evidence, other: Evidence) -> Evidence:
    """Two readings of the same statement (same id) as one, whichever came first.

    Retracted where either is; the paper of whichever knows one; the rest from the reading that sorts first.
    """
    if one == other:
        return one
    retracted, paper = one.retracted or other.retracted, max(one.paper, other.paper)
    alike = (replace(item, retracted=retracted, paper=paper) for item in (one, other))
    return min(alike, key=canonical)


def _provenance(record: Any) -> Provenance:
    if not isinstance(record, dict) or not isinstance(record.get("reader"), str):
        raise ValueError("provenance names no reader")
    try:
        provenance = Provenance(**record)
    except TypeError as error:
        raise ValueError("provenance has an unknown field") from error
    _check_types(provenance, {"model": str, "prompt": str, "prompt_hash": str, "time": str, "tokens": int})
    if provenance.score is not None and not (isinstance(provenance.score, int | float) and 0 <= provenance.score <= 1):
        raise ValueError(f"score {provenance.score!r} is not in [0, 1]")
    if not isinstance(provenance.cost, int | float) or not 0 <= provenance.cost <= _LARGEST:
        raise ValueError(f"cost {provenance.cost!r} is not an amount")
    if not 0 <= provenance.tokens <= _LARGEST:
        raise ValueError(f"tokens {provenance.tokens!r} is not a count")
    return provenance


def choice(kind: Any, name: str, value: Any) -> Any:
    """The member of an enumeration with this value. Raises ValueError naming the field and what it may be."""
    try:
        return kind(value)
    except ValueError as error:
        raise ValueError(f"{name} {value!r} is none of {', '.join(kind)}") from error


def _check_types(item: Any, types: dict[str, type]) -> None:
    for name, expected in types.items():
        if type(getattr(item, name)) is not expected:
            raise ValueError(f"{name} {getattr(item, name)!r} is not {expected.__name__}")
