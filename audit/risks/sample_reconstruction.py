"""Sample reconstruction: whoever knows a part of a record completes it from the synthetic set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.document import Table
from audit.metrics import MetricView
from audit.neighbours import Floats, nearest
from audit.risks._compare import Comparison, compare, rate
from audit.risks._protocol import COMPARISON_COLUMNS, Need, RiskMeasured, comparison_row, measured, register
from audit.risks._recovery import threshold
from audit.risks._sides import Columns, Sides, Variable, parted, sides, variables
from prisyn_base import InputError, Problem

KNOWN = (0.1, 0.5, 0.9)
HEADLINE = 0.5
AVERAGED = 10
COMPLETIONS = ("nearest", f"mean of {AVERAGED}")


@register
@dataclass(frozen=True)
class SampleReconstruction:
    """success(x) = 1 where |y(x_A) - x_B| is within the 5 % quantile of the same distance over non-members.

    A is known (half of the variables, at random), B is not. The completion y(x_A) is B of the synthetic record that is
    nearest on A; beside it, the mean of B over the 10 nearest, which is the likeliest value under a kernel estimate. By
    construction 5 % of non-members count as success, so the control never saturates.
    """

    name: str = "sample_reconstruction"
    label: str = "Reconstruction of a record"
    explanation: str = (
        "Knows half of a person's values and fills in the rest from the nearest synthetic record; success means closer "
        "than for all but 5 % of people who were not used."
    )
    reference: str = "Hilprecht, Härterich and Bernau, Monte Carlo and reconstruction attacks, PoPETs 2019"
    needs: tuple[Need, ...] = ()

    def measure(self, view: MetricView) -> RiskMeasured:
        known = variables(view.target)
        if len(known) < 2:
            raise InputError([Problem("columns", "one", "one known, one unknown", "leave this risk out")])
        held = sides(view)
        found = {share: _errors(held, known, share, view.seed) for share in KNOWN}
        compared = {
            (share, kind): _compared(held, errors[kind], view.seed)
            for share, errors in found.items()
            for kind in COMPLETIONS
        }
        rows = tuple(
            (f"{share:.0%}", kind, *comparison_row("", compared[share, kind])[1:], *_medians(held, found[share][kind]))
            for share, kind in compared
        )
        heads = ("Known", "Completed by", *COMPARISON_COLUMNS, "Median error, members", "Median error, control")
        table = Table("Completions within the 5 % quantile of controls; errors are root mean squares", heads, rows)
        chosen = found[HEADLINE]
        beyond = chosen["random"][: len(held.members)] <= threshold(held.parted(chosen["nearest"])[1])
        return measured(compared[HEADLINE, "nearest"], rate(beyond.astype(float)), tables=(table,))


def _errors(held: Sides, known: tuple[Variable, ...], share: float, seed: int) -> dict[str, npt.NDArray[np.float64]]:
    """Root mean square errors over the unknown columns, shape (n + m,), by how they were filled in."""
    given, hidden = parted(known, share, seed=seed)
    targets = held.targets
    near = nearest(targets[:, given], held.synthetic[:, given], AVERAGED).indices
    truth, made = targets[:, hidden], held.synthetic[:, hidden]
    anybody = np.random.default_rng(seed).integers(len(made), size=len(truth))
    completions = {
        "nearest": made[near[:, 0]],
        COMPLETIONS[1]: _mean(made, near),
        "random": made[anybody],
    }
    return {kind: _root_mean_square(truth, completion) for kind, completion in completions.items()}


def _mean(made: Floats, near: Columns) -> Floats:
    total = np.zeros((len(near), made.shape[1]), dtype=np.float32)
    for column in near.T:
        total += made[column]
    return np.asarray(total / near.shape[1])


def _root_mean_square(truth: Floats, completion: Floats) -> npt.NDArray[np.float64]:
    difference = truth - completion
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", difference, difference, dtype=np.float64) / truth.shape[1]))


def _compared(held: Sides, errors: Floats, seed: int) -> Comparison:
    members, controls = held.parted(errors)
    limit = threshold(controls)
    success = (members <= limit).astype(float), (controls <= limit).astype(float)
    return compare(*success, donors=held.donors, seed=seed)


def _medians(held: Sides, errors: Floats) -> tuple[float, float]:
    first, second = (float(np.median(part)) for part in held.parted(errors))
    return first, second
