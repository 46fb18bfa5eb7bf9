"""Texts read by the workers of a Ray cluster, a shard at a time."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from grn_extract.jobs._shard import CALLS, LoggedReply, Shard, read_outcomes, read_replies, read_shard
from grn_extract.jobs.budget import JobBudget, Limits
from grn_extract.jobs.reading import Failure, Outcome, Reading
from grn_extract.jobs.state import JobState, Text
from grn_extract.readers import reader_names
from prisyn_base import InputError, Problem, require

SHARDS = "shards"
TRIES = 4
"""How often a shard is begun whose worker dies: by another worker each time."""

_OBJECT_STORE = 80 * 2**20
"""Bytes; the least that Ray takes, and more than the shards in flight need."""


class RayEngine:
    """Reads shards of `shard` texts, in input order, with `readers` workers of one CPU each.

    The cluster is the one that the environment variable RAY_ADDRESS names, else one of this machine that lasts as long
    as the reading. Workers must see the job's folder under the same path: they leave replies and outcomes there, and a
    worker that dies costs its shard, which another begins again without asking for what was answered. What a killed
    run left there is taken in first. `reader` and `options` open the reader in each worker.
    """

    def __init__(
        self,
        reader: str,
        options: Mapping[str, Any],
        state: JobState,
        budget: JobBudget,
        *,
        readers: int,
        shard: int = 50,
    ) -> None:
        self.readers = readers
        self._reader = reader
        self._options = dict(options)
        if (rate := self._options.get("per_minute")) is not None:
            self._options["per_minute"] = rate / readers
        self._state = state
        self._budget = budget
        self._size = shard
        self._folder = state.folder.resolve() / SHARDS

    def read(self, texts: Iterator[Text]) -> Generator[tuple[Text, Outcome], None, None]:
        """Each text with what came of it, by shards as they are done."""
        ray = require("ray", extra="scale")
        left, files = self._take_in()
        with _cluster(ray, self.readers):
            task = ray.remote(num_cpus=1, max_retries=TRIES - 1)(read_shard)
            ready: list[tuple[Text, Outcome]] = []
            under_way: dict[Any, tuple[Shard, list[Text]]] = {}
            texts = self._not_left(texts, left, ready)
            while True:
                while not self._budget.stopped and len(under_way) < self.readers:
                    batch = list(islice(texts, self._size))
                    if not batch:
                        break
                    shard = self._shard(batch, [held for held, _ in under_way.values()])
                    under_way[task.remote(shard)] = (shard, batch)
                yield from ready
                ready.clear()
                if not under_way:
                    break
                (done,), _ = ray.wait(list(under_way), num_returns=1)
                shard, batch = under_way.pop(done)
                yield from self._end(ray, done, shard, batch)
        for path in files:
            path.unlink(missing_ok=True)

    def _not_left(
        self, texts: Iterator[Text], left: Mapping[str, Outcome], ready: list[tuple[Text, Outcome]]
    ) -> Iterator[Text]:
        """The texts that no shard of an earlier run has read; the others go to `ready`."""
        for text in texts:
            outcome = left.get(text.key)
            if outcome is None:
                yield text
            else:
                self._count(outcome)
                ready.append((text, outcome))

    def _shard(self, batch: list[Text], held: list[Shard]) -> Shard:
        known: dict[str, Any] = {}
        if self._reader not in reader_names():
            for text in batch:
                known |= self._state.replies(text.document.id)
        return Shard(
            path=self._folder / f"{batch[0].number:09}-{batch[-1].number:09}.jsonl",
            documents=tuple((text.key, text.document) for text in batch),
            reader=self._reader,
            options=self._options,
            known=known,
            limits=self._share(held),
            dearest=self._budget.dearest,
        )

    def _share(self, held: list[Shard]) -> Limits:
        """What one more shard may spend: an even part of what neither is spent nor promised to another."""
        parts = self.readers - len(held)
        limits, spent = self._budget.limits, self._budget.spent

        def part(limit: float | None, so_far: float, promised: list[float | None]) -> float | None:
            if limit is None:
                return None
            return max(0.0, limit - so_far - sum(share or 0 for share in promised)) / parts

        calls = part(limits.calls, spent.calls, [shard.limits.calls for shard in held])
        tokens = part(limits.tokens, spent.tokens, [shard.limits.tokens for shard in held])
        cost = part(limits.cost, spent.cost, [shard.limits.cost for shard in held])
        return Limits(None if calls is None else int(calls), None if tokens is None else int(tokens), cost)

    def _end(self, ray: Any, done: Any, shard: Shard, batch: list[Text]) -> Iterator[tuple[Text, Outcome]]:
        try:
            problems = ray.get(done)
        except ray.exceptions.RayError as error:
            self._keep(read_replies(shard.calls))
            said = f"the worker reading it and {len(batch) - 1} others died {TRIES} times: {type(error).__name__}"
            yield from ((text, Failure(said, retryable=True)) for text in batch)
            shard.calls.unlink(missing_ok=True)
            return
        self._keep(read_replies(shard.calls))
        if problems:
            raise InputError(problems)
        if not shard.path.exists():
            mend = "put the job's folder where all machines of the cluster see it, under one path"
            raise InputError([Problem(str(shard.path), "nothing", "what a worker wrote there", mend)])
        outcomes = read_outcomes(shard.path)
        for text in batch:
            outcome = outcomes[text.key]
            self._count(outcome)
            yield text, outcome
        shard.path.unlink()
        shard.calls.unlink(missing_ok=True)

    def _count(self, outcome: Outcome) -> None:
        if isinstance(outcome, Reading):
            if outcome.calls:
                self._budget.spend(tokens=outcome.tokens, calls=outcome.calls, cost=outcome.cost)
        elif outcome is None:
            self._budget.stop(self._budget.in_words)

    def _keep(self, replies: list[LoggedReply]) -> None:
        for item in replies:
            if self._state.find(item.key) is None:
                self._state.keep_reply(item.key, item.model, item.reply, item.document)
                self._budget.spend(tokens=item.reply.tokens, calls=1, cost=item.reply.cost)

    def _take_in(self) -> tuple[dict[str, Outcome], list[Path]]:
        """Keep the replies that a killed run left; what came of the texts of its finished shards, and their files."""
        for path in sorted(self._folder.glob(f"[0-9]*{CALLS}")):
            self._keep(read_replies(path))
            path.unlink()
        for path in self._folder.glob(".[0-9]*"):
            path.unlink()
        files = sorted(self._folder.glob("[0-9]*.jsonl"))
        found: dict[str, Outcome] = {}
        for path in files:
            found |= read_outcomes(path)
        return found, files


@contextmanager
def _cluster(ray: Any, workers: int) -> Iterator[None]:
    """A cluster to work on; one that is made here is gone afterwards."""
    if ray.is_initialized():
        yield
        return
    # Ray warns of a default that is to change, which concerns nobody who has no GPU in use.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    own: dict[str, Any] = {"include_dashboard": False, "log_to_driver": False, "logging_level": "ERROR"}
    if not os.environ.get("RAY_ADDRESS"):
        own |= {"num_cpus": workers, "object_store_memory": _OBJECT_STORE}
    ray.init(**own)
    try:
        yield
    finally:
        ray.shutdown()
