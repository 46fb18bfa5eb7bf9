"""A cohort: an AnnData of raw counts plus the names of its label and donor columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp
from anndata import AnnData

from cohort._matrix import log_normalise, to_csr


@dataclass(frozen=True, eq=False)
class Cohort:
    """Cells x genes with raw counts in `adata.X`; `label` and `donor` name columns of `adata.obs`.

    The AnnData is never changed in place. `label=None` means unlabelled, `donor=None` that donors are not known.
    Use `read_cohort` or `check_cohort` to have the contents checked; the constructor only holds them.
    """

    adata: AnnData
    label: str | None = None
    donor: str | None = None

    def __len__(self) -> int:
        return int(self.adata.n_obs)

    def __repr__(self) -> str:
        types = f", {len(self.types)} types in {self.label!r}" if self.label else ""
        donors = f", donors in {self.donor!r}" if self.donor else ""
        return f"Cohort({len(self):,} cells x {len(self.genes):,} genes{types}{donors})"

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each cell."""
        return tuple(map(str, self.adata.obs_names))

    @cached_property
    def genes(self) -> tuple[str, ...]:
        """Gene names, in column order."""
        return tuple(map(str, self.adata.var_names))

    @cached_property
    def counts(self) -> sp.csr_matrix:
        """Raw counts, shape (n, g), CSR float32."""
        return to_csr(self.adata.X)

    @property
    def values(self) -> sp.csr_matrix:
        """What of a record may be measured: its counts."""
        return self.counts

    @cached_property
    def labels(self) -> npt.NDArray[np.str_]:
        """The type of each cell, shape (n,). Raises KeyError when the cohort is unlabelled."""
        if self.label is None:
            raise KeyError("this cohort has no label column")
        return np.asarray(self.adata.obs[self.label].astype(str), dtype=np.str_)

    @cached_property
    def types(self) -> tuple[str, ...]:
        """The distinct labels, sorted; () when unlabelled."""
        return tuple(np.unique(self.labels).tolist()) if self.label is not None else ()

    @cached_property
    def donors(self) -> npt.NDArray[np.str_]:
        """The donor of each cell, shape (n,). Raises KeyError when donors are not known."""
        if self.donor is None:
            raise KeyError("this cohort has no donor column")
        return np.asarray(self.adata.obs[self.donor].astype(str), dtype=np.str_)

    def subset(self, rows: Sequence[int] | npt.NDArray[Any]) -> Cohort:
        """The cells at `rows` (positions or a boolean mask), copied."""
        return Cohort(self.adata[np.asarray(rows)].copy(), label=self.label, donor=self.donor)

    def select_genes(self, genes: Sequence[str]) -> Cohort:
        """These genes in this order, copied. Raises KeyError naming genes that are not there."""
        missing = sorted(set(genes) - set(self.genes))
        if missing:
            raise KeyError(f"genes not in the cohort: {', '.join(missing[:10])}")
        return Cohort(self.adata[:, list(genes)].copy(), label=self.label, donor=self.donor)

    def regrouped(self, groups: Mapping[str, str]) -> Cohort:
        """The same cells, where a type that `groups` names goes under the name it gives; counts are shared."""
        if self.label is None:
            raise KeyError("this cohort has no label column")
        named = [groups.get(name, name) for name in self.labels.tolist()]
        obs = self.adata.obs.assign(**{self.label: pd.Categorical(named)})
        return Cohort(AnnData(self.adata.X, obs=obs, var=self.adata.var), label=self.label, donor=self.donor)

    def log_normalised(self) -> sp.csr_matrix:
        """log(1 + counts scaled to 10,000 a cell), shape (n, g), CSR float32; cells without counts stay zero."""
        return log_normalise(self.counts)
