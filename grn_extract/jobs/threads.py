"""Texts read by threads of this process, or by this one alone where a reader cannot be shared."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice

from grn_extract.jobs.budget import JobBudget
from grn_extract.jobs.reading import Outcome, ReadText
from grn_extract.jobs.state import Text

AHEAD = 2
"""Texts handed out for each thread: one that it reads and one that waits."""


class ThreadEngine:
    """Reads with `readers` threads; 1 reads in the calling thread. Yields texts as they are done.

    Ends at the first text for which nothing may be spent any more. Whatever ends it, the calls under way come to their
    end first, so that no reply is lost.
    """

    def __init__(self, read: ReadText, budget: JobBudget, *, readers: int) -> None:
        self.readers = readers
        self._read_text = read
        self._budget = budget

    def read(self, texts: Iterator[Text]) -> Generator[tuple[Text, Outcome], None, None]:
        """Each text with what came of it."""
        return self._alone(texts) if self.readers == 1 else self._together(texts)

    def _alone(self, texts: Iterator[Text]) -> Generator[tuple[Text, Outcome], None, None]:
        for text in texts:
            outcome = self._one(text)
            yield text, outcome
            if outcome is None:
                return

    def _together(self, texts: Iterator[Text]) -> Generator[tuple[Text, Outcome], None, None]:
        pool = ThreadPoolExecutor(self.readers, thread_name_prefix="reader")
        waiting: dict[Future[Outcome], Text] = {}
        try:
            while True:
                if not self._budget.stopped:
                    for text in islice(texts, AHEAD * self.readers - len(waiting)):
                        waiting[pool.submit(self._one, text)] = text
                if not waiting:
                    return
                for done in wait(waiting, return_when=FIRST_COMPLETED).done:
                    yield waiting.pop(done), done.result()
        except BaseException:
            self._budget.stop("stopped")
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _one(self, text: Text) -> Outcome:
        try:
            return self._read_text(text.document)
        finally:
            self._budget.release()
