"""`prisyn extract`: texts and databases into evidence, and how well that works."""

from __future__ import annotations

import random
from dataclasses import fields, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prisyn._command import Format, FormatOption, command, emit, emit_json, group, say
from prisyn._refused import RefusedOption, tell_refused, write_refused
from prisyn.commands import extract_recall, extract_run
from prisyn.commands._job_options import (
    BaseUrlOption,
    JobOption,
    KeyVariableOption,
    MaxCallsOption,
    MaxCostOption,
    MaxTokensOption,
    PriceOption,
    RateOption,
    RetryOption,
)
from prisyn_base import InputError, Problem, Problems

if TYPE_CHECKING:
    from grn_extract import DatabaseResult, GoldDocument

app = group(
    "Read regulation out of texts, and look at how well that works.\n\n"
    "\b\nExamples:\n"
    "  prisyn extract run --source abstracts.xml --reader embedded --graph grn.db\n"
    "  prisyn extract evaluate --gold gold.jsonl --reader embedded --format json\n"
)
extract_run.register(app)
extract_recall.register(app)


class Entities(StrEnum):
    """Whose names of genes a reader is given."""

    GOLD = "gold"
    FOUND = "found"


class Flagged(StrEnum):
    """Whether denied and supposed statements count as statements."""

    CORPUS = "corpus"
    COUNTED = "counted"
    LEFT_OUT = "left-out"


