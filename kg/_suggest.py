"""Near misses of a name."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher


def nearest(key: str, choices: Iterable[tuple[str, str]], n: int) -> tuple[str, ...]:
    """The values of up to `n` (key, value) choices whose keys are like `key`, nearest first, ties alphabetical.

    Likeness, 0.6 at the least, is 2 M / T: M the characters in matching blocks, T those of both (Ratcliff, Obershelp
    1988). Only keys within two characters of its length that share its first or its last two are compared.
    """
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(key)
    scored: dict[str, float] = {}
    for choice, value in choices:
        if abs(len(choice) - len(key)) > 2 or not (choice[:2] == key[:2] or choice[-2:] == key[-2:]):
            continue
        matcher.set_seq1(choice)
        if matcher.real_quick_ratio() >= 0.6 and matcher.quick_ratio() >= 0.6 and (ratio := matcher.ratio()) >= 0.6:
            scored[value] = max(ratio, scored.get(value, 0.0))
    return tuple(sorted(scored, key=lambda value: (-scored[value], value))[:n])
