"""How counts and lists of names are written in messages."""

from __future__ import annotations

from collections.abc import Sequence


def some(names: Sequence[str]) -> str:
    """The first three names in brackets, or nothing."""
    return f" ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})" if names else ""


def many(count: int, things: str) -> str:
    """`count` and the plural `things`, in the singular for one.

    >>> many(1, "records"), many(1200, "records")
    ('1 record', '1,200 records')
    """
    return f"{count:,} {things.removesuffix('s') if count == 1 else things}"
