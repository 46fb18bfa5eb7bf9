"""What a self-test found, instrument by instrument."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

SCHEMA = "prisyn.audit.selftest/2"
Kind = Literal["attack", "metric", "statistic"]


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """One statement about one instrument, whether it held, and what was measured."""

    kind: Kind
    instrument: str
    statement: str
    held: bool
    detail: str

    @property
    def name(self) -> str:
        """The statement with the instrument it is about."""
        return f"{self.instrument}: {self.statement}"


@dataclass(frozen=True)
class SelfTest:
    """All statements; `passed` where every one held. `repetitions` is 0 for the quick test."""

    seed: int
    repetitions: int
    checks: tuple[SelfCheck, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        return all(check.held for check in self.checks)

    @property
    def broken(self) -> dict[str, str]:
        """Why each instrument that failed cannot be believed, by its name; what it says is "cannot tell"."""
        reasons: dict[str, list[str]] = {}
        for check in self.checks:
            if not check.held:
                reasons.setdefault(check.instrument, []).append(f'"{check.statement}" does not hold ({check.detail})')
        return {instrument: "; ".join(found) for instrument, found in reasons.items()}

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data; seconds are in `timing` only."""
        checks = [
            {"kind": c.kind, "instrument": c.instrument, "name": c.name, "held": c.held, "detail": c.detail}
            for c in self.checks
        ]
        return {
            "schema": SCHEMA,
            "seed": self.seed,
            "repetitions": self.repetitions,
            "passed": self.passed,
            "broken": self.broken,
            "checks": checks,
            "timing": {"total": self.seconds},
        }
