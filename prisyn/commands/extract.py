"""`prisyn extract`: texts and databases into evidence, and how well that works."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prisyn._command import Format, FormatOption, GraphOption, command, emit, emit_json, group, say
from prisyn._fingerprint import code_fingerprint, json_fingerprint
from prisyn_base import InputError, Problem, Problems

if TYPE_CHECKING:
    from grn_extract import DatabaseResult, Document, GoldDocument, Reader
    from kg import GraphStore

app = group(
    "Read regulation out of texts, and look at how well that works.\n\n"
    "\b\nExamples:\n"
    "  prisyn extract run --source abstracts.xml --reader embedded --graph grn.db\n"
    "  prisyn extract evaluate --gold gold.jsonl --reader embedded --format json\n"
)


class Entities(StrEnum):
    """Whose names of genes a reader is given."""

    GOLD = "gold"
    FOUND = "found"


ReaderOption = Annotated[str, typer.Option("--reader", help="Who reads: embedded, or cooccurrence as a baseline.")]


@command(app, "run")
def run(
    source: Annotated[list[Path], typer.Option("--source", help="A file or folder of texts; may be given repeatedly.")],
    graph: GraphOption,
    reader: ReaderOption = "embedded",
    max_cost: Annotated[
        float | None,
        typer.Option("--max-cost", min=0, help="Stop once a hosted model has cost this many US dollars."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what would be read; ask no model, write nothing.")
    ] = False,
) -> None:
    """Read texts and add what they state to a graph, text by text.

    Stopped at any point, the same command goes on behind the last whole text. A text that the same reader has read
    before is not read again, and no statement is added twice. Texts are .txt, .jsonl, PubMed's .xml and MEDLINE,
    PubTator's and BioC's files; a folder is read with all its folders.

    \b
    Examples:
      prisyn extract run --source abstracts.xml --graph grn.db
      prisyn extract run --source notes/ --source more.jsonl --reader embedded --graph grn.db
      prisyn extract run --source abstracts.xml --graph grn.db --dry-run
    """
    from kg import open_store
    from prisyn.progress import counting

    chosen, documents = _checked(source, reader, graph, opening=not dry_run)
    if chosen is None:
        _count(documents, reader, graph)
        return
    with open_store(graph) as store, counting("texts read", len(documents)) as progress:
        done = read_into(store, chosen, documents, max_cost=max_cost, progress=progress)
        held = store.stats().evidence
    say(f"{done.texts:,} of {len(documents):,} texts read with {chosen.calls:,} questions to the model")
    if done.known:
        say(f"{done.known:,} had been read before")
    if done.texts + done.known < len(documents):
        say(f"stopped at --max-cost: {chosen.cost:.2f} US dollars; the same command with a higher one goes on")
    say(f"{done.statements:,} statements, {done.new:,} of them new; {graph} holds {held:,}")
    if done.texts and not done.statements:
        say("Not one statement was found. Are these texts about gene regulation?")


@command(app, "evaluate")
def evaluate(
    gold: Annotated[str, typer.Option("--gold", help="A file of texts with their answers, or `example`.")],
    reader: ReaderOption = "embedded",
    entities: Annotated[
        Entities, typer.Option(help="Names as the annotators marked them, or found and grounded by PriSyn.")
    ] = Entities.GOLD,
    split: Annotated[
        str | None, typer.Option(help="held-out (sentences never trained on), all, or a half the file names.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Read only so many texts, drawn by --seed.")] = None,
    seed: Annotated[int, typer.Option(help="Of the draw and of the intervals.")] = 0,
    count_flagged: Annotated[
        bool,
        typer.Option(
            "--count-flagged",
            help="Take denied and supposed statements for stated ones: GE, ExTRI2 and BioRED do not mark theirs.",
        ),
    ] = False,
    errors: Annotated[Path | None, typer.Option(help="A table of every mistake, to read.", metavar="FILE.tsv")] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Measure a reader on texts whose answers are known.

    Files are our own .jsonl, GE's .jsonl, ExTRI2's .tsv, or BioRED's PubTator; which, the first line tells.

    \b
    Examples:
      prisyn extract evaluate --gold example --reader embedded
      prisyn extract evaluate --gold gold.jsonl --reader cooccurrence --entities found --errors errors.tsv
      prisyn extract evaluate --gold TRI_dev_span.tsv --reader embedded --split held-out --format json
    """
    from grn_extract import (
        compare,
        example_gold,
        find_mistakes,
        open_reader,
        read_gold,
        without_entities,
        write_mistakes,
    )
    from prisyn.progress import counting
    from prisyn.runfile import EXAMPLE

    texts = _drawn(_half(example_gold() if gold == EXAMPLE else read_gold(gold), split), limit, seed)
    if entities is Entities.FOUND:
        texts = [without_entities(item) for item in texts]
    chosen = open_reader(reader)
    started, calls = time.perf_counter(), chosen.calls
    with counting("texts read", len(texts)) as progress:
        evidence = list(chosen.read((item.document for item in texts), progress))
    seconds = round(time.perf_counter() - started, 3)
    if count_flagged:
        evidence = [replace(item, negated=False, hypothetical=False) for item in evidence]
    result = compare(evidence, texts, reader=chosen.name, seconds=seconds, calls=chosen.calls - calls, seed=seed)
    if errors is not None:
        write_mistakes(find_mistakes(evidence, texts), errors)
    values = result.to_json() | {"entities": entities.value, "flagged": "counted" if count_flagged else "left out"}
    if form is Format.JSON:
        emit_json(values)
        return
    by_phenomenon = values.pop("by_phenomenon")
    del values["by_document"]
    for name in ("f1_ci", "precision_ci", "recall_ci", "sign_ci"):
        values[name] = values[name] and [f"{bound:.4g}" for bound in values[name]]
    emit([{"what": name, "value": value} for name, value in values.items()], form)
    if by_phenomenon:
        print()
        emit([{"phenomenon": name, **counts} for name, counts in by_phenomenon.items()], form)


