"""What `table_copula` keeps: the distribution of each column in each type, and correlations beneath them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from cohort import Table
from conditioned_gen.generator import Method
from conditioned_gen.generators import TABLE_COPULA
from conditioned_gen.generators._table_scores import Marginal, draw
from conditioned_gen.ledger import Ledger
from conditioned_gen.multiresolution import Halvings
from conditioned_gen.sampling import draw_labels, refuse_do
from conditioned_gen.storage import read_arrays, read_ledger, write_model
from conditioned_gen.table_vectors import TableVectors

Floats = npt.NDArray[np.float64]
_ATTEMPTS = 20


@dataclass(frozen=True, eq=False)
class TableCopulaFitted:
    """Within type t, a column's value is the quantile at Phi(g) of its `marginals`, with `orders` of the leaves, and
    missing where another normal variable lies in its upper tail; all these are normal with `correlations[t]`.

    `counts` (types,) are the released numbers of units. Records that break a rule of the schema are drawn again, and
    mended where that does not end.
    """

    types: tuple[str, ...]
    ledger: Ledger
    vectors: TableVectors
    counts: Floats
    marginals: tuple[Marginal, ...]
    orders: tuple[npt.NDArray[np.intp], ...]
    correlations: Floats
    settings: dict[str, Any] = field(default_factory=dict)
    method: ClassVar[Method] = TABLE_COPULA

    @property
    def genes(self) -> tuple[str, ...]:
        """The measured columns."""
        return self.vectors.features.names

    @property
    def label(self) -> str:
        """The label's name; "" where there is none."""
        return self.vectors.label or ""

    def sample(
        self,
        n: int | None = None,
        *,
        labels: Sequence[str] | None = None,
        do: Mapping[str, float] | None = None,
        seed: int,
    ) -> Table:
        """As `conditioned_gen.Fitted.sample`; interventions are refused, since a copula knows no causes."""
        refuse_do(do, self.genes, method=self.method.name)
        names = draw_labels(n, labels, self.types, self.counts, unit=self.ledger.unit)
        position = {name: code for code, name in enumerate(self.types)}
        types = np.array([position[name] for name in names], dtype=np.intp)
        rng = np.random.default_rng(seed)
        codes = draw(self.marginals, self.orders, self.correlations, types, rng)
        for _ in range(_ATTEMPTS):
            broken = np.flatnonzero(~self.vectors.holds(codes, names))
            if not len(broken):
                break
            codes[broken] = draw(self.marginals, self.orders, self.correlations, types[broken], rng)
        return self.vectors.table(codes, names)

    def save(self, folder: str | Path) -> None:
        """As `conditioned_gen.Fitted.save`."""
        write_model(
            folder,
            method=self.method.name,
            genes=self.genes,
            types=self.types,
            label=self.label,
            ledger=self.ledger,
            settings={**self.settings, **self.vectors.to_json()},
            arrays={
                "counts": self.counts,
                "shares": np.hstack([marginal.shares for marginal in self.marginals]),
                "gaps": np.stack([marginal.gaps for marginal in self.marginals], axis=1),
                "orders": np.concatenate(self.orders).astype(np.int64),
                "correlations": self.correlations,
            },
        )


def load_fitted(folder: Path, description: Mapping[str, Any]) -> TableCopulaFitted:
    """Read what `save` wrote; checksum, shapes and orders are checked."""
    types, settings = tuple(description["types"]), dict(description["settings"])
    vectors = TableVectors.from_json(settings, where=str(folder / "model.json"))
    halvings = [Halvings(column) for column in vectors.features.columns]
    leaves = [one.leaves for one in halvings]
    normals = len(halvings) + sum(column.nullable for column in vectors.features.columns)
    arrays = read_arrays(
        folder,
        description,
        {
            "counts": (len(types),),
            "shares": (len(types), sum(leaves)),
            "gaps": (len(types), len(halvings)),
            "orders": (sum(leaves),),
            "correlations": (len(types), normals, normals),
        },
    )
    ends = np.cumsum(leaves)[:-1]
    parts = zip(halvings, np.split(arrays["shares"], ends, axis=1), arrays["gaps"].T, strict=True)
    return TableCopulaFitted(
        types=types,
        ledger=read_ledger(folder, description),
        vectors=vectors,
        counts=arrays["counts"],
        marginals=tuple(Marginal(one, shares, gaps) for one, shares, gaps in parts),
        orders=tuple(np.split(arrays["orders"].astype(np.intp), ends)),
        correlations=arrays["correlations"],
        settings={key: value for key, value in settings.items() if key not in vectors.to_json()},
    )
