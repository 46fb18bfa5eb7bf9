"""`prisyn kg curate`: judge statements, and use what was judged."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prisyn import _judged as judged
from prisyn._command import Format, FormatOption, GraphOption, command, emit, emit_json, group, say
from prisyn._edges import with_filter
from prisyn._graphs import find_genes, open_graph, read_grn
from prisyn_base import InputError, Problem

if TYPE_CHECKING:
    from kg.queries import EdgeFilter

app = group(
    "Judge what was read: accept, reject with the kind of error, or leave it open. Nothing is ever overwritten.\n\n"
    "\b\nExamples:\n"
    "  prisyn kg curate queue --graph grn.db --curator ada --most 10\n"
    "  prisyn kg curate decide 3f2a reject --error polarity --graph grn.db --curator ada\n"
    "  prisyn kg curate agreement --graph grn.db\n"
)

CuratorOption = Annotated[
    str | None,
    typer.Option("--curator", help="Who judges; without it PRISYN_CURATOR, else git's or the system's name, told."),
]
Claim = Annotated[
    str, typer.Argument(help="A claim's key, or as much of its beginning as no other has.", metavar="CLAIM")
]


class Said(StrEnum):
    """What a person may say of a statement."""

    ACCEPT = "accept"
    REJECT = "reject"
    UNSURE = "unsure"


class Wrong(StrEnum):
    """The kinds of error; spelled again here because `--help` must not load the graph. A test compares them."""

    GROUNDING = "grounding"
    POLARITY = "polarity"
    DIRECTION = "direction"
    NO_RELATION = "no_relation"
    NEGATIVE_RESULT = "negative_result"
    HYPOTHESIS = "hypothesis"
    ENTITY_BOUNDARY = "entity_boundary"
    ACTIVITY_NOT_AMOUNT = "activity_not_amount"
    OTHER = "other"


class Exchange(StrEnum):
    """What decisions are written as."""

    DECISIONS = "decisions"
    GOLD = "gold"
    INDRA = "indra"


_HOLDS = {
    Exchange.GOLD: "gold holds sentences of texts that are accepted or rejected: no rows of databases, none in dispute",
    Exchange.INDRA: "INDRA's curations are accepts and rejects of signed statements: none unsure, none of unknown sign",
}


@command(app, "queue")
@with_filter
def queue(
    graph: GraphOption,
    curator: CuratorOption = None,
    second_opinion: Annotated[
        bool, typer.Option("--second-opinion", help="What others have settled, without what they said.")
    ] = False,
    n: Annotated[int, typer.Option("--most", "-n", min=1, help="At most so many statements.")] = 20,
    draw: Annotated[
        int | None, typer.Option("--draw", min=0, help="A random draw of this seed, to measure readers fairly.")
    ] = None,
    gene: Annotated[str | None, typer.Option("--gene", help="Only edges of this gene.")] = None,
    *,
    where: EdgeFilter,
    form: FormatOption = Format.TABLE,
) -> None:
    """List what to judge next, the statements first whose verdict would change the graph most.

    \b
    Examples:
      prisyn kg curate queue --graph grn.db --curator ada --most 5
      prisyn kg curate queue --graph grn.db --curator bob --second-opinion --format json
      prisyn kg curate queue --graph grn.db --curator ada --draw 1 --most 50 --format tsv
    """
    from kg.review import review_queue
    from prisyn._curator import curator_name

    name, grn = curator_name(curator), read_grn(graph)
    genes = set(find_genes(grn, [gene] if gene else []))
    items = review_queue(
        grn,
        curator=name,
        second_opinion=second_opinion,
        keeps=lambda edge: where.keeps(edge) and (not genes or bool(genes & {edge.regulator, edge.target})),
        draw=draw,
    )
    if not items:
        say(f"nothing left to judge for {name}")
    emit([judged.waiting_row(item, form) for item in items[:n]], form)
    if len(items) > n:
        say(f"{len(items) - n:,} more wait")


@command(app, "show")
def show(claim: Claim, graph: GraphOption, form: FormatOption = Format.TABLE) -> None:
    """Show a statement whole: its words, its readings, its edge, and what everybody decided about it.

    \b
    Examples:
      prisyn kg curate show 3f2a --graph grn.db
      prisyn kg curate show 3f2a --graph grn.db --format json
    """
    grn = read_grn(graph)
    readings = judged.readings_of(grn, claim)
    if form is Format.JSON:
        emit_json(judged.claim_record(grn, readings))
    else:
        emit(judged.claim_rows(grn, readings), form)


@command(app, "decide")
def decide(
    claim: Claim,
    verdict: Annotated[Said, typer.Argument(help="What you say of it.")],
    graph: GraphOption,
    error: Annotated[Wrong | None, typer.Option("--error", help="With reject: what is wrong.")] = None,
    comment: Annotated[str, typer.Option("--comment", help="In your words; needed with --error other.")] = "",
    curator: CuratorOption = None,
) -> None:
    """Keep your verdict on a statement. An earlier one of yours stays in the log and no longer counts.

    \b
    Examples:
      prisyn kg curate decide 3f2a accept --graph grn.db --curator ada
      prisyn kg curate decide 3f2a reject --error negative_result --graph grn.db --curator ada
      prisyn kg curate decide 3f2a reject --error other --comment "a mouse strain" --graph grn.db --curator ada
    """
    from kg import ErrorKind, Verdict
    from kg.curation import standing_decisions
    from kg.decisions import decide as decision_on
    from prisyn._curator import curator_name

    name = curator_name(curator)
    with open_graph(graph) as store:
        grn = store.grn()
        statement = judged.readings_of(grn, claim)[0]
        kind = ErrorKind(error) if error else None
        try:
            made = decision_on(statement, Verdict(verdict), curator=name, error=kind, comment=comment)
        except ValueError as wrong:
            raise InputError([Problem("decision", str(wrong), "a verdict that says something", "see --help")]) from None
        store.decide([made])
        others = [item for item in standing_decisions(grn.decisions) if item.claim == made.claim]
    say(f"{name}: {verdict} {judged.words(statement)} (decision {made.id[:8]})")
    for item in others:
        if item.curator != name:
            say(f"also judged: {judged.decision_words(item)}")


@command(app, "undo")
def undo(
    graph: GraphOption,
    decision: Annotated[
        str | None, typer.Argument(help="The beginning of a decision's id; without it your last one.", metavar="ID")
    ] = None,
    curator: CuratorOption = None,
) -> None:
    """Take a decision of yours back: your last one that stands, or the one named. Both stay in the log.

    \b
    Examples:
      prisyn kg curate undo --graph grn.db --curator ada
      prisyn kg curate undo 91ab --graph grn.db --curator ada
    """
    from kg.curation import standing_decisions
    from kg.decisions import withdraw
    from prisyn._curator import curator_name

    name = curator_name(curator)
    with open_graph(graph) as store:
        mine = [item for item in standing_decisions(store.decisions()) if item.curator == name]
        found = [item for item in mine if item.id.startswith(decision)] if decision else mine[-1:]
        if len(found) != 1:
            said = f"{len(found)} standing decisions of {name}" + (f" beginning with {decision}" if decision else "")
            mend = "`prisyn kg curate log` lists them"
            raise InputError([Problem("decision", said, "one decision of yours that stands", mend)])
        store.decide([withdraw(found[0])])
    say(f"taken back: {judged.decision_words(found[0])}, on claim {found[0].claim}")


@command(app, "log")
def log(
    graph: GraphOption,
    n: Annotated[int, typer.Option("--most", "-n", min=1, help="The last so many.")] = 20,
    by: Annotated[str | None, typer.Option("--by", help="Only decisions of this person.")] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List decisions, the last one last, those that no longer count included.

    \b
    Examples:
      prisyn kg curate log --graph grn.db
      prisyn kg curate log --graph grn.db --by ada --format json
    """
    from kg.curation import standing_decisions

    with open_graph(graph) as store:
        decisions = list(store.decisions())
        symbols = {gene.curie: gene.symbol for gene in store.genes()}
    counts = {item.id for item in standing_decisions(decisions)}
    asked = [item for item in decisions if by in (None, item.curator)]
    rows = [judged.log_row(item, symbols, item.id in counts, form) for item in asked[-n:]]
    if not rows:
        say("no decisions" + (f" by {by}" if by else ""))
    emit(rows, form)


