"""Linkability: do two halves of a person's record lead to the same synthetic record?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from audit.document import Table
from audit.metrics import MetricView
from audit.neighbours import nearest
from audit.risks._compare import compare
from audit.risks._protocol import COMPARISON_COLUMNS, Need, RiskMeasured, comparison_row, measured, register
from audit.risks._sides import Sides, parted, sides, variables
from audit.statistics import Estimate
from prisyn_base import InputError, Problem

NEAREST = (1, 5, 10)


@register
@dataclass(frozen=True)
class Linkability:
    """success(x) = 1 where the k synthetic records nearest to x on A and the k nearest on B have one in common, k = 1.

    A and B are disjoint random halves of the variables: two sources that each hold a part of the same people. The
    chance of a random link is 1 - C(s - k, k) / C(s, k). With larger k nearly everybody is linked, controls included.
    """

    name: str = "linkability"
    label: str = "Linkability"
    explanation: str = (
        "Two sources hold different columns of the same people: tries to join the two through the synthetic records."
    )
    reference: str = "Article 29 Working Party, Opinion 05/2014 (WP216); Giomi et al., PoPETs 2023"
    needs: tuple[Need, ...] = ()

    def measure(self, view: MetricView) -> RiskMeasured:
        known = variables(view.target)
        if len(known) < 2:
            raise InputError([Problem("columns", "one", "at least two", "leave this risk out")])
        held = sides(view)
        links = _links(held, *parted(known, 0.5, seed=view.seed))
        found = {k: compare(*held.parted(linked), donors=held.donors, seed=view.seed) for k, linked in links.items()}
        rows = tuple(comparison_row(f"{k} nearest", comparison) for k, comparison in found.items())
        table = Table("Links through the nearest synthetic records", ("Through", *COMPARISON_COLUMNS), rows)
        naive = chance_of_a_link(len(held.synthetic), NEAREST[0])
        return measured(found[NEAREST[0]], Estimate(naive, naive, naive, len(held.members)), tables=(table,))


def _links(
    held: Sides, first: npt.NDArray[np.intp], second: npt.NDArray[np.intp]
) -> dict[int, npt.NDArray[np.float64]]:
    """For each k, which of the targets are linked, shape (n + m,)."""
    targets = held.targets
    near = [nearest(targets[:, part], held.synthetic[:, part], max(NEAREST)).indices for part in (first, second)]
    return {k: _common(near[0][:, :k], near[1][:, :k]) for k in NEAREST}


def _common(first: npt.NDArray[np.intp], second: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """1 where a row of `first` (q, k) shares an entry with that of `second`."""
    return np.asarray((first[:, :, None] == second[:, None, :]).any(axis=(1, 2)), dtype=np.float64)


def chance_of_a_link(records: int, k: int) -> float:
    """P(two random sets of k out of `records` meet) = 1 - C(records - k, k) / C(records, k)."""
    if records < 2 * k:
        return 1.0
    apart = 2 * gammaln(records - k + 1) - gammaln(records - 2 * k + 1) - gammaln(records + 1)
    return float(-np.expm1(apart))
