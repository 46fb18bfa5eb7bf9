"""What `marginals` keeps: tables of levels along a forest for some genes, and one mean profile for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from cohort import Cohort
from conditioned_gen.generator import Method
from conditioned_gen.generators import MARGINALS
from conditioned_gen.generators._forest import Codes, Forest, draw_levels
from conditioned_gen.generators._levels import LEVELS, draw_counts
from conditioned_gen.ledger import Ledger
from conditioned_gen.sampling import draw_labels, positions, refuse_do, synthetic_cohort
from conditioned_gen.storage import read_arrays, read_ledger, write_model

Floats = npt.NDArray[np.float64]
_CHUNK = 8192
_INTEGERS = ("columns", "parents", "order")


@dataclass(frozen=True, eq=False)
class MarginalsFitted:
    """Genes at `columns` (m,) have consistent `tables` (types, m, k, k) along the forest.

    The others are Poisson of rate L x `proportions` (g,), L log-normal; `counts` (types,) are numbers of units.
    """

    genes: tuple[str, ...]
    types: tuple[str, ...]
    label: str
    ledger: Ledger
    columns: Codes
    forest: Forest
    tables: Floats
    proportions: Floats
    counts: Floats
    settings: dict[str, Any] = field(default_factory=dict)
    method: ClassVar[Method] = MARGINALS

    def sample(
        self,
        n: int | None = None,
        *,
        labels: Sequence[str] | None = None,
        do: Mapping[str, float] | None = None,
        seed: int,
    ) -> Cohort:
        """As `conditioned_gen.Fitted.sample`; interventions are refused, since tables know no direction."""
        refuse_do(do, self.genes, method=self.method.name)
        drawn = draw_labels(n, labels, self.types, self.counts, unit=self.ledger.unit)
        codes = positions(drawn, self.types)
        rng = np.random.default_rng(seed)
        counts = np.empty((len(codes), len(self.genes)), dtype=np.float32)
        for start in range(0, len(codes), _CHUNK):
            chunk = codes[start : start + _CHUNK]
            spread = self.settings["log_library_sd"] * rng.standard_normal(len(chunk))
            libraries = np.exp(self.settings["log_library_mean"] + spread)
            drawn_counts = rng.poisson(libraries[:, None] * self.proportions)
            drawn_counts[:, self.columns] = draw_counts(rng, draw_levels(rng, self.tables, chunk, self.forest))
            counts[start : start + _CHUNK] = drawn_counts
        return synthetic_cohort(counts, genes=self.genes, labels=drawn, label=self.label)

    def save(self, folder: str | Path) -> None:
        """As `conditioned_gen.Fitted.save`."""
        places = (self.columns, self.forest.parents, self.forest.order)
        write_model(
            folder,
            method=self.method.name,
            genes=self.genes,
            types=self.types,
            label=self.label,
            ledger=self.ledger,
            settings=self.settings,
            arrays={
                "tables": self.tables,
                "proportions": self.proportions,
                "counts": self.counts,
                **{name: values.astype(np.int64) for name, values in zip(_INTEGERS, places, strict=True)},
            },
        )


def load_fitted(folder: Path, description: Mapping[str, Any]) -> MarginalsFitted:
    """Read what `save` wrote."""
    genes, types, settings = tuple(description["genes"]), tuple(description["types"]), dict(description["settings"])
    measured = int(settings["measured"])
    shapes = {
        "tables": (len(types), measured, LEVELS, LEVELS),
        "proportions": (len(genes),),
        "counts": (len(types),),
        **dict.fromkeys(_INTEGERS, (measured,)),
    }
    arrays = read_arrays(folder, description, shapes)
    columns, parents, order = (arrays[name].astype(np.intp) for name in _INTEGERS)
    return MarginalsFitted(
        genes=genes,
        types=types,
        label=str(description["label"]),
        ledger=read_ledger(folder, description),
        columns=columns,
        forest=Forest(parents, order),
        tables=arrays["tables"],
        proportions=arrays["proportions"],
        counts=arrays["counts"],
        settings=settings,
    )
