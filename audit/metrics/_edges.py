"""The given regulations whose both ends are features here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.metrics._protocol import MetricView
from prisyn_base import InputError, Problem


@dataclass(frozen=True, eq=False)
class Regulations:
    """Columns of regulators and of their targets, and signs (+1, -1, 0 for unknown), shapes (e,)."""

    regulators: npt.NDArray[np.intp]
    targets: npt.NDArray[np.intp]
    signs: npt.NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.signs)


def regulations(view: MetricView) -> Regulations:
    """The edges of the target among the columns of `values`, each once, none onto itself.

    Raises InputError where the target has no edges, is a table, or has no edge between its features.
    """
    target = view.target
    if not target.edges or target.kind != "counts":
        raise InputError(
            [Problem("edges", "no regulations of genes", "a gene regulatory network", "hand in its edges")]
        )
    place = {name: column for column, name in enumerate(target.features)}
    signs: dict[tuple[int, int], int] = {}
    for edge in target.edges:
        if edge.regulator in place and edge.target in place and edge.regulator != edge.target:
            signs.setdefault((place[edge.regulator], place[edge.target]), edge.sign)
    if not signs:
        mend = "name genes in the edges as in the records"
        raise InputError([Problem("edges", "none between genes of the records", "some", mend)])
    pairs = np.asarray(sorted(signs), dtype=np.intp)
    return Regulations(pairs[:, 0], pairs[:, 1], np.asarray([signs[a, b] for a, b in pairs.tolist()], dtype=np.intp))
