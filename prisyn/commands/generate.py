"""`prisyn generate`: private cells behind the barrier into a generator, and cells out of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from prisyn._command import Format, FormatOption, SeedOption, command, emit, emit_json, group, say
from prisyn_base import InputError, Problem, Problems

if TYPE_CHECKING:
    from conditioned_gen import Ledger, Promise, Unit
    from kg import GRN

app = group(
    "Make synthetic cells: fit a generator once, behind the privacy barrier, then draw from it.\n\n"
    "\b\nExamples:\n"
    "  prisyn generate fit --cohort cells.h5ad --label cell_type --grn grn.db \\\n"
    "      --epsilon 5 --delta 1e-5 --seed 1 --out model\n"
    "  prisyn generate sample --model model --n 1000 --seed 1 --out synthetic.h5ad\n"
)

ModelOption = Annotated[Path, typer.Option("--model", help="The folder `prisyn generate fit` wrote.")]


@command(app, "fit")
def fit(
    cohort: Annotated[
        Path, typer.Option("--cohort", help="The private cells, .h5ad of raw counts, or a table: .csv, .tsv, .parquet.")
    ],
    out: Annotated[Path, typer.Option("--out", help="The folder to write the model to.")],
    seed: SeedOption,
    label: Annotated[
        str | None,
        typer.Option("--label", help="The column of cell types; of a table, what is to be predicted, if any."),
    ] = None,
    schema: Annotated[
        Path | None, typer.Option("--schema", help="Of a table: its columns (`prisyn generate schema` proposes one).")
    ] = None,
    epsilon: Annotated[
        float | None,
        typer.Option("--epsilon", help="The privacy budget: smaller is more private; inf promises nothing."),
    ] = None,
    delta: Annotated[float | None, typer.Option("--delta", help="Well below 1 / number of cells (or donors).")] = None,
    budget: Annotated[
        Path | None, typer.Option("--budget", help="In place of both: a file of `prisyn generate plan`.")
    ] = None,
    release: Annotated[str | None, typer.Option("--release", help="Which release of the budget this is.")] = None,
    donor: Annotated[str | None, typer.Option("--donor", help="The column that names the donor, or the site.")] = None,
    method: Annotated[
        str | None,
        typer.Option(
            "--method", help="`prisyn generate methods` lists them; else grn_subspace, for tables table_copula."
        ),
    ] = None,
    grn: Annotated[str | None, typer.Option("--grn", help="The graph that conditions it.", metavar="URL")] = None,
    public: Annotated[Path | None, typer.Option("--public", help="An .h5ad file of public cells.")] = None,
    unit: Annotated[
        Literal["cell", "donor"] | None, typer.Option("--unit", help="Whose presence is hidden; a cell's, unless said.")
    ] = None,
    types: Annotated[
        list[str] | None, typer.Option("--type", help="A cell type that is public knowledge; give each of them.")
    ] = None,
    rare: Annotated[
        Literal["refuse", "keep", "merge", "public"],
        typer.Option("--rare", help="Types too small for the budget: merge with kin, or draw from labelled --public."),
    ] = "refuse",
    min_belief: Annotated[float, typer.Option(min=0, max=1, help="Edges believed less are left out.")] = 0.5,
    noise_seed: Annotated[
        int | None, typer.Option("--noise-seed", min=0, help="Fix the privacy noise: for tests; protects nobody.")
    ] = None,
) -> None:
    """Measure the private cells once, through the barrier, and fit a generator to what came out.

    \b
    Examples:
      prisyn generate fit --cohort cells.h5ad --label cell_type --grn grn.db \\
          --epsilon 5 --delta 1e-5 --unit cell --seed 1 --out model
      prisyn generate fit --cohort cells.h5ad --label cell_type \\
          --public public.h5ad --epsilon 1 --delta 1e-6 --seed 1 --out model
      prisyn generate fit --cohort cells.h5ad --label cell_type --type B --type T \\
          --budget budget.json --release spring --seed 1 --out model
      prisyn generate fit --cohort patients.csv --schema schema.yaml --label outcome \\
          --epsilon 5 --delta 1e-5 --seed 1 --out model
    """
    from cohort import Table, read_cohort
    from conditioned_gen import ACCEPTED, PrivateCohort, check_method, check_request, generator
    from conditioned_gen.rare import settle_rare
    from prisyn._cohorts import read_records, unnamed_types
    from prisyn.progress import counting

    if out.exists():
        raise InputError(
            [Problem(str(out), "something already there", "a new folder", "name another, or move it away")]
        )
    records = read_records(cohort, schema=schema, label=label, donor=donor)
    table = isinstance(records, Table)
    method = method or ("table_copula" if table else "grn_subspace")
    known = tuple(types) if types else None
    graph = _graph(grn, min_belief)
    public_cells = read_cohort(public, label=label if rare == "public" else None) if public else None
    with _promised(epsilon, delta, unit, budget, release) as (promise, made):
        problems = Problems()
        problems.extend(check_method(method, records, epsilon=promise.epsilon))
        problems.extend(
            check_request(
                records,
                epsilon=promise.epsilon,
                delta=promise.delta,
                unit=promise.unit,
                types=known,
                rare=rare,
                grn=graph if len(graph) else None,
                public=public_cells,
                none=True,
            )
        )
        problems.raise_if_any()
        private = PrivateCohort(
            records,
            epsilon=promise.epsilon,
            delta=promise.delta,
            unit=promise.unit,
            types=known,
            noise_seed=noise_seed,
            earlier=promise.earlier,
        )
        private.take_as_public(ACCEPTED)
        settled = settle_rare(private, rare, method=method, public=public_cells)
        for line in settled.lines():
            say(line)
        with counting(lambda: f"fitting {private!r}") as progress:
            fitted = generator(method).fit(private, grn=graph, public=public_cells, seed=seed, progress=progress)
        made(fitted.ledger)
        fitted.save(out)
    for line in unnamed_types(records, fitted, settled.merged):
        say(line)
    say(fitted.ledger.statement())
    example = "synthetic.csv" if table else "synthetic.h5ad"
    say(f"wrote {out}; next: prisyn generate sample --model {out} --n 1000 --seed {seed} --out {example}")


@command(app, "sample")
def sample(
    model: ModelOption,
    n: Annotated[int, typer.Option("--n", min=1, help="How many cells, or records.")],
    out: Annotated[Path, typer.Option("--out", help="The file to write: .h5ad; for tables .csv, .tsv or .parquet.")],
    seed: SeedOption,
    do: Annotated[
        list[str] | None,
        typer.Option(
            "--do", help="Hold a gene at a multiple of its level; what it regulates follows.", metavar="GENE=VALUE"
        ),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", help="Of a table: records with this value alone; repeatable.", metavar="COLUMN=VALUE"),
    ] = None,
) -> None:
    """Draw cells, or records of a table. That costs no further privacy, however often it is done.

    \b
    Examples:
      prisyn generate sample --model model --n 1000 --seed 1 --out synthetic.h5ad
      prisyn generate sample --model model --n 500 --do SPI1=0 --seed 2 --out knockout.h5ad
      prisyn generate sample --model model --n 500 --where sex=F --where stage=III --seed 3 --out women.csv
    """
    from cohort import write_cohort
    from conditioned_gen import load, sample_where

    fitted = load(model)
    held = _interventions(do or [])
    if held and where:
        raise InputError([Problem("--where", "beside --do", "one of the two", "leave one of them out")])
    records = sample_where(fitted, n, _conditions(where), seed=seed) if where else fitted.sample(n, do=held, seed=seed)
    write_cohort(records, out)
    say(f"wrote {out}: {records!r}")


@command(app, "schema")
def schema(
    table: Annotated[Path, typer.Argument(help="A table with a header row: .csv, .tsv or .parquet.")],
    out: Annotated[Path, typer.Option("--out", help="The schema to write: .yaml or .json.")],
) -> None:
    """Propose a schema for a table, for you to correct: what each column is, its range or categories, its gaps.

    Ranges and categories read off the records are as private as the records, and marked `peeked: true`; a private
    method refuses them. Write down what is known of the variables instead, and take the mark out.

    \b
    Examples:
      prisyn generate schema patients.csv --out schema.yaml
    """
    from cohort import propose_schema

    if out.exists():
        raise InputError([Problem(str(out), "something already there", "a new file", "name another, or move it away")])
    found, left_out = propose_schema(table, out)
    if left_out:
        say(f"left out, since they tell nothing or name records: {', '.join(left_out)}")
    say(f"wrote {out}: {len(found.columns)} columns, all of them to be read over (confidential until confirmed)")


@command(app, "plan")
def plan(
    epsilon: Annotated[float, typer.Option("--epsilon", help="The promise for all releases together.")],
    delta: Annotated[float, typer.Option("--delta", help="Well below 1 / number of cells (or donors).")],
    units: Annotated[int, typer.Option("--units", min=1, help="About how many cells (or donors) there are.")],
    types: Annotated[int, typer.Option("--types", min=1, help="How many types are declared.")],
    releases: Annotated[
        list[str] | None,
        typer.Option("--release", help="A publication and its weight; give each of them.", metavar="NAME=WEIGHT"),
    ] = None,
    method: Annotated[str, typer.Option("--method", help="`prisyn generate methods` lists them.")] = "grn_subspace",
    grn: Annotated[str | None, typer.Option("--grn", help="The graph that conditions it.", metavar="URL")] = None,
    public: Annotated[Path | None, typer.Option("--public", help="Public cells, whose genes are the panel.")] = None,
    genes: Annotated[int, typer.Option("--genes", min=2, help="How many genes, where no public cells say.")] = 1000,
    unit: Annotated[Literal["cell", "donor"], typer.Option("--unit", help="Whose presence is hidden.")] = "cell",
    out: Annotated[Path | None, typer.Option("--out", help="Write the budget here, for `fit --budget`.")] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Divide a promise among several releases, and print the error each would have. Nothing private is looked at.

    \b
    Examples:
      prisyn generate plan --epsilon 5 --delta 1e-5 --units 2000 --types 9 --genes 1000
      prisyn generate plan --epsilon 5 --delta 1e-5 --units 2000 --types 9 --public public.h5ad \\
          --release spring=2 --release autumn=1 --out budget.json
    """
    from dataclasses import asdict

    from cohort import read_cohort
    from conditioned_gen import Budget, smallest_type, write_budget
    from conditioned_gen import plan as planned

    if out is not None and out.exists():
        raise InputError(
            [Problem(str(out), "something already there", "a new file", "name another: a budget is not begun anew")]
        )
    budget = Budget.planned(epsilon, delta, unit=unit, weights=_weights(releases or ["release=1"]))
    public_cells = read_cohort(public) if public else None
    panel = public_cells.genes if public_cells else tuple(f"gene {number + 1}" for number in range(genes))
    rows = []
    for one in budget.releases:
        alone = budget.alone(one)
        say(
            f"{one.name}: epsilon {alone:.3g} by itself; a type of fewer than {smallest_type(alone, delta)} {unit}s "
            "cannot be both protected and preserved"
        )
        statistics = planned(
            method,
            epsilon=alone,
            delta=delta,
            units=units,
            types=types,
            genes=panel,
            grn=_graph(grn, 0.5),
            public=public_cells,
        )
        rows += [{"publication": one.name, **asdict(statistic)} for statistic in statistics]
    emit(rows, form)
    say(f"all releases together: epsilon {budget.epsilon:g} at delta {budget.delta:g}")
    if out is not None:
        write_budget(budget, out)
        say(f"wrote {out}; next: prisyn generate fit --budget {out} --release {budget.releases[0].name} ...")


