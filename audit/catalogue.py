"""All instruments that there are, ours and those of plug-ins, as rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit._instruments import by_default
from audit.attacks import ATTACKS
from audit.metrics import METRICS
from audit.plugins import Plugins
from audit.risks import RISKS


def catalogue(plugins: Plugins) -> tuple[Mapping[str, str], ...]:
    """One row an instrument: kind, name, whether it is run unasked, what it does, where it comes from."""
    kinds: tuple[tuple[str, Mapping[str, Any]], ...] = (
        ("attack", {**ATTACKS, **plugins.attacks}),
        ("metric", {**METRICS, **plugins.metrics}),
        ("risk", {**RISKS, **plugins.risks}),
    )
    return tuple(
        {
            "kind": kind,
            "name": name,
            "run": _when(part),
            "explanation": part.explanation,
            "reference": part.reference,
        }
        for kind, parts in kinds
        for name, part in sorted(parts.items())
    )


def _when(part: Any) -> str:
    """Whether an instrument is run unasked, and what a target must have for it."""
    needs = [
        *(["a reference set"] if getattr(part, "needs_reference", False) else []),
        *(["a graph"] if getattr(part, "needs_edges", False) else []),
        *(["types"] if getattr(part, "needs_labels", False) else []),
        *(_NEEDS[need] for need in getattr(part, "needs", ())),
    ]
    start = "always" if by_default(part) else "if asked for"
    return f"{start}, with {' and '.join(needs)}".replace("always, ", "") if needs else start


_NEEDS = {"labels": "types", "reference": "a reference set", "model": "a handle on the model"}
