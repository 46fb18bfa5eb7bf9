"""A job reads each text once, pays for no answer twice, stays inside its budget, and loses nothing."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grn_extract import CooccurrenceReader, Document
from grn_extract.calls import Budget, BudgetSpent, Call, CallLog, Reply
from grn_extract.jobs import (
    DroppedStatements,
    JobBudget,
    JobResult,
    JobState,
    Limits,
    MemoryGraph,
    Spent,
    ThreadEngine,
    draw_sample,
    extrapolate,
    run_job,
    summary,
    text_reader,
)
from grn_extract.reader import Dropped, Progress, Quarantine, UnreadableDocument
from kg import Evidence, open_store
from prisyn_base import InputError

TEXTS = [Document(f"d{n:03}", "", f"SPI1 activates LYZ, it is said for the {n}th time.", "test") for n in range(40)]


class PaidReader:
    """Says what the co-occurrence reader says; asks a call a text, of ten tokens and half a dollar.

    Texts in `unreadable` cannot be read, at the text `stop_at` a person stops the program.
    """

    name = "paid"
    concurrent = True

    def __init__(
        self,
        log: CallLog,
        budget: Budget,
        *,
        unreadable: dict[str, Exception] | None = None,
        stop_at: str = "",
        quarantine: Quarantine | None = None,
    ) -> None:
        self.asked: list[str] = []
        self.calls, self.tokens, self.cost = 0, 0, 0.0
        self.most_at_once = 0
        self._log, self._budget = log, budget
        self._unreadable = unreadable or {}
        self._stop_at = stop_at
        self._quarantine = quarantine
        self._at_once = 0
        self._lock = threading.Lock()

    def read(self, documents: Iterable[Document], progress: Progress | None = None) -> Iterator[Evidence]:
        for document in documents:
            if document.id == self._stop_at:
                raise KeyboardInterrupt
            self._ask(document)
            if document.id in self._unreadable:
                raise self._unreadable[document.id]
            if self._quarantine:
                self._quarantine(Dropped(document.id, '{"claim": 1}', ("nothing says so",)))
            yield from CooccurrenceReader().read([document])

    def _ask(self, document: Document) -> None:
        call = Call("paid", (("user", document.text),), "{}", "{}")
        if self._log.find(call.key):
            return
        self._budget.check()
        with self._lock:
            self.asked.append(document.id)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        time.sleep(0.002)
        with self._lock:
            self._at_once -= 1
        reply = Reply("yes", 4, 6, 0.5, 0.002)
        self._log.keep(call, reply, document.id)
        self._budget.spend(tokens=10, calls=1, cost=0.5)


def run(
    folder: Path,
    documents: Iterable[Document] = TEXTS,
    *,
    limits: Limits | None = None,
    readers: int = 1,
    graph: MemoryGraph | None = None,
    retry: bool = False,
    settings: str = "",
    **options: object,
) -> tuple[JobResult, PaidReader]:
    """One run of the job in `folder`."""
    with JobState(folder) as state:
        budget = JobBudget(limits or Limits(), state.spent(), dearest=state.dearest(), folder=folder)
        dropped = DroppedStatements()
        reader = PaidReader(state, budget, quarantine=dropped, **options)  # type: ignore[arg-type]
        engine = ThreadEngine(text_reader(reader, dropped), budget, readers=readers)
        result = run_job(
            state,
            engine,
            documents,
            settings=settings,
            graph=graph if graph is not None else MemoryGraph(),
            budget=budget,
            retry=retry,
        )
        return result, reader


@pytest.mark.parametrize("readers", [1, 4])
def test_every_text_is_read_once_and_never_again(tmp_path: Path, readers: int) -> None:
    first, reader = run(tmp_path, readers=readers)
    assert (first.texts, first.read, first.statements) == (40, 40, 80)
    assert sorted(reader.asked) == [text.id for text in TEXTS]
    again, reader = run(tmp_path, readers=readers)
    assert (again.known, again.read, reader.asked) == (40, 0, [])


def test_texts_are_read_by_several_at_once_and_no_more(tmp_path: Path) -> None:
    _, reader = run(tmp_path, readers=3)
    assert reader.most_at_once == 3


def test_a_stopped_job_goes_on_behind_the_last_whole_text(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, stop_at="d007")
    graph = MemoryGraph()
    result, reader = run(tmp_path, graph=graph)
    assert (result.known, result.read) == (7, 33)
    assert "d006" not in reader.asked
    assert sum(map(len, graph.readings.values())) == 80


def test_what_changed_is_read_anew_and_the_same_question_is_not_paid_for_again(tmp_path: Path) -> None:
    run(tmp_path)
    changed = [replace(TEXTS[0], text="SPI1 activates LYZ and CD14."), *TEXTS[1:]]
    result, reader = run(tmp_path, changed)
    assert (result.read, reader.asked) == (1, ["d000"])
    result, reader = run(tmp_path, settings="another prompt")
    assert (result.read, reader.asked) == (40, [])


def test_a_graph_that_is_gone_is_filled_again_without_asking_anybody(tmp_path: Path) -> None:
    with open_store(tmp_path / "a.db") as graph:
        run(tmp_path / "job", graph=graph)  # type: ignore[arg-type]
        whole = list(graph.evidence())
    with open_store(tmp_path / "b.db") as graph:
        result, reader = run(tmp_path / "job", graph=graph)  # type: ignore[arg-type]
        assert (list(graph.evidence()), reader.asked, result.new) == (whole, [], 80)
        assert run(tmp_path / "job", graph=graph)[0].new == 0  # type: ignore[arg-type]


def test_a_text_that_cannot_be_read_is_set_aside_with_the_reason_and_read_when_asked_for(tmp_path: Path) -> None:
    faults: dict[str, Exception] = {
        "d001": UnreadableDocument("no answer in 7 tries", retryable=True),
        "d002": UnreadableDocument("30,000 characters", retryable=False),
        "d003": ZeroDivisionError("with Bearer sk-abcdefghijklmnop"),
    }
    result, _ = run(tmp_path, unreadable=faults)
    assert (result.read, result.quarantined, result.retryable) == (37, 3, 2)
    with JobState(tmp_path) as state:
        reasons = {text.document: text.reason for text in state.quarantined()}
    assert reasons["d001"] == "no answer in 7 tries"
    assert "ZeroDivisionError" in reasons["d003"]
    assert "abcdefghijklmnop" not in reasons["d003"]
    assert run(tmp_path)[0].known_quarantined == 3
    result, reader = run(tmp_path, retry=True)
    assert (result.read, result.known_quarantined, reader.asked) == (2, 1, [])


def test_a_failed_second_try_is_counted(tmp_path: Path) -> None:
    fault = {"d001": UnreadableDocument("down", retryable=True)}
    run(tmp_path, unreadable=fault)  # type: ignore[arg-type]
    run(tmp_path, unreadable=fault, retry=True)  # type: ignore[arg-type]
    with JobState(tmp_path) as state:
        (text,) = state.quarantined()
    assert (text.attempts, text.reason) == (2, "down")


def test_statements_a_reader_drops_are_kept_apart_with_their_reasons(tmp_path: Path) -> None:
    result, _ = run(tmp_path, TEXTS[:3])
    assert result.aside == 3
    with JobState(tmp_path) as state:
        kept = list(state.set_aside())
    assert [(document, item.reasons) for document, item in kept] == [
        (text.id, ("nothing says so",)) for text in TEXTS[:3]
    ]


def test_what_another_prompt_could_not_read_is_no_longer_listed(tmp_path: Path) -> None:
    fault: dict[str, Exception] = {"d001": UnreadableDocument("no JSON", retryable=True)}
    run(tmp_path, unreadable=fault)
    result, _ = run(tmp_path, settings="a better prompt")
    assert (result.read, result.retryable) == (40, 0)
    with JobState(tmp_path) as state:
        assert state.quarantined() == []
        assert len(list(state.set_aside())) == 40


@pytest.mark.parametrize("readers", [1, 4])
@pytest.mark.parametrize("limits", [Limits(calls=7), Limits(tokens=79), Limits(cost=3.9)])
def test_a_budget_is_kept_before_a_call_is_sent_and_over_all_runs(tmp_path: Path, limits: Limits, readers: int) -> None:
    result, reader = run(tmp_path, limits=limits, readers=readers)
    assert (result.read, len(reader.asked)) == (7, 7)
    assert result.stopped.startswith("--max-")
    again, reader = run(tmp_path, limits=limits, readers=readers)
    assert (again.read, reader.asked) == (0, [])
    rest, _ = run(tmp_path, readers=readers)
    assert (rest.read, rest.total) == (33, Spent(40, 400, 20.0))


def test_of_several_threads_only_those_whose_calls_fit_are_let_through() -> None:
    budget = JobBudget(Limits(calls=5), Spent())
    passed = []

    def ask() -> None:
        try:
            budget.check()
        except BudgetSpent:
            return
        passed.append(1)
        time.sleep(0.005)
        budget.spend(tokens=1, calls=1, cost=0.0)

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(passed) == 5


def test_a_reader_in_this_process_is_bounded_text_by_text(tmp_path: Path) -> None:
    class Asking(CooccurrenceReader):
        def read(self, documents: Iterable[Document], progress: Progress | None = None) -> Iterator[Evidence]:
            self.calls += 3
            return super().read(documents, progress)

    with JobState(tmp_path) as state:
        budget = JobBudget(Limits(calls=10), state.spent())
        engine = ThreadEngine(text_reader(Asking(), DroppedStatements(), budget=budget), budget, readers=1)
        result = run_job(state, engine, TEXTS, settings="", graph=MemoryGraph(), budget=budget)
        assert (result.read, state.spent().calls) == (3, 9)


def test_a_second_job_on_a_folder_is_told_who_holds_it(tmp_path: Path) -> None:
    with JobState(tmp_path), pytest.raises(InputError, match=r"process \d+ on \S+ since 20"):
        JobState(tmp_path)
    JobState(tmp_path).close()


@pytest.mark.parametrize("what", ["garbage", "other", "newer"])
def test_a_state_that_is_none_is_refused_and_left_alone(tmp_path: Path, what: str) -> None:
    JobState(tmp_path / "job").close()
    path = tmp_path / "job" / "state.db"
    if what == "garbage":
        path.write_bytes(b"hello" * 2000)
    else:
        path.unlink()
        with sqlite3.connect(path) as other:
            other.execute("CREATE TABLE mine (x)")
            if what == "newer":
                other.execute(f"PRAGMA application_id = {0x5072534A}")
                other.execute("PRAGMA user_version = 99")
        other.close()
    before = path.read_bytes()
    with pytest.raises(InputError):
        JobState(tmp_path / "job")
    assert path.read_bytes() == before


def test_a_state_of_version_1_is_brought_up_and_keeps_what_it_holds(tmp_path: Path) -> None:
    with JobState(tmp_path) as state:
        state.enrol(TEXTS[:2], "")
    with sqlite3.connect(tmp_path / "state.db") as old:
        old.execute("DROP TABLE remark")
        old.execute("PRAGMA user_version = 1")
    old.close()
    with JobState(tmp_path) as state:
        assert sum(state.counts().values()) == 2
        state.enrol([replace(TEXTS[0], notes=("language: ger",)), TEXTS[1]], "")
        assert state.remarks() == [(TEXTS[0].id, "language: ger")]


FULL = """
import resource, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_jobs import TEXTS, run
resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))
run(Path(sys.argv[1]))
"""


def test_a_full_disk_is_said_and_costs_nothing_but_the_call_under_way(tmp_path: Path) -> None:
    script = FULL.format(tests=str(Path(__file__).parent))
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "InputError" in done.stderr
    assert "make room on the disk" in done.stderr
    with JobState(tmp_path) as state:
        paid = state.spent().calls
    assert paid > 0
    result, reader = run(tmp_path)
    assert len(reader.asked) == 40 - paid
    assert result.known + result.read == 40


def test_an_unclean_end_is_told_with_the_calls_that_were_under_way(tmp_path: Path) -> None:
    with JobState(tmp_path) as state:
        state.begin(readers=6)
    assert run(tmp_path)[0].asked_again == 6
    assert run(tmp_path)[0].asked_again == 0


def test_the_summary_shouts_where_nothing_came_of_it() -> None:
    good = summary(JobResult(texts=10, read=10, statements=20), total=10)
    assert not any(line[:12].isupper() for line in good)
    none = summary(JobResult(texts=10, read=10), total=10)
    assert none[-1].startswith("NOT ONE STATEMENT WAS FOUND")
    failed = summary(JobResult(texts=10, read=4, statements=3, quarantined=6, retryable=6), total=10)
    assert failed[-1].startswith("MOST OF IT FAILED: 6 of 10")
    assert any("--retry" in line for line in failed)
    assert summary(JobResult(), total=0)[-1].startswith("THERE WAS NOTHING TO READ")


def test_an_estimates_interval_holds_the_truth_as_often_as_it_says() -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    costs = rng.gamma(4.0, 1.0, 500)
    held = 0
    for seed in range(400):
        sample, total = draw_sample(costs.tolist(), 40, seed=seed)
        found = extrapolate("cost", sample, total)
        held += found.low <= costs.sum() <= found.high
    assert 0.92 <= held / 400 <= 0.98
    whole = extrapolate("cost", costs.tolist(), 500)
    assert whole.low == whole.high == pytest.approx(costs.sum())
