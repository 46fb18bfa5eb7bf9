"""An instrument that broke while it was used: it has said nothing, which is not the same as having found nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

InstrumentKind = Literal["attack", "metric", "risk"]


@dataclass(frozen=True, slots=True)
class Broken:
    """What raised instead of measuring, and the reason."""

    kind: InstrumentKind
    name: str
    label: str
    reason: str