ReaderOption = Annotated[str, typer.Option("--reader", help="Who reads: embedded, or cooccurrence as a baseline.")]


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
    flagged: Annotated[
        Flagged,
        typer.Option(help="Denied and supposed statements: `corpus` counts them where the corpus marks none apart."),
    ] = Flagged.CORPUS,
    errors: Annotated[Path | None, typer.Option(help="A table of every mistake, to read.", metavar="FILE.tsv")] = None,
    job: JobOption = None,
    max_cost: MaxCostOption = None,
    max_tokens: MaxTokensOption = None,
    max_calls: MaxCallsOption = None,
    concurrency: Annotated[int | None, typer.Option(min=1, help="Questions under way at once.")] = None,
    rate: RateOption = None,
    base_url: BaseUrlOption = None,
    key_variable: KeyVariableOption = None,
    price: PriceOption = None,
    retry: RetryOption = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Measure a reader on texts whose answers are known, and on BioRED how often names are grounded right.

    Files are our own .jsonl, GE's .jsonl, ExTRI2's .tsv, or BioRED's PubTator; which, the first line tells.
    A chat model is asked as a job (see `extract run`): what it answered is kept, a text it could not read is counted
    as one in which it found nothing.

    \b
    Examples:
      prisyn extract evaluate --gold example --reader embedded
      prisyn extract evaluate --gold gold.jsonl --reader cooccurrence --entities found --errors errors.tsv
      prisyn extract evaluate --gold TRI_dev_span.tsv --reader embedded --split held-out --format json
      prisyn extract evaluate --gold gold.jsonl --reader openai:gpt-4o-mini --job trial --max-cost 2
    """
    from grn_extract import (
        compare,
        example_gold,
        find_mistakes,
        read_gold,
        without_entities,
        write_mistakes,
    )
    from grn_extract.jobs import Limits
    from prisyn.evaluating import read_texts
    from prisyn.extraction import Request
    from prisyn.runfile import EXAMPLE

    texts = _drawn(_half(example_gold() if gold == EXAMPLE else read_gold(gold), split), limit, seed)
    if entities is Entities.FOUND:
        texts = [without_entities(item) for item in texts]
    if flagged is not Flagged.CORPUS:
        texts = [replace(item, marks_flagged=flagged is Flagged.LEFT_OUT) for item in texts]
    request = Request(
        sources=(),
        graph="",
        reader=reader,
        limits=Limits(max_calls, max_tokens, max_cost),
        job=job,
        concurrency=concurrency,
        rate=rate,
        base_url=base_url,
        key_variable=key_variable,
        price=price,
        retry=retry,
        texts=tuple(item.document for item in texts),
    )
    found = read_texts(request)
    result = compare(found.evidence, texts, reader=found.reader, seconds=found.seconds, calls=found.calls, seed=seed)
    if errors is not None:
        write_mistakes(find_mistakes(found.evidence, texts), errors)
    how_flagged = "left out" if all(item.marks_flagged for item in texts) else "counted"
    grounding = _grounding(gold, [item.document.id for item in texts], seed)
    values = result.to_json() | {"entities": entities.value, "flagged": how_flagged, "unread": found.unread}
    values["grounding"] = grounding
    if form is Format.JSON:
        emit_json(values)
        return
    by_phenomenon = values.pop("by_phenomenon")
    del values["by_document"], values["grounding"]
    for name in ("f1_ci", "precision_ci", "recall_ci", "sign_ci"):
        values[name] = values[name] and [f"{bound:.4g}" for bound in values[name]]
    emit([{"what": name, "value": value} for name, value in values.items()], form)
    if by_phenomenon:
        print()
        emit([{"phenomenon": name, **counts} for name, counts in by_phenomenon.items()], form)
    if grounding:
        print()
        emit(_grounding_rows(grounding), form)


def _grounding(gold: str, documents: list[str], seed: int) -> dict[str, Any] | None:
    """How right the names in these documents are; None where the annotators numbered no mentions."""
    from grn_extract import guess_format
    from grn_extract.grounding import NUMBERED, evaluate_grounding
    from prisyn.runfile import EXAMPLE

    if gold == EXAMPLE or guess_format(gold) != NUMBERED:
        return None
    return evaluate_grounding(gold, documents=documents, seed=seed).to_json()


def _grounding_rows(grounding: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "spans": spans,
            "grounding": share,
            "value": found["value"],
            "from": found["ci"][0],
            "to": found["ci"][1],
            "right": found["right"],
            "of": found["total"],
        }
        for spans in ("given", "found")
        for share, found in grounding[spans].items()
    ]


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
    download: Annotated[
        bool, typer.Option("--download", help="Fetch the file, once, from where the database hands it out.")
    ] = False,
    url: Annotated[str, typer.Option("--url", help="With --download: another place that has the file.")] = "",
    sha256: Annotated[str, typer.Option("--sha256", help="With --download: refuse any file but this one.")] = "",
    refused: RefusedOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List the databases of known regulations that can be read, or add one to a graph.

    `table` is any CSV or TSV with a header. A downloaded file stays in the user's cache with its checksum, and is
    not downloaded again. Rows that are no regulation between two known genes are refused, counted and left out.

    \b
    Examples:
      prisyn extract databases
      prisyn extract databases trrust trrust_rawdata.human.tsv --graph grn.db
      prisyn extract databases trrust --download --graph grn.db
      prisyn extract databases table mine.csv --columns regulator=tf,target=gene,effect=sign,papers=pmid --graph grn.db
    """
    from grn_extract import database_names, download_database, read_database
    from kg import open_store, store_problems

    if name is None:
        emit([{"database": known} for known in database_names()], form)
        return
    options = _table_options(name, file, graph, columns, called, download=download or bool(url or sha256))
    assert graph is not None
    problems = Problems()
    problems.extend(store_problems(graph))
    try:
        if file is None:
            file = download_database(name, species=species or "human", url=url, sha256=sha256, tell=say)
        found = read_database(name, file, species=species or "human", **options)
        if species is None:
            _check_written_as_human(found, file)
    except InputError as error:
        problems.extend(error.problems)
    problems.raise_if_any()
    assert file is not None
    if refused is not None:
        write_refused(refused, found.refused)
    with open_store(graph) as store:
        new = store.add(found.evidence)
    say(f"{len(found.evidence):,} statements from {found.rows:,} rows, {new:,} of them new in {graph}")
    tell_refused(Path(file.name), found.refused, found.rows, refused)


def _table_options(
    name: str, file: Path | None, graph: str | None, columns: str | None, called: str | None, *, download: bool
) -> dict[str, Any]:
    """The options that reading a table takes. Raises InputError with everything that is missing or too much."""
    from grn_extract import ColumnMap

    problems = Problems()
    if file is None and not download:
        problems.add("FILE", "nothing", "the database's file", "add FILE, or --download")
    if file is not None and download:
        problems.add("--download", f"a file too, {file}", "one of them", "leave one out")
    if graph is None:
        problems.add("--graph", "nothing", "the graph to add to", "add --graph")
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
