"""Texts and databases become evidence: `extract/evidence.jsonl`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prisyn._fingerprint import json_fingerprint
from prisyn.engine import Stage
from prisyn.progress import Lines
from prisyn.runfile import EXAMPLE, NO_READER, Run
from prisyn_base import InputError, Problem, write_json

if TYPE_CHECKING:
    from grn_extract import Document, Evaluation
    from kg import Evidence

EVIDENCE = "extract/evidence.jsonl"
EVALUATION = "extract/evaluation.json"
JOB = "extract/job"
SHOWN = 5
"""Refused rows named on standard error; `prisyn extract databases` names them all."""
CODE = ("prisyn.stages.extract", "prisyn.extraction", "grn_extract", "kg", "prisyn_base")


def extract_stage(run: Run, display: Lines) -> Stage:
    """The stage that reads what the run file names under `extract`."""
    from grn_extract.prompting import prompts_folder

    section = run.settings.extract
    inputs = {str(path): path for path in run.corpus_paths()}
    inputs |= {table.file: run.path(table.file) for table in run.database_tables()}
    if section.corpus is not None and section.reader != NO_READER:
        inputs["prompts"] = prompts_folder()

    def work() -> None:
        from kg import GRN, export

        read, evaluation = _read_corpus(run, display)
        statements = [*read, *_read_databases(run, display)]
        if not statements:
            found = "not one statement in the corpus and databases"
            mend = "look at `extract` in the run file: are these texts about gene regulation?"
            raise InputError([Problem("extract", found, "at least one", mend)])
        if evaluation:
            _say_quality(evaluation, display)
        export(GRN.from_evidence(statements), "jsonl", run.out / EVIDENCE)
        write_json(run.out / EVALUATION, _record(evaluation))

    return Stage("extract", section.model_dump(mode="json"), inputs, (EVIDENCE, EVALUATION), CODE, work)


def read_corpus(run: Run) -> list[Document]:
    """The documents of the run, each once, in the order of the run file."""
    from grn_extract import example_corpus, read_documents

    if run.settings.extract.corpus == EXAMPLE:
        return list(example_corpus())
    found: dict[str, Document] = {}
    for path in run.corpus_paths():
        for document in read_documents(path):
            found.setdefault(document.id, document)
    return list(found.values())


def _read_corpus(run: Run, display: Lines) -> tuple[list[Evidence], Evaluation | None]:
    """What the reader found and the checks let through; and how right it was, where the answers are known.

    Read as a job, so that a run that was stopped goes on behind the last whole text.
    """
    from grn_extract import compare, example_gold
    from grn_extract.jobs import Limits, MemoryGraph, run_job
    from prisyn.extraction import Request, open_job

    section = run.settings.extract
    if section.corpus is None or section.reader == NO_READER:
        return [], None
    documents = read_corpus(run)
    own = {"screen": section.screen} if section.reader == "embedded" else {}
    request = Request((), "", section.reader, Limits(), job=run.out / JOB, own=own)
    with open_job(request) as job:
        state, settings = job.state, json_fingerprint([job.settings, own])
        result = run_job(
            state,
            job.engine,
            documents,
            settings=settings,
            graph=MemoryGraph(),
            budget=job.budget,
            progress=lambda so_far: display.advance(so_far.done, len(documents), "texts read"),
        )
        texts = state.enrol(documents, settings)
        passed = [item for text in texts for item in state.statements(text)]
        calls = sum(state.came_to(text)[0].calls for text in texts)
        failed = state.quarantined()
    known = f", {result.known:,} of them before" if result.known else ""
    display.say(
        f"{len(documents):,} texts read{known} with {calls:,} questions to the model: {len(passed):,} statements, "
        f"{result.aside:,} set aside"
    )
    for text in failed[:SHOWN]:
        display.say(f"  not read: {text.document}: {text.reason}")
    if section.corpus != EXAMPLE:
        return passed, None
    return passed, compare(passed, example_gold(), reader=section.reader, calls=calls, seed=run.settings.seed)


def _read_databases(run: Run, display: Lines) -> list[Evidence]:
    from grn_extract import read_database
    from kg import demo_table

    tables = [(table.name, run.path(table.file), table.species) for table in run.database_tables()]
    if run.settings.extract.databases == EXAMPLE:
        tables.append(("trrust", demo_table(), "human"))
    statements: list[Evidence] = []
    for name, path, species in tables:
        found = read_database(name, path, species=species)
        statements.extend(found.evidence)
        display.say(
            f"{name}: {len(found.evidence):,} statements of {found.rows:,} rows, {len(found.refused):,} refused"
        )
        for row in found.refused[:SHOWN]:
            display.say(f"  refused: {path.name}, line {row.line}: {row.reason}")
    return statements


def _say_quality(evaluation: Evaluation, display: Lines) -> None:
    from kg import reliability

    low, high = evaluation.f1_ci
    trust = reliability(evaluation.reader).probability
    display.say(
        f"measured on the example's known answers: precision {evaluation.precision:.2f}, recall "
        f"{evaluation.recall:.2f}, F1 {evaluation.f1:.2f} ({low:.2f} to {high:.2f})"
    )
    display.say(f"belief gives each of its statements {trust:.2f}, its precision on annotated abstracts")


def _record(evaluation: Evaluation | None) -> dict[str, Any]:
    """The evaluation as JSON, without its seconds, which no second run repeats."""
    measured = evaluation.to_json() if evaluation else None
    if measured:
        del measured["seconds"]
    return {"schema": 1, "measured": measured}
