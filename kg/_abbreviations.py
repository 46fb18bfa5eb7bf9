"""Abbreviations that a text defines itself: "iodide transport defect (ITD)"."""

from __future__ import annotations

import re

_PARENTHESES = re.compile(r"\((\w[\w/-]{1,9})\)")
_WORD = re.compile(r"\S+")


def definitions(text: str) -> dict[str, str]:
    """Each short form in parentheses with the long form before it, where the letters match (Schwartz, Hearst 2003)."""
    found: dict[str, str] = {}
    for match in _PARENTHESES.finditer(text):
        short = match[1]
        before = text[max(0, match.start() - 120) : match.start()].rstrip()
        words = list(_WORD.finditer(before))[-min(len(short) + 5, 2 * len(short)) :]
        if words and (long_form := _long_form(short, before[words[0].start() :])):
            found.setdefault(short, long_form)
    return found


def _long_form(short: str, before: str) -> str | None:
    """The shortest end of `before` that holds the short form's letters in order, its first at the start of a word."""
    at = len(before)
    letters = [letter for letter in short.lower() if letter.isalnum()]
    lower = before.lower()
    for position in range(len(letters) - 1, -1, -1):
        at = lower.rfind(letters[position], 0, at)
        while position == 0 and at > 0 and lower[at - 1].isalnum():
            at = lower.rfind(letters[0], 0, at)
        if at < 0:
            return None
    long_form = before[at:].strip(" ,;:")
    return long_form if len(long_form) > len(short) and " " in long_form else None