def _half(texts: list[GoldDocument], split: str | None) -> list[GoldDocument]:
    """Raises InputError where no text is of that half."""
    from grn_extract.training.split import is_held_out

    if split in (None, "all"):
        return texts
    if split == "held-out":
        kept = [item for item in texts if is_held_out(item.document.text)]
    else:
        kept = [item for item in texts if item.split == split]
    if not kept:
        halves = sorted({item.split for item in texts if item.split} | {"all", "held-out"})
        raise InputError([Problem("--split", repr(split), "one of " + ", ".join(halves), "choose one of those")])
    return kept


def _drawn(texts: list[GoldDocument], limit: int | None, seed: int) -> list[GoldDocument]:
    if limit is None or limit >= len(texts):
        return texts
    return [texts[place] for place in sorted(random.Random(seed).sample(range(len(texts)), limit))]


@command(app, "databases")
def databases(
    name: Annotated[str | None, typer.Argument(help="The database; without it, those there are are listed.")] = None,
    file: Annotated[Path | None, typer.Argument(help="Its file, in the database's own layout.")] = None,
    graph: Annotated[str | None, typer.Option("--graph", help="The graph to add to.", metavar="URL")] = None,
    species: Annotated[
        str | None, typer.Option(help="Whose symbols they are: human or mouse.", show_default="human")
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(help="For `table`: its columns, as regulator=A,target=B[,effect=C][,papers=D].", metavar="MAP"),
    ] = None,
    called: Annotated[
        str | None, typer.Option("--as", help="For `table`: what evidence calls it; its reliability goes by this.")
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List the databases of known regulations that can be read, or add one to a graph.

    `table` is any CSV or TSV with a header.

    \b
    Examples:
      prisyn extract databases
      prisyn extract databases trrust trrust_rawdata.human.tsv --graph grn.db
      prisyn extract databases table mine.csv --columns regulator=tf,target=gene,effect=sign,papers=pmid --graph grn.db
    """
    from grn_extract import database_names, read_database
    from kg import open_store, store_problems

    if name is None:
        emit([{"database": known} for known in database_names()], form)
        return
    options = _table_options(name, file, graph, columns, called)
    assert file is not None
    assert graph is not None
    problems = Problems()
    problems.extend(store_problems(graph))
    try:
        found = read_database(name, file, species=species or "human", **options)
        if species is None:
            _check_written_as_human(found, file)
    except InputError as error:
        problems.extend(error.problems)
    problems.raise_if_any()
    with open_store(graph) as store:
        new = store.add(found.evidence)
    say(f"{len(found.evidence):,} statements from {found.rows:,} rows, {new:,} of them new in {graph}")
    for row in found.refused:
        say(f"refused: {file.name}, line {row.line}: {row.reason}")


@dataclass(frozen=True, slots=True)
class Done:
    """What a run of reading came to: texts read now and before, and statements found, new, and set aside."""

    texts: int
    known: int
    statements: int
    new: int


def read_into(
    store: GraphStore,
    reader: Reader,
    documents: Sequence[Document],
    *,
    max_cost: float | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Done:
    """Read what `store` has not read yet, a text at a time: its statements are kept before the next is begun.

    Stops before the text at which `reader` has cost `max_cost` US dollars. A statement that fails the checks is
    named on standard error and left out.
    """
    from grn_extract import check_statements

    texts = known = statements = new = 0
    settings = _settings(reader.name)
    for number, document in enumerate(documents, 1):
        name = json_fingerprint([settings, document.id, document.text, document.retracted])
        if store.has_read(name):
            known += 1
        elif max_cost is not None and reader.cost > 0 and reader.cost >= max_cost:
            break
        else:
            checked = check_statements(reader.read([document]), [document])
            for item in checked.quarantined:
                say(f"set aside: {item.evidence.document}: {'; '.join(item.reasons)}")
            new += store.add(checked.passed, reading=name)
            texts, statements = texts + 1, statements + len(checked.passed)
        progress(number)
    return Done(texts, known, statements, new)


def _settings(reader: str) -> str:
    """What a reading depends on beside the text: with other code, names or prompts, texts are read anew."""
    from grn_extract import load_prompt, prompt_names

    prompts = [load_prompt(name).hash for name in prompt_names()]
    return json_fingerprint([reader, code_fingerprint(("grn_extract", "kg")), prompts])


def _checked(
    sources: list[Path], reader: str, graph: str, *, opening: bool
) -> tuple[Reader | None, Sequence[Document]]:
    """The reader (None unless `opening`) and the documents. Raises InputError with what is wrong with all three."""
    from grn_extract import open_reader, read_all, reader_names
    from kg import store_problems

    problems = Problems()
    chosen: Reader | None = None
    documents: Sequence[Document] = ()
    try:
        if opening or reader not in reader_names():
            chosen = open_reader(reader)
    except InputError as error:
        problems.extend(error.problems)
    problems.extend(store_problems(graph))
    try:
        documents = read_all(sources)
    except InputError as error:
        problems.extend(error.problems)
    problems.raise_if_any()
    return chosen, documents


def _count(documents: Sequence[Document], reader: str, graph: str) -> None:
    """What reading would amount to: passages, those that pass the screen, and pairs of genes to ask about."""
    from grn_extract import could_state_regulation, find_candidates, find_passages

    passages = [passage for document in documents for passage in find_passages(document)]
    asked = [passage for passage in passages if could_state_regulation(passage.text)]
    pairs = sum(1 for passage in asked for _ in find_candidates(passage))
    questions = pairs if reader == "embedded" else 0
    rows: list[dict[str, Any]] = [
        {"what": "texts", "number": len(documents)},
        {"what": "passages that name two genes", "number": len(passages)},
        {"what": "passages that could state regulation", "number": len(asked)},
        {"what": "ordered pairs of genes in them", "number": pairs},
        {"what": "questions to the model, at most", "number": questions},
        {"what": "US dollars", "number": 0},
    ]
    emit(rows, Format.TABLE)
    say(f"dry run: nothing was read by a model, nothing written to {graph}")


def _table_options(
    name: str, file: Path | None, graph: str | None, columns: str | None, called: str | None
) -> dict[str, Any]:
    """The options that reading a table takes. Raises InputError with everything that is missing or too much."""
    from grn_extract import ColumnMap

    problems = Problems()
    for what, given, expected in (("FILE", file, "the database's file"), ("--graph", graph, "the graph to add to")):
        if given is None:
            problems.add(what, "nothing", expected, f"add {what}")
    if name != "table":
        for what, given in (("--columns", columns), ("--as", called)):
            if given is not None:
                problems.add(
                    what, given, f"nothing: {name} has a layout of its own", f"leave {what} out, or read `table`"
                )
        problems.raise_if_any()
        return {}
    pairs = [part.partition("=")[::2] for part in (columns or "").split(",") if part.strip()]
    mapped = {role.strip(): column.strip() for role, column in pairs}
    roles = [field.name for field in fields(ColumnMap)]
    if not {"regulator", "target"} <= set(mapped) <= set(roles) or not all(mapped.values()):
        mend = "write, say, --columns regulator=tf,target=gene"
        problems.add("--columns", columns or "nothing", "regulator=A,target=B[,effect=C][,papers=D]", mend)
    problems.raise_if_any()
    return {"columns": ColumnMap(**mapped), **({"name": called} if called else {})}


def _check_written_as_human(found: DatabaseResult, file: Path) -> None:
    """Raises InputError where most regulators are written otherwise than human symbols are: `Ahr` for AHR."""
    fields_of = [item.quote.split("\t") for item in found.evidence]
    otherwise = sum(
        item.regulator.symbol not in fields and item.regulator.symbol in [field.upper() for field in fields]
        for item, fields in zip(found.evidence, fields_of, strict=True)
    )
    if 2 * otherwise > len(found.evidence):
        text = f"{otherwise:,} of {len(found.evidence):,} regulators written as mouse symbols are"
        mend = "add --species mouse, or --species human if they are human genes all the same"
        raise InputError([Problem(str(file), text, "symbols of human genes", mend)])
