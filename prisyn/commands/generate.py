"""`prisyn generate`: private cells behind the barrier into a generator, and cells out of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from prisyn._command import Format, FormatOption, SeedOption, command, emit, emit_json, group, say
from prisyn_base import InputError, Problem, Problems

if TYPE_CHECKING:
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
    cohort: Annotated[Path, typer.Option("--cohort", help="The private cells: an .h5ad file of raw counts.")],
    label: Annotated[str, typer.Option("--label", help="The column of obs that names the cell type.")],
    epsilon: Annotated[float, typer.Option("--epsilon", help="The privacy budget: smaller is more private.")],
    delta: Annotated[float, typer.Option("--delta", help="Well below 1 / number of cells (or donors).")],
    out: Annotated[Path, typer.Option("--out", help="The folder to write the model to.")],
    seed: SeedOption,
    donor: Annotated[str | None, typer.Option("--donor", help="The column of obs that names the donor.")] = None,
    method: Annotated[str, typer.Option("--method", help="`prisyn generate methods` lists them.")] = "grn_subspace",
    grn: Annotated[str | None, typer.Option("--grn", help="The graph that conditions it.", metavar="URL")] = None,
    public: Annotated[Path | None, typer.Option("--public", help="An .h5ad file of public cells.")] = None,
    unit: Annotated[Literal["cell", "donor"], typer.Option("--unit", help="Whose presence is hidden.")] = "cell",
    types: Annotated[
        list[str] | None, typer.Option("--type", help="A cell type that is public knowledge; give each of them.")
    ] = None,
    rare: Annotated[
        Literal["refuse", "keep"], typer.Option("--rare", help="What to do with types too small for the budget.")
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
    """
    from cohort import read_cohort
    from conditioned_gen import ACCEPTED, PrivateCohort, check_request, generator
    from prisyn._cohorts import unnamed_types
    from prisyn.progress import counting

    if out.exists():
        raise InputError(
            [Problem(str(out), "something already there", "a new folder", "name another, or move it away")]
        )
    private_cells = read_cohort(cohort, label=label, donor=donor)
    known = tuple(types) if types else None
    graph = _graph(grn, min_belief)
    public_cells = read_cohort(public) if public else None
    problems = Problems()
    problems.extend(
        check_request(
            private_cells,
            epsilon=epsilon,
            delta=delta,
            unit=unit,
            types=known,
            rare=rare,
            grn=graph if len(graph) else None,
            public=public_cells,
        )
    )
    problems.raise_if_any()
    private = PrivateCohort(private_cells, epsilon=epsilon, delta=delta, unit=unit, types=known, noise_seed=noise_seed)
    private.take_as_public(ACCEPTED)
    with counting("fitting", None) as progress:
        fitted = generator(method).fit(private, grn=graph, public=public_cells, seed=seed, progress=progress)
    fitted.save(out)
    for line in unnamed_types(private_cells, fitted):
        say(line)
    say(fitted.ledger.statement())
    say(f"wrote {out}; next: prisyn generate sample --model {out} --n 1000 --seed {seed} --out synthetic.h5ad")


@command(app, "sample")
def sample(
    model: ModelOption,
    n: Annotated[int, typer.Option("--n", min=1, help="How many cells.")],
    out: Annotated[Path, typer.Option("--out", help="The .h5ad file to write.")],
    seed: SeedOption,
    do: Annotated[
        list[str] | None,
        typer.Option(
            "--do", help="Hold a gene at a multiple of its level; what it regulates follows.", metavar="GENE=VALUE"
        ),
    ] = None,
) -> None:
    """Draw cells from a fitted generator. That costs no further privacy, however often it is done.

    \b
    Examples:
      prisyn generate sample --model model --n 1000 --seed 1 --out synthetic.h5ad
      prisyn generate sample --model model --n 500 --do SPI1=0 --seed 2 --out knockout.h5ad
    """
    from cohort import write_cohort
    from conditioned_gen import load

    cells = load(model).sample(n, do=_interventions(do or []), seed=seed)
    write_cohort(cells, out)
    say(f"wrote {out}: {cells!r}")


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
