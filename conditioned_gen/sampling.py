"""What every fitted generator shares when it samples: which types, and which interventions."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from cohort import Cohort, Matrix, make_cohort
from conditioned_gen.ledger import Unit
from prisyn_base import InputError, Problem, Problems


def draw_labels(
    n: int | None,
    labels: Sequence[str] | None,
    types: Sequence[str],
    counts: npt.NDArray[np.float64],
    *,
    unit: Unit,
) -> list[str]:
    """The type of each synthetic cell: `labels` as asked, or `n` cells in the released proportions.

    Proportions are met by largest remainders; with n >= number of types, each type gets one cell at least. `n`
    left out means the released total, which exists when the unit is a cell.
    """
    if labels is not None:
        unknown = sorted(set(labels) - set(types))
        if unknown:
            raise InputError(
                [Problem("labels", ", ".join(unknown), "types the model knows: " + ", ".join(types), "use these")]
            )
        return list(labels)
    if n is None and unit != "cell":
        raise InputError([Problem("n", "left out", "a number of cells, since only donors were counted", "give n")])
    total = round(float(counts.sum())) if n is None else n
    if total < 1:
        raise InputError([Problem("n", str(total), "at least 1", "give a positive number of cells")])
    exact = counts / counts.sum() * total
    sizes = np.floor(exact).astype(int)
    for code in np.argsort(sizes - exact, kind="stable")[: total - int(sizes.sum())]:
        sizes[code] += 1
    if total >= len(types):
        for code in np.flatnonzero(sizes == 0):
            sizes[code] += 1
            sizes[np.argmax(sizes)] -= 1
    return [name for name, size in zip(types, sizes, strict=True) for _ in range(size)]


def positions(labels: Iterable[str], types: Sequence[str]) -> npt.NDArray[np.intp]:
    """The position of each label among `types`, shape (n,)."""
    position = {name: code for code, name in enumerate(types)}
    return np.array([position[str(label)] for label in labels], dtype=np.intp)


def synthetic_cohort(counts: Matrix, *, genes: Sequence[str], labels: Sequence[str], label: str) -> Cohort:
    """Drawn counts (n, g) as a cohort whose cells say by their names that they are synthetic."""
    cells = [f"synthetic-{row}" for row in range(len(labels))]
    return make_cohort(counts, genes=genes, labels=labels, label=label, cells=cells)


def refuse_do(do: Mapping[str, float] | None, genes: Sequence[str], *, method: str) -> None:
    """Raises `InputError` for any intervention, for methods that know no causes."""
    if do:
        check_do(do, genes)
        mend = "use a method on a causal network, such as grn_subspace"
        raise InputError([Problem("do", ", ".join(do), f"no intervention with {method}", mend)])


def check_do(do: Mapping[str, float], genes: Sequence[str]) -> dict[int, float]:
    """Interventions as gene position -> multiple of the normal level; raises `InputError` with every problem."""
    problems = Problems()
    position = {gene: i for i, gene in enumerate(genes)}
    for gene, fold in do.items():
        if gene not in position:
            near = difflib.get_close_matches(gene, genes, n=3)
            mend = f"did you mean {' or '.join(near)}?" if near else "use a gene of the panel"
            problems.add(f"do: {gene}", "a gene that is not in the panel", "a gene of the panel", mend)
        if not (math.isfinite(fold) and fold >= 0):
            problems.add(f"do: {gene}", str(fold), "a multiple of the normal level, 0 or more", "0 knocks the gene out")
    problems.raise_if_any()
    return {position[gene]: float(fold) for gene, fold in do.items()}
