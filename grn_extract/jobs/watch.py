"""Looking at a job from outside, while it runs or after: how far it has come, what it cost, what it set aside."""

from __future__ import annotations

import os
import socket
import sqlite3
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from grn_extract.calls import Call, Reply
from grn_extract.jobs.reading import Aside
from grn_extract.jobs.state import _APPLICATION, STATE, VERSION, JobState, QuarantinedText, Spent, TextState
from prisyn_base import InputError, Problem


@dataclass(frozen=True, slots=True)
class RunSeen:
    """One run of a job: where, since when, until when ("" while it runs, or where it was killed), both ISO 8601."""

    host: str
    process: int
    readers: int
    started: str
    ended: str

    @property
    def under_way(self) -> bool:
        """Whether it runs now; of a run on another machine that cannot be told, and it is taken to."""
        if self.ended:
            return False
        return self.host != socket.gethostname() or _alive(self.process)


@dataclass(frozen=True, slots=True)
class JobSeen:
    """A job as it stands.

    `texts` counts those met so far by how far they have come; `spent` is of all runs; `by_model` the same for each
    model that was asked through the log of calls; `pace` is texts ended a minute in the last run, 0 before the first.
    """

    folder: Path
    texts: dict[TextState, int]
    statements: int
    spent: Spent
    by_model: tuple[tuple[str, Spent], ...]
    runs: tuple[RunSeen, ...]
    pace: float
    quarantined: tuple[QuarantinedText, ...]
    aside: tuple[tuple[str, Aside], ...]

    @property
    def under_way(self) -> bool:
        """Whether a run of it is under way."""
        return bool(self.runs) and self.runs[-1].under_way

    @property
    def done(self) -> int:
        """Texts that have been read or could not be."""
        return self.texts[TextState.READ] + self.texts[TextState.QUARANTINED]

    @property
    def met(self) -> int:
        """Texts met so far; more may come while it runs."""
        return sum(self.texts.values())


def look_at(folder: str | os.PathLike[str]) -> JobSeen:
    """The job in `folder` as it stands. Raises InputError where there is none, or its state cannot be read."""
    with _Watch(folder) as watch:
        return JobSeen(
            folder=watch.folder,
            texts=watch.counts(),
            statements=watch.statement_count(),
            spent=watch.spent(),
            by_model=watch.by_model(),
            runs=(runs := watch.runs()),
            pace=watch.pace(runs[-1]) if runs else 0.0,
            quarantined=tuple(watch.quarantined()),
            aside=tuple(watch.set_aside()),
        )


class JobRecording:
    """The replies that a job keeps, as a log that is only read. Raises InputError as `look_at` does."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._watch = _Watch(folder)

    @property
    def models(self) -> tuple[str, ...]:
        """The models that were asked, sorted."""
        return tuple(sorted(model for model, _ in self._watch.by_model()))

    def find(self, key: str) -> Reply | None:
        """The reply to the call of that key, or None where the job has none."""
        return self._watch.find(key)

    def keep(self, call: Call, reply: Reply, document: str) -> None:
        """Nothing: what was recorded is known already."""


class _Watch(JobState):
    """The state of a job opened to be read only, without holding its folder; what would write raises InputError."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.path = self.folder / STATE
        self._lock = threading.RLock()
        if not self.path.is_file():
            mend = "name the folder of a job; `prisyn extract run` says which it is"
            raise InputError([Problem(str(folder), f"no {STATE} in it", "the folder of a job", mend)])
        with ExitStack() as opened, self._mendable():
            # Where nothing may be written beside the file, "immutable" spares SQLite the shared memory it would make.
            still = "" if os.access(self.folder, os.W_OK) else "&immutable=1"
            address = f"{self.path.resolve().as_uri()}?mode=ro{still}"
            self._db = sqlite3.connect(address, isolation_level=None, timeout=5, uri=True, check_same_thread=False)
            opened.callback(self._db.close)
            self._check()
            self._opened = opened.pop_all()

    def _check(self) -> None:
        (application,) = self._db.execute("PRAGMA application_id").fetchone()
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if application != _APPLICATION or version > VERSION:
            found = f"schema version {version}" if application == _APPLICATION else "a file of another program"
            raise self._error(found, f"the state of a job, version {VERSION} or older", "name another folder")

    def statement_count(self) -> int:
        """Statements that passed the checks."""
        with self._reading():
            (count,) = self._db.execute("SELECT count(*) FROM statement").fetchone()
        return int(count)

    def by_model(self) -> tuple[tuple[str, Spent], ...]:
        """What the calls to each model came to, the dearest first."""
        sums = "count(*), sum(tokens_in + tokens_out), sum(cost)"
        with self._reading():
            rows = self._db.execute(f"SELECT model, {sums} FROM call GROUP BY model ORDER BY sum(cost) DESC, model")
            return tuple((model, Spent(*spent)) for model, *spent in rows.fetchall())

    def runs(self) -> tuple[RunSeen, ...]:
        """Every run, the first first."""
        with self._reading():
            rows = self._db.execute("SELECT host, process, readers, started, ended FROM run ORDER BY number").fetchall()
        return tuple(RunSeen(*row) for row in rows)

    def pace(self, run: RunSeen) -> float:
        """Texts a minute from the begin of a run to the last text that ended in it."""
        with self._reading():
            ended = "SELECT count(*), coalesce(max(at), '') FROM text WHERE at >= ?"
            count, last = self._db.execute(ended, (run.started,)).fetchone()
        if not count:
            return 0.0
        seconds = (datetime.fromisoformat(last) - datetime.fromisoformat(run.started)).total_seconds()
        return 60.0 * float(count) / max(seconds, 1.0)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
