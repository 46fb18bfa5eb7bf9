"""What a job adds to the reading of a text, against a bare loop over the same reader and texts, in one run.

    python bench/extraction_jobs.py [--texts 2000] [--repeats 5] [--seed 0]

The texts are those of the example corpus, over and over, each with a number so that no two are alike. The bare loop
reads and checks each text and keeps nothing; the job keeps each text's statements on the disk and feeds a graph, both
before it begins the next. The co-occurrence reader asks no model: against one that takes a second a text the same
milliseconds are the same milliseconds.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from grn_extract import CooccurrenceReader, Document, check_statements, example_corpus
from grn_extract.jobs import DroppedStatements, JobBudget, JobState, Limits, ThreadEngine, run_job, text_reader
from kg import open_store


def numbered(count: int, seed: int) -> list[Document]:
    """`count` texts, no two alike."""
    corpus = list(example_corpus())
    rng = random.Random(seed)
    drawn = [rng.choice(corpus) for _ in range(count)]
    return [replace(d, id=f"b{n}", text=f"{d.text} This is text {n}.", mentions=None) for n, d in enumerate(drawn)]


def bare(texts: list[Document]) -> float:
    """Seconds of reading and checking alone."""
    reader, started = CooccurrenceReader(), time.perf_counter()
    for text in texts:
        check_statements(reader.read([text]), [text])
    return time.perf_counter() - started


def as_job(texts: list[Document], folder: Path) -> tuple[float, float]:
    """Seconds of a job over the same texts, and of the same job once all is read."""
    taken = []
    for _ in range(2):
        started = time.perf_counter()
        with JobState(folder / "job") as state, open_store(folder / "grn.db") as graph:
            budget = JobBudget(Limits(), state.spent(), folder=folder)
            read_text = text_reader(CooccurrenceReader(), DroppedStatements(), budget=budget)
            engine = ThreadEngine(read_text, budget, readers=1)
            run_job(state, engine, texts, settings="", graph=graph, budget=budget)
        taken.append(time.perf_counter() - started)
    return taken[0], taken[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    bare(numbered(20, given.seed))
    rows = []
    for repeat in range(given.repeats):
        texts = numbered(given.texts, given.seed + repeat)
        alone = bare(texts)
        with tempfile.TemporaryDirectory() as folder:
            rows.append((alone, *as_job(texts, Path(folder))))
    each = 1000 / given.texts
    alone, job, again = (statistics.median(row[column] for row in rows) for column in range(3))
    ratios = sorted(row[1] / row[0] for row in rows)
    print(f"{given.texts} texts, {given.repeats} repeats, medians, ms a text")
    print(f"bare loop                   {alone * each:7.2f}")
    print(f"job                         {job * each:7.2f}")
    print(f"job, all of it read before  {again * each:7.2f}")
    print(f"job / bare loop {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")


if __name__ == "__main__":
    main()
