"""What a job may spend over all its runs, held to before a call is sent."""

from __future__ import annotations

import shutil
import threading
from dataclasses import dataclass
from pathlib import Path

from grn_extract.calls import BudgetSpent
from grn_extract.jobs.state import Spent
from prisyn_base import InputError, Problem

ROOM = 8 * 2**20
"""Bytes that must be free on the disk before a call is sent: a reply that cannot be kept is money lost."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a job may come to; None is without limit. `cost` in US dollars."""

    calls: int | None = None
    tokens: int | None = None
    cost: float | None = None


class JobBudget:
    """Counts from `spent` on. A call is let through only if it fits, whatever the calls under way come to.

    What a call will come to is not known beforehand. It is taken for the dearest so far, at first for `dearest`; so a
    limit on tokens or money is passed by one call at most, if that is dearer than any before, and a limit on calls
    never is. Where a call fits only if those under way come to less, it waits for them.

    A thread has one call under way from its `check` to its `spend`, `release` or next `check`.
    """

    def __init__(
        self, limits: Limits, spent: Spent, *, dearest: Spent | None = None, folder: Path | None = None
    ) -> None:
        self.limits = limits
        self.spent = spent
        self.stopped = ""
        self.dearest = dearest or Spent()
        self._under_way: set[int] = set()
        self._folder = folder
        self._changed = threading.Condition()

    def check(self) -> None:
        """Raises BudgetSpent where nothing is left for another call, InputError where its reply would find no room."""
        me = threading.get_ident()
        self.release()
        with self._changed:
            while not self.stopped:
                self.stopped = self._exceeded(1)
                others = len(self._under_way - {me})
                if self.stopped or not others or not self._exceeded(1 + others, surely=True):
                    break
                self._changed.wait()
            if self.stopped:
                self._changed.notify_all()
                raise BudgetSpent(self.stopped)
            self._under_way.add(me)
        self._check_room()

    def spend(self, *, tokens: int, calls: int, cost: float) -> None:
        """Take note of what a call came to; `cost` in US dollars."""
        with self._changed:
            total, dearest = self.spent, self.dearest
            self.spent = Spent(total.calls + calls, total.tokens + tokens, total.cost + cost)
            self.dearest = Spent(max(dearest.calls, calls), max(dearest.tokens, tokens), max(dearest.cost, cost))
        self.release()

    def release(self) -> None:
        """This thread has no call under way."""
        with self._changed:
            self._under_way.discard(threading.get_ident())
            self._changed.notify_all()

    def stop(self, reason: str) -> None:
        """Let no further call through."""
        with self._changed:
            self.stopped = self.stopped or reason
            self._changed.notify_all()

    @property
    def in_words(self) -> str:
        """The limits there are."""
        given = (
            ("--max-calls", self.limits.calls),
            ("--max-tokens", self.limits.tokens),
            ("--max-cost", self.limits.cost),
        )
        return ", ".join(f"{name} {limit:g}" for name, limit in given if limit is not None)

    def _exceeded(self, calls: int, *, surely: bool = False) -> str:
        """The limit that so many calls would pass, "" where none; `surely`, also where none is known to compare to."""
        limits, spent, dearest = self.limits, self.spent, self.dearest
        for name, limit, so_far, one in (
            ("--max-calls", limits.calls, spent.calls, max(1, dearest.calls)),
            ("--max-tokens", limits.tokens, spent.tokens, dearest.tokens),
            ("--max-cost", limits.cost, spent.cost, dearest.cost),
        ):
            if limit is not None and (so_far + calls * one > limit or (surely and not one)):
                return f"{name} {limit:g}"
        return ""

    def _check_room(self) -> None:
        if self._folder is not None and shutil.disk_usage(self._folder).free < ROOM:
            self.release()
            found = f"less than {ROOM // 2**20} MiB left on the disk; what was done before is kept"
            mend = "make room, and give the same command again"
            raise InputError([Problem(str(self._folder), found, "room for the replies of a model", mend)])
