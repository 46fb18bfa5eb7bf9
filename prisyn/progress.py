"""How a run goes on, on standard error: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from prisyn.engine import Outcome, Watcher

if TYPE_CHECKING:
    from grn_extract.jobs import JobResult


class Lines(Watcher):
    """One plain line at each start and end of a stage."""

    def __init__(self, stages: Sequence[str], stream: TextIO | None = None) -> None:
        self._stages = list(stages)
        self._stream = stream or sys.stderr

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.flush()

    def start(self, stage: str, reasons: Sequence[str]) -> None:
        self.line(f"{self._place(stage)} {stage}: starts ({'; '.join(reasons)})")

    def finish(self, outcome: Outcome) -> None:
        how = f"done in {outcome.seconds:.1f} s" if outcome.ran else "already done"
        self.line(f"{self._place(outcome.stage)} {outcome.stage}: {how}")

    def advance(self, done: int, total: int, what: str) -> None:
        """`done` of `total` of the running stage's `what` are through."""

    def say(self, text: str) -> None:
        """A line of words about the running stage."""
        self.line(f"      {text}")

    def _place(self, stage: str) -> str:
        return f"[{self._stages.index(stage) + 1}/{len(self._stages)}]"

    def line(self, text: str) -> None:
        """A line of words."""
        print(text, file=self._stream, flush=True)


class Bars(Lines):
    """The same lines above a bar that moves."""

    def __init__(self, stages: Sequence[str]) -> None:
        super().__init__(stages)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(SpinnerColumn(), *columns, console=Console(stderr=True), transient=True)
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def start(self, stage: str, reasons: Sequence[str]) -> None:
        super().start(stage, reasons)
        self._task = self._progress.add_task(stage, total=None)

    def finish(self, outcome: Outcome) -> None:
        if self._task is not None:
            self._progress.remove_task(self._task)
            self._task = None
        super().finish(outcome)

    def advance(self, done: int, total: int, what: str) -> None:
        if self._task is not None:
            self._progress.update(self._task, description=what, completed=done, total=total)

    def line(self, text: str) -> None:
        """A line of words."""
        self._progress.console.print(text, markup=False, highlight=False)


LINE_EVERY = 30.0
"""Seconds between two lines about a job where standard error is no terminal."""


@contextmanager
def counting(what: str | Callable[[], str], total: int | None = None) -> Iterator[Callable[..., None]]:
    """A bar for one loop, fed with how many are done and, where it is known only then, of how many.

    `what` is a few words, or gives them each time. Where standard error is no terminal, a line comes now and then.
    """
    words = what if callable(what) else lambda: what
    last = time.monotonic()

    def line(done: int, of: int | None = total) -> None:
        nonlocal last
        if time.monotonic() - last >= LINE_EVERY:
            last = time.monotonic()
            print(f"{words()}: {done:,}" + (f" of {of:,}" if of else ""), file=sys.stderr, flush=True)

    if not sys.stderr.isatty():
        yield line
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(SpinnerColumn(), *columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(words(), total=total)
        yield lambda done, of=total: progress.update(task, completed=done, total=of, description=words())


@contextmanager
def reading(total: int) -> Iterator[Callable[[JobResult], None]]:
    """How a job over so many texts goes on: texts, rate, questions, cost and time left, told after each text."""
    started = last = time.monotonic()

    def rate(done: JobResult) -> float:
        return (done.read + done.quarantined) / max(time.monotonic() - started, 1e-9)

    def words(done: JobResult) -> str:
        return f"{rate(done):.1f} texts/s, {done.spent.calls:,} questions, {done.spent.cost:.2f} US dollars"

    def line(done: JobResult) -> None:
        nonlocal last
        if time.monotonic() - last >= LINE_EVERY and rate(done):
            last = time.monotonic()
            left = timedelta(seconds=round((total - done.done) / rate(done)))
            print(f"{done.done:,} of {total:,} texts, {words(done)}, {left} left", file=sys.stderr, flush=True)

    if not sys.stderr.isatty():
        yield line
        return
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(SpinnerColumn(), *columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda done: progress.update(task, completed=done.done, description=words(done))


def watch(stages: Sequence[str]) -> Lines:
    """Bars when standard error is a terminal, lines when it is not."""
    return Bars(stages) if sys.stderr.isatty() else Lines(stages)
