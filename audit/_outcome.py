"""One question that a verdict answers, and its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["pass", "fail", "cannot tell"]


@dataclass(frozen=True, slots=True)
class Check:
    """One question, its answer and the reason."""

    name: str
    outcome: Outcome
    reason: str
