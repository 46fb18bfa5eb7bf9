"""Decisions as text and back."""

from __future__ import annotations

import json
from dataclasses import asdict

from kg.curation import Decision, ErrorKind, Verdict
from kg.model import Effect


def decision_text(decision: Decision) -> str:
    """All fields of a decision as one line of JSON."""
    return json.dumps(asdict(decision), ensure_ascii=False, sort_keys=True)


def decision_of_text(text: str) -> Decision:
    """The decision of `decision_text`."""
    record = json.loads(text)
    record |= {"verdict": Verdict(record["verdict"]), "effect": Effect(record["effect"])}
    record["error"] = record["error"] and ErrorKind(record["error"])
    return Decision(**record)
