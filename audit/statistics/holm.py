"""Many tests, one error rate."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """p-values adjusted so that the chance of any false rejection stays at the level (Holm, Scand. J. Stat. 1979)."""
    count = len(p_values)
    adjusted, running = [0.0] * count, 0.0
    for place, index in enumerate(sorted(range(count), key=lambda i: p_values[i])):
        running = max(running, min(1.0, (count - place) * p_values[index]))
        adjusted[index] = running
    return tuple(adjusted)
