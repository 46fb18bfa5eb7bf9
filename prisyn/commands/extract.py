"""`prisyn extract`: texts and databases into evidence, and how well that works."""

from __future__ import annotations

import random
import time
from dataclasses import fields, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prisyn._command import Format, FormatOption, GraphOption, command, emit, emit_json, group, say
from prisyn_base import InputError, Problem, Problems

if TYPE_CHECKING:
    from grn_extract import DatabaseResult, GoldDocument

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


class EngineName(StrEnum):
    """Where texts are read: in threads of this process, or by workers of a Ray cluster."""

    THREADS = "threads"
    RAY = "ray"


@command(app, "run")
def run(
    source: Annotated[
        list[str],
        typer.Option(
            "--source", help="A file or folder of texts, or pubmed; may be given repeatedly.", metavar="SOURCE"
        ),
    ],
    graph: GraphOption,
    reader: ReaderOption = "embedded",
    query: Annotated[str, typer.Option("--query", help="What to look for, where the source is pubmed.")] = "",
    most: Annotated[int | None, typer.Option("--most", min=1, help="Articles to take from PubMed at most.")] = None,
    job: Annotated[
        Path | None, typer.Option("--job", help="The folder that keeps the job.", show_default="GRAPH.job")
    ] = None,
    max_cost: Annotated[
        float | None, typer.Option("--max-cost", min=0, help="US dollars that the whole job may cost.")
    ] = None,
    max_tokens: Annotated[
        int | None, typer.Option("--max-tokens", min=0, help="Tokens that the whole job may take.")
    ] = None,
    max_calls: Annotated[
        int | None, typer.Option("--max-calls", min=0, help="Questions that the whole job may ask.")
    ] = None,
    engine: Annotated[EngineName, typer.Option(help="Read in threads, or on a Ray cluster.")] = EngineName.THREADS,
    concurrency: Annotated[
        int | None, typer.Option(min=1, help="Texts read at once.", show_default="8 for a server's model, else 1")
    ] = None,
    rate: Annotated[float | None, typer.Option(min=0.01, help="Questions a minute at most.")] = None,
    base_url: Annotated[
        str | None, typer.Option("--base-url", help="A server that speaks the provider's API.", metavar="URL")
    ] = None,
    price: Annotated[
        str | None, typer.Option(help="US dollars for a million tokens in and out.", metavar="IN,OUT")
    ] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Try again what could not be read before.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what would be read; ask no model, write nothing.")
    ] = False,
    sample: Annotated[
        int | None, typer.Option(min=1, help="With --dry-run: read so many texts, and say what all will come to.")
    ] = None,
) -> None:
    """Read texts and add what they state to a graph, text by text.

    Stopped at any point, the same command goes on: no text is read twice, no answer is paid for twice, no statement
    is added twice. What is done lies in a folder beside the graph. Texts are .txt, .jsonl, PubMed's .xml and MEDLINE,
    PubTator's and BioC's files; a folder is read with all its folders; pubmed is asked with --query.

    \b
    Examples:
      prisyn extract run --source abstracts.xml --graph grn.db
      prisyn extract run --source notes/ --source more.jsonl --reader embedded --graph grn.db
      prisyn extract run --source pubmed --query "GATA1 AND erythropoiesis" --most 500 --graph grn.db
      prisyn extract run --source notes/ --reader openai:gpt-4o-mini --max-cost 5 --graph grn.db
      prisyn extract run --source abstracts.xml --graph grn.db --dry-run
    """
    from grn_extract.jobs import Limits
    from prisyn.extraction import Request, check, count, read, try_sample

    request = Request(
        sources=tuple(source),
        graph=graph,
        reader=reader,
        limits=Limits(max_calls, max_tokens, max_cost),
        job=job,
        query=query,
        most=most,
        engine=engine.value,
        concurrency=concurrency,
        rate=rate,
        base_url=base_url,
        price=price,
        retry=retry,
        sample=sample,
    )
    if sample is not None and not dry_run:
        found = Problem("--sample", str(sample), "nothing without --dry-run", "add --dry-run, or leave --sample out")
        raise InputError([found])
    if sample is not None:
        try_sample(request)
    elif dry_run:
        check(request, opening=False)
        count(request)
    else:
        read(request)


@command(app, "quarantine")
def quarantine(
    job: Annotated[Path, typer.Argument(help="The folder of a job.")],
    form: FormatOption = Format.TABLE,
) -> None:
    """List what a job could not read, and the statements it kept out of the graph, with the reasons.

    \b
    Examples:
      prisyn extract quarantine grn.db.job
      prisyn extract quarantine grn.db.job --format tsv
    """
    from grn_extract.jobs import JobState
    from grn_extract.jobs.state import STATE

    if not (job / STATE).is_file():
        raise InputError(
            [Problem(str(job), "no job", "the folder of a job", "name the folder: GRAPH.job, or that of --job")]
        )
    with JobState(job) as state:
        rows: list[dict[str, Any]] = [
            {
                "what": "text",
                "document": text.document,
                "retryable": text.retryable,
                "reason": text.reason,
                "statement": "",
            }
            for text in state.quarantined()
        ]
        rows += [
            {
                "what": "statement",
                "document": document,
                "retryable": False,
                "reason": "; ".join(item.reasons),
                "statement": item.statement,
            }
            for document, item in state.set_aside()
        ]
    emit(rows, form)
    if not rows:
        say(f"nothing was set aside in {job}")


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
    download: Annotated[
        bool, typer.Option("--download", help="Fetch the file, once, from where the database hands it out.")
    ] = False,
    url: Annotated[str, typer.Option("--url", help="With --download: another place that has the file.")] = "",
    sha256: Annotated[str, typer.Option("--sha256", help="With --download: refuse any file but this one.")] = "",
    form: FormatOption = Format.TABLE,
) -> None:
    """List the databases of known regulations that can be read, or add one to a graph.

    `table` is any CSV or TSV with a header. A downloaded file stays in the user's cache with its checksum, and is
    not downloaded again.

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
    with open_store(graph) as store:
        new = store.add(found.evidence)
    say(f"{len(found.evidence):,} statements from {found.rows:,} rows, {new:,} of them new in {graph}")
    for row in found.refused:
        say(f"refused: {file.name}, line {row.line}: {row.reason}")


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
