"""The simplest model of cells that is not absurd, without privacy: each gene by itself, within each type.

A cell of type t has a log-normal library size L; gene g's count is negative binomial of mean L p[t, g] and variance
m + phi[t, g] m^2. Dispersions are of maximum likelihood; a type's profile is pulled by one cell's worth of counts
towards the profile of all, so that small types have no impossible genes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from cohort import Cohort, row_sums
from conditioned_gen.barrier import PrivateCohort
from conditioned_gen.generator import Method, Progress
from conditioned_gen.generators import NEGATIVE_BINOMIAL
from conditioned_gen.generators._gene_counts import dispersion, draw
from conditioned_gen.generators._open import open_records
from conditioned_gen.ledger import Ledger
from conditioned_gen.sampling import draw_labels, positions, refuse_do, synthetic_cohort
from conditioned_gen.storage import read_arrays, read_ledger, write_model
from kg import GRN

Floats = npt.NDArray[np.float64]
_CHUNK = 8192


@dataclass(frozen=True)
class NegativeBinomial:
    """The method has no settings but how many typical cells of all types a type's profile is pulled by."""

    method: ClassVar[Method] = NEGATIVE_BINOMIAL
    pseudo_cells: float = 1.0

    def fit(
        self,
        private: PrivateCohort,
        *,
        grn: GRN,
        public: Cohort | None = None,
        seed: int,
        progress: Progress | None = None,
    ) -> NegativeBinomialFitted:
        """Take the records themselves, which a finite epsilon refuses. Graph, public cells and seed are not used."""
        records = open_records(private)
        libraries = row_sums(records.values)
        profile = _column_sums(records.values) / max(libraries.sum(), 1.0)
        typical, logs = self.pseudo_cells * float(libraries.mean()), np.log(np.maximum(libraries, 1.0))
        proportions, dispersions, moments = [], [], []
        for code in range(len(private.types)):
            rows = np.flatnonzero(records.types == code)
            counts, sizes = records.values[rows], libraries[rows]
            proportions.append((_column_sums(counts) + typical * profile) / (sizes.sum() + typical))
            dispersions.append(dispersion(counts, sizes, proportions[-1]))
            moments.append(_library(logs[rows], logs))
            if progress is not None:
                progress(code + 1, len(private.types))
        return NegativeBinomialFitted(
            genes=private.genes,
            types=private.types,
            label=private.label,
            ledger=private.ledger,
            proportions=np.array(proportions),
            dispersions=np.array(dispersions),
            libraries=np.array(moments),
            counts=records.counts,
            settings={"pseudo_cells": self.pseudo_cells},
        )


def _column_sums(counts: sp.csr_matrix) -> Floats:
    return np.asarray(counts.sum(axis=0), dtype=np.float64).ravel()


def _library(logs: Floats, overall: Floats) -> tuple[float, float]:
    """Mean and sd of a type's log library sizes (n,), pulled by one cell towards those of all."""
    mean = (logs.sum() + overall.mean()) / (len(logs) + 1)
    variance = (((logs - mean) ** 2).sum() + overall.var()) / (len(logs) + 1)
    return float(mean), float(np.sqrt(variance))


@dataclass(frozen=True, eq=False)
class NegativeBinomialFitted:
    """`proportions` and `dispersions` (types, g), mean and sd of log library sizes (types, 2), cells by type."""

    genes: tuple[str, ...]
    types: tuple[str, ...]
    label: str
    ledger: Ledger
    proportions: Floats
    dispersions: Floats
    libraries: Floats
    counts: Floats
    settings: dict[str, Any] = field(default_factory=dict)
    method: ClassVar[Method] = NEGATIVE_BINOMIAL

    def sample(
        self,
        n: int | None = None,
        *,
        labels: Sequence[str] | None = None,
        do: Mapping[str, float] | None = None,
        seed: int,
    ) -> Cohort:
        """As `conditioned_gen.Fitted.sample`; interventions are refused, since genes know nothing of each other."""
        refuse_do(do, self.genes, method=self.method.name)
        drawn = draw_labels(n, labels, self.types, self.counts, unit=self.ledger.unit)
        codes = positions(drawn, self.types)
        rng = np.random.default_rng(seed)
        counts = np.empty((len(codes), len(self.genes)), dtype=np.float32)
        for start in range(0, len(codes), _CHUNK):
            chunk = codes[start : start + _CHUNK]
            mean, sd = self.libraries[chunk].T
            sizes = np.exp(mean + sd * rng.standard_normal(len(chunk)))
            means = sizes[:, None] * self.proportions[chunk]
            counts[start : start + _CHUNK] = draw(rng, means, self.dispersions[chunk])
        return synthetic_cohort(counts, genes=self.genes, labels=drawn, label=self.label)

    def save(self, folder: str | Path) -> None:
        """As `conditioned_gen.Fitted.save`."""
        write_model(
            folder,
            method=self.method.name,
            genes=self.genes,
            types=self.types,
            label=self.label,
            ledger=self.ledger,
            settings=self.settings,
            arrays={name: getattr(self, name) for name in ("proportions", "dispersions", "libraries", "counts")},
        )


def load_fitted(folder: Path, description: Mapping[str, Any]) -> NegativeBinomialFitted:
    """Read what `save` wrote."""
    genes, types = tuple(description["genes"]), tuple(description["types"])
    whole = (len(types), len(genes))
    shapes = {"proportions": whole, "dispersions": whole, "libraries": (len(types), 2), "counts": (len(types),)}
    arrays = read_arrays(folder, description, shapes)
    return NegativeBinomialFitted(
        genes=genes,
        types=types,
        label=str(description["label"]),
        ledger=read_ledger(folder, description),
        settings=dict(description["settings"]),
        **{name: arrays[name] for name in shapes},
    )


GENERATOR = NegativeBinomial()