@command(app, "agreement")
def agreement(
    graph: GraphOption,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the intervals' draws.")] = 0,
    form: FormatOption = Format.TABLE,
) -> None:
    """Measure how far curators agree beyond chance: Krippendorff's alpha of all, Cohen's kappa of each two.

    \b
    Examples:
      prisyn kg curate agreement --graph grn.db
      prisyn kg curate agreement --graph grn.db --format json
    """
    from kg.agreement import agreement as measured

    with open_graph(graph) as store:
        found = measured(store.decisions(), seed=seed)
    rows = judged.agreement_rows(found)
    if found.alpha.units == 0:
        say("no statement was judged by two people; `prisyn kg curate queue --second-opinion` lists what to judge")
    emit(rows, form)


@command(app, "reliability")
def reliability(
    graph: GraphOption,
    write: Annotated[
        Path | None, typer.Option("--write", help="A table for PRISYN_RELIABILITY, with what was judged in it.")
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Tell how often each reader was right by what was judged, and what its statements should count with.

    Judge a random draw for this (`queue --draw 1`): the most useful statements are no fair sample.

    \b
    Examples:
      prisyn kg curate reliability --graph grn.db
      prisyn kg curate reliability --graph grn.db --write reliability.json
    """
    from kg.judged_readers import judged_readers, write_judged

    found = judged_readers(read_grn(graph))
    if not found:
        say("nothing was judged that tells of a reader")
    emit([judged.reader_row(item) for item in found], form)
    if write is not None and found:
        write_judged(found, write)
        say(f"wrote {write}; set PRISYN_RELIABILITY={write} and beliefs are made with it")


@command(app, "export")
def export_(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    form: Annotated[Exchange, typer.Option("--format", help="Decisions for a colleague, gold, or INDRA's curations.")],
    graph: GraphOption,
) -> None:
    """Write what was judged to a file.

    \b
    Examples:
      prisyn kg curate export --format decisions ada.jsonl --graph grn.db
      prisyn kg curate export --format gold gold.jsonl --graph grn.db
      prisyn kg curate export --format indra curations.json --graph grn.db
    """
    from kg.decisions import write_decisions
    from kg.gold import write_gold
    from kg.indra_curations import write_indra_curations

    grn = read_grn(graph)
    if not grn.decisions:
        mend = "judge some: `prisyn kg curate queue` lists what to judge"
        raise InputError([Problem(graph, "no decisions", "a graph that somebody has judged", mend)])
    if form is Exchange.DECISIONS:
        number, what = write_decisions(grn.decisions, file), "decisions"
    elif form is Exchange.GOLD:
        number, what = write_gold(grn, file), "judged texts"
    else:
        number, what = write_indra_curations(grn, file), "curations"
    if not number:
        mend = f"{_HOLDS[form]}; --format decisions writes all that was decided"
        raise InputError([Problem(graph, f"decisions, and none of them makes {what}", what, mend)])
    say(f"wrote {number:,} {what} to {file}")
    if form is not Exchange.DECISIONS:
        say(_HOLDS[form])


@command(app, "import")
def import_(
    file: Annotated[Path, typer.Argument(help="Decisions that `export --format decisions` wrote.")], graph: GraphOption
) -> None:
    """Add a colleague's decisions. What is there already is not added twice, and theirs and yours both stand.

    \b
    Examples:
      prisyn kg curate import bob.jsonl --graph grn.db
    """
    from kg import judgements
    from kg.decisions import read_decisions

    found = read_decisions(file)
    with open_graph(graph) as store:
        new = store.decide(found.decisions)
        disputed = sum(item.disputed for item in judgements(store.decisions()).values())
        known = {item.claim for item in store.evidence()}
    say(f"{new:,} new of {len(found.decisions):,} decisions, now in {graph}; claims in dispute: {disputed:,}")
    unknown = len({item.claim for item in found.decisions} - known)
    if unknown:
        say(f"claims that this graph does not hold: {unknown:,}; what was decided on them waits until it does")
    for row in found.refused:
        say(f"refused: {file}, line {row.line}: {row.reason}")
