"""Which sentences no model of this project is ever trained on: decided by the sentence alone."""

from __future__ import annotations

import hashlib

HELD_OUT_PERCENT = 20
VALIDATION_PERCENT = 5


def is_held_out(sentence: str) -> bool:
    """Whether results may be reported on this sentence: a fifth of all, by a hash of its words.

    The sentence is given without tags, with its names filled in, so that every pair of a sentence, and the same
    sentence in another corpus, falls on the same side.
    """
    return _bucket(sentence) < HELD_OUT_PERCENT


def is_validation(sentence: str) -> bool:
    """Whether the sentence chooses thresholds: neither trained on nor reported."""
    return HELD_OUT_PERCENT <= _bucket(sentence) < HELD_OUT_PERCENT + VALIDATION_PERCENT


def _bucket(sentence: str) -> int:
    words = " ".join("".join(c if c.isalnum() else " " for c in sentence.casefold()).split())
    return int.from_bytes(hashlib.sha256(words.encode()).digest()[:8], "big") % 100