@command(app, "methods")
def methods(form: FormatOption = Format.TABLE) -> None:
    """List the methods: where their privacy barrier stands, the unit, the cost, and the paper.

    \b
    Examples:
      prisyn generate methods
      prisyn generate methods --format json
    """
    from dataclasses import asdict

    from conditioned_gen import methods as known

    emit([asdict(method) for method in known()], form)


@command(app, "ledger")
def ledger(model: ModelOption, form: FormatOption = Format.TABLE) -> None:
    """Say what a model's training released of the private cells, and what that composes to.

    \b
    Examples:
      prisyn generate ledger --model demo-out/model
      prisyn generate ledger --model model --format json
    """
    from conditioned_gen import load

    found = load(model).ledger
    if form is Format.JSON:
        emit_json(found.to_json())
        return
    emit(list(found.to_json()["entries"]), form)
    say(found.statement())


def _graph(url: str | None, min_belief: float) -> GRN:
    from kg import GRN, open_store

    if url is None:
        return GRN()
    if "://" not in url and not Path(url).exists():
        raise InputError([Problem(url, "no such file", "a graph", "`prisyn kg import` makes one; or leave --grn out")])
    with open_store(url) as store:
        grn = store.grn()
    return grn.of(grn.edges(min_belief))


@contextmanager
def _promised(
    epsilon: float | None, delta: float | None, unit: Unit | None, budget: Path | None, release: str | None
) -> Iterator[tuple[Promise, Callable[[Ledger], None]]]:
    """What was promised, by itself or under a budget, and what to call once the measurements are taken."""
    from conditioned_gen import Promise, spending

    problems = Problems()
    alone = epsilon is not None and delta is not None
    if (budget is None and not alone) or (budget is not None and (epsilon is not None or delta is not None)):
        problems.add("the promise", "half of it, or two", "--epsilon and --delta, or --budget", "give one of the two")
    if (budget is None) != (release is None):
        problems.add("--release", "without --budget, or left out beside it", "both or neither", "name a release of it")
    problems.raise_if_any()
    if budget is None or release is None:
        yield Promise(float(epsilon or 0), float(delta or 0), unit or "cell", ()), lambda ledger: None
        return
    with spending(budget, release) as under:
        if unit not in (None, under.promise.unit):
            found = f"{unit}, under a budget for {under.promise.unit}s"
            raise InputError([Problem("--unit", found, under.promise.unit, "leave it out")])
        yield under.promise, under.made


def _weights(texts: list[str]) -> dict[str, float]:
    problems = Problems()
    found: dict[str, float] = {}
    for text in texts:
        name, _, weight = text.partition("=")
        try:
            found[name.strip()] = float(weight)
        except ValueError:
            problems.add("--release", repr(text), "NAME=WEIGHT, the weight a number", "write, say, --release spring=1")
    problems.raise_if_any()
    return found


def _conditions(texts: list[str]) -> dict[str, str]:
    problems = Problems()
    for text in texts:
        if "=" not in text:
            problems.add("--where", repr(text), "COLUMN=VALUE", "write, say, --where sex=F")
    problems.raise_if_any()
    return {name.strip(): value.strip() for name, _, value in (text.partition("=") for text in texts)}


def _interventions(texts: list[str]) -> dict[str, float] | None:
    problems = Problems()
    found: dict[str, float] = {}
    for text in texts:
        gene, _, value = text.partition("=")
        try:
            found[gene.strip()] = float(value)
        except ValueError:
            problems.add("--do", repr(text), "GENE=VALUE, the value a number", "write, say, --do SPI1=0")
    problems.raise_if_any()
    return found or None
