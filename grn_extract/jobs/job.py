"""A job: documents read by one reader, each once, whatever happens on the way; a graph is fed from what it keeps."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from grn_extract.document import Document
from grn_extract.jobs.budget import JobBudget
from grn_extract.jobs.reading import Failure, Outcome, Reading
from grn_extract.jobs.state import NOTHING, JobState, Spent, Text, TextState
from grn_extract.verify import find_notes
from kg import Evidence

BATCH = 256
"""Texts taken into the state at a time."""


class Graph(Protocol):
    """Where statements go. Adding is idempotent; a reading that has been noted is not given again."""

    def add(self, evidence: Iterable[Evidence], *, reading: str = "") -> int: ...

    def has_read(self, reading: str) -> bool: ...


class Engine(Protocol):
    """Reads texts, several at once, in any order. It ends after the first that may not be paid for (None)."""

    @property
    def readers(self) -> int:
        """How many calls may be under way at once."""
        ...

    def read(self, texts: Iterator[Text]) -> Generator[tuple[Text, Outcome], None, None]: ...


@dataclass(frozen=True, slots=True)
class JobResult:
    """What a run of a job came to.

    `texts` were met; `read` and `quarantined` now, `known` and `known_quarantined` by an earlier run, the rest not for
    want of budget (`stopped` says which). `statements` were made of those read now and passed, `noted` of these are
    odd in some way, `aside` did not pass; `new` were not in the graph. `retryable` of all that are quarantined may be
    read another time. `spent` is this run's, `total` the job's. `asked_again` calls at most were under way when the run
    before was killed.
    """

    texts: int = 0
    read: int = 0
    known: int = 0
    quarantined: int = 0
    known_quarantined: int = 0
    retryable: int = 0
    statements: int = 0
    noted: int = 0
    aside: int = 0
    new: int = 0
    spent: Spent = NOTHING
    total: Spent = NOTHING
    stopped: str = ""
    asked_again: int = 0

    @property
    def done(self) -> int:
        """Texts that need nothing more."""
        return self.read + self.known + self.quarantined + self.known_quarantined

    @property
    def failed(self) -> bool:
        """Whether texts were tried and not one has ever been read."""
        return bool(self.quarantined + self.known_quarantined) and not self.read + self.known


@dataclass(slots=True)
class _Tally:
    texts: int = 0
    read: int = 0
    known: int = 0
    quarantined: int = 0
    known_quarantined: int = 0
    statements: int = 0
    noted: int = 0
    aside: int = 0
    new: int = 0


class MemoryGraph:
    """A graph for as long as this process lives: the statements of each reading, by its key."""

    def __init__(self) -> None:
        self.readings: dict[str, tuple[Evidence, ...]] = {}

    def add(self, evidence: Iterable[Evidence], *, reading: str = "") -> int:
        """Keep the statements of a reading; returns how many they are."""
        self.readings[reading] = tuple(evidence)
        return len(self.readings[reading])

    def has_read(self, reading: str) -> bool:
        """Whether a reading of that key was given."""
        return reading in self.readings


def run_job(
    state: JobState,
    engine: Engine,
    documents: Iterable[Document],
    *,
    settings: str,
    graph: Graph,
    budget: JobBudget,
    retry: bool = False,
    progress: Callable[[JobResult], None] = lambda so_far: None,
) -> JobResult:
    """Read what has not been read, and give the graph whatever it lacks of what has.

    `settings` stands for all that a reading depends on beside its document: with others, a document is read anew.
    A text's statements are in the state before they are in the graph, and stay there: killed in between, or with the
    graph gone, the next run gives them again. Raises InputError where nothing can be read until a person has mended
    something; what was done before is kept.
    """
    return _Job(state, graph, budget, settings, retry, progress).run(engine, documents)


class _Job:
    def __init__(
        self,
        state: JobState,
        graph: Graph,
        budget: JobBudget,
        settings: str,
        retry: bool,
        progress: Callable[[JobResult], None],
    ) -> None:
        self._state = state
        self._graph = graph
        self._budget = budget
        self._settings = settings
        self._retry = retry
        self._progress = progress
        self._tally = _Tally()
        self._before = budget.spent
        self._asked_again = 0

    def run(self, engine: Engine, documents: Iterable[Document]) -> JobResult:
        self._asked_again = self._state.begin(readers=engine.readers)
        try:
            with closing(engine.read(self._pending(iter(documents)))) as done:
                for text, outcome in done:
                    self._take(text, outcome)
                    self._progress(self._result())
        finally:
            # A kill skips this, and that is how it is told; nothing else leaves a call under way.
            self._state.end()
        return self._result(retryable=sum(item.retryable for item in self._state.quarantined()))

    def _pending(self, documents: Iterator[Document]) -> Iterator[Text]:
        while batch := list(islice(documents, BATCH)):
            for text in self._state.enrol(batch, self._settings, retry=self._retry):
                self._tally.texts += 1
                if text.state is TextState.PENDING:
                    yield text
                    continue
                if text.state is TextState.READ:
                    self._tally.known += 1
                    if not self._graph.has_read(text.key):
                        self._give(text, self._state.statements(text))
                else:
                    self._tally.known_quarantined += 1
                self._progress(self._result())

    def _take(self, text: Text, outcome: Outcome) -> None:
        if isinstance(outcome, Reading):
            self._state.finish(text, outcome)
            self._tally.read += 1
            self._tally.statements += len(outcome.passed)
            self._tally.noted += sum(any(find_notes(item)) for item in outcome.passed)
            self._tally.aside += len(outcome.aside)
            self._give(text, outcome.passed)
        elif isinstance(outcome, Failure):
            self._state.quarantine(text, outcome)
            self._tally.quarantined += 1

    def _give(self, text: Text, statements: Sequence[Evidence]) -> None:
        self._tally.new += self._graph.add(statements, reading=text.key)

    def _result(self, *, retryable: int = 0) -> JobResult:
        now, before, tally = self._budget.spent, self._before, self._tally
        return JobResult(
            texts=tally.texts,
            read=tally.read,
            known=tally.known,
            quarantined=tally.quarantined,
            known_quarantined=tally.known_quarantined,
            retryable=retryable,
            statements=tally.statements,
            noted=tally.noted,
            aside=tally.aside,
            new=tally.new,
            spent=Spent(now.calls - before.calls, now.tokens - before.tokens, now.cost - before.cost),
            total=now,
            stopped=self._budget.stopped,
            asked_again=self._asked_again,
        )
