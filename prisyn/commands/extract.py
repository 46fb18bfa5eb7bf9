"""`prisyn extract`: texts and databases into evidence, and how well that works."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prisyn._command import Format, FormatOption, GraphOption, command, emit, emit_json, group, say
from prisyn_base import InputError, Problem

if TYPE_CHECKING:
    from grn_extract import Document

app = group(
    "Read regulation out of texts, and look at how well that works.\n\n"
    "\b\nExamples:\n"
    "  prisyn extract run --source abstracts.xml --reader embedded --graph grn.db\n"
    "  prisyn extract evaluate --gold gold.jsonl --reader embedded --format json\n"
)

ReaderOption = Annotated[str, typer.Option("--reader", help="Who reads: embedded, or cooccurrence as a baseline.")]


@command(app, "run")
def run(
    source: Annotated[list[Path], typer.Option("--source", help="A file or folder of texts; may be given repeatedly.")],
    graph: GraphOption,
    reader: ReaderOption = "embedded",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what would be read; ask no model, write nothing.")
    ] = False,
) -> None:
    """Read texts and add what they state to a graph. What is in the graph already is not added twice.

    \b
    Examples:
      prisyn extract run --source abstracts.xml --graph grn.db
      prisyn extract run --source notes/ --source more.jsonl --reader embedded --graph grn.db
      prisyn extract run --source abstracts.xml --graph grn.db --dry-run
    """
    documents = _documents(source)
    if dry_run:
        _count(documents, graph)
        return
    from grn_extract import check_statements, open_reader
    from kg import open_store
    from prisyn.progress import counting

    chosen = open_reader(reader)
    with open_store(graph) as store, counting("texts read", len(documents)) as progress:
        before = store.stats().evidence
        checked = check_statements(chosen.read(documents, progress=progress), documents)
        new = store.add(checked.passed)
    say(f"{len(documents):,} texts read with {chosen.calls:,} questions to the model")
    say(f"{len(checked.passed):,} statements, {new:,} of them new; {graph} had {before:,}, has {before + new:,}")
    for item in checked.quarantined:
        say(f"set aside: {item.evidence.document}: {'; '.join(item.reasons)}")
    if documents and not checked.passed:
        say("Not one statement was found. Are these texts about gene regulation?")


@command(app, "evaluate")
def evaluate(
    gold: Annotated[str, typer.Option("--gold", help="A file of texts with their answers, or `example`.")],
    reader: ReaderOption = "embedded",
    form: FormatOption = Format.TABLE,
) -> None:
    """Measure a reader on texts whose answers are known.

    \b
    Examples:
      prisyn extract evaluate --gold example --reader embedded
      prisyn extract evaluate --gold gold.jsonl --reader cooccurrence --format json
    """
    from grn_extract import evaluate as measure
    from grn_extract import example_gold, open_reader, read_gold
    from prisyn.progress import counting
    from prisyn.runfile import EXAMPLE

    texts = example_gold() if gold == EXAMPLE else read_gold(gold)
    chosen = open_reader(reader)
    with counting("texts read", len(texts)) as progress:
        result = measure(chosen, texts, progress=progress).to_json()
    if form is Format.JSON:
        emit_json(result)
        return
    by_phenomenon = result.pop("by_phenomenon")
    emit([{"what": name, "value": value} for name, value in result.items()], form)
    if by_phenomenon:
        print()
        emit([{"phenomenon": name, **counts} for name, counts in by_phenomenon.items()], form)


@command(app, "databases")
def databases(
    name: Annotated[str | None, typer.Argument(help="The database; without it, those there are are listed.")] = None,
    file: Annotated[Path | None, typer.Argument(help="Its file, in the database's own layout.")] = None,
    graph: Annotated[str | None, typer.Option("--graph", help="The graph to add to.", metavar="URL")] = None,
    species: Annotated[str, typer.Option(help="Whose symbols they are: human or mouse.")] = "human",
    form: FormatOption = Format.TABLE,
) -> None:
    """List the databases of known regulations that can be read, or add one to a graph.

    \b
    Examples:
      prisyn extract databases
      prisyn extract databases trrust trrust_rawdata.human.tsv --graph grn.db
    """
    from grn_extract import database_names, read_database
    from kg import open_store

    if name is None:
        emit([{"database": known} for known in database_names()], form)
        return
    if file is None or graph is None:
        lacking = [("FILE", file, "the database's file"), ("--graph", graph, "the graph to add to")]
        raise InputError(
            [Problem(what, "nothing", expected, f"add {what}") for what, v, expected in lacking if v is None]
        )
    found = read_database(name, file, species=species)
    with open_store(graph) as store:
        new = store.add(found.evidence)
    say(f"{len(found.evidence):,} statements from {found.rows:,} rows, {new:,} of them new in {graph}")
    for row in found.refused:
        say(f"refused: {file.name}, line {row.line}: {row.reason}")


def _documents(sources: list[Path]) -> list[Document]:
    from grn_extract import read_documents

    found: dict[str, Document] = {}
    for source in sources:
        for document in read_documents(source):
            found.setdefault(document.id, document)
    return list(found.values())


def _count(documents: list[Document], graph: str) -> None:
    """What reading would amount to: passages, those that pass the screen, and pairs of genes to ask about."""
    from grn_extract import could_state_regulation, find_candidates, find_passages

    passages = [passage for document in documents for passage in find_passages(document)]
    kept = [passage for passage in passages if could_state_regulation(passage.text)]
    pairs = sum(1 for passage in kept for _ in find_candidates(passage))
    rows: list[dict[str, Any]] = [
        {"what": "texts", "number": len(documents)},
        {"what": "passages", "number": len(passages)},
        {"what": "passages that could state regulation", "number": len(kept)},
        {"what": "questions to the model, at most", "number": 2 * pairs},
    ]
    emit(rows, Format.TABLE)
    say(f"dry run: nothing was read by a model, nothing written to {graph}")
