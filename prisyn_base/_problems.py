"""Input a person can mend.

    ValueError
    └── InputError          carries *every* problem found, not the first one

A check collects into `Problems` and raises once at its end, so that nobody mends a file one error at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with what was given: where it is, what was found, what was expected, how to mend it."""

    where: str
    found: str
    expected: str
    mend: str

    def __str__(self) -> str:
        return f"{self.where}: found {self.found}; expected {self.expected}. To mend: {self.mend}."


class InputError(ValueError):
    """Raised once per check with all its problems; the command line turns it into exit code 2."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        heading = f"{count} problem{'' if count == 1 else 's'} with the input"
        super().__init__("\n".join([heading, *(f"  {n}. {p}" for n, p in enumerate(self.problems, 1))]))


class Problems:
    """Collects problems and raises them together.

    >>> problems = Problems()
    >>> problems.add("run.yaml: epsilon", "-1", "a positive number", "write, say, epsilon: 5")
    >>> problems.raise_if_any()
    Traceback (most recent call last):
        ...
    prisyn_base._problems.InputError: 1 problem with the input
      1. run.yaml: epsilon: found -1; expected a positive number. To mend: write, say, epsilon: 5.
    """

    def __init__(self, *, tell: Callable[[str], None] | None = None) -> None:
        self._found: list[Problem] = []
        self._tell = tell

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._found)

    def add(self, where: str, found: str, expected: str, mend: str) -> None:
        self._found.append(Problem(where, found, expected, mend))

    def extend(self, problems: Iterable[Problem]) -> None:
        self._found.extend(problems)

    def remark(self, words: str) -> None:
        """Tell what a person should know and need not mend; without a `tell` nobody is told."""
        if self._tell:
            self._tell(words)

    def raise_if_any(self) -> None:
        if self._found:
            raise InputError(self._found)
