"""What `grn_subspace` keeps: a level for each gene and type, library sizes, and a causal network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from cohort import Cohort, make_cohort
from conditioned_gen.generator import Method
from conditioned_gen.generators import GRN_SUBSPACE
from conditioned_gen.ledger import Ledger
from conditioned_gen.networks import CausalNetwork
from conditioned_gen.networks.causal import held_deviation
from conditioned_gen.sampling import check_do, draw_labels
from conditioned_gen.storage import read_arrays, read_ledger, write_model

Floats = npt.NDArray[np.float64]
_CHUNK = 8192
_LIMIT = 3.0
_CALIBRATION = 2000


@dataclass(frozen=True, eq=False)
class SubspaceFitted:
    """Counts of gene g in a cell of type t are Poisson with rate L p[t, g] exp(u_g) / E[exp(u_g)].

    `proportions` (types, g) add up to 1 over genes; L is log-normal with `library_means` (types,) and `library_sd`;
    u solves the causal network; `counts` (types,) are the released numbers of units.
    """

    genes: tuple[str, ...]
    types: tuple[str, ...]
    label: str
    ledger: Ledger
    proportions: Floats
    counts: Floats
    library_means: Floats
    library_sd: float
    network: CausalNetwork
    settings: dict[str, Any] = field(default_factory=dict)
    method: ClassVar[Method] = GRN_SUBSPACE

    def sample(
        self,
        n: int | None = None,
        *,
        labels: Sequence[str] | None = None,
        do: Mapping[str, float] | None = None,
        seed: int,
    ) -> Cohort:
        """As `conditioned_gen.Fitted.sample`. With the same seed, cells differ under `do` only in what it reaches."""
        held = check_do(do or {}, self.genes)
        drawn = draw_labels(n, labels, self.types, self.counts, unit=self.ledger.unit)
        codes = np.array([self.types.index(label) for label in drawn], dtype=np.intp)
        chunks = [
            self._chunk(codes[start : start + _CHUNK], held, seed=seed, chunk=number)
            for number, start in enumerate(range(0, len(codes), _CHUNK))
        ]
        return make_cohort(
            sp.vstack(chunks),
            genes=self.genes,
            labels=drawn,
            label=self.label,
            cells=[f"synthetic-{row}" for row in range(len(drawn))],
        )

    def save(self, folder: str | Path) -> None:
        """As `conditioned_gen.Fitted.save`."""
        weights = self.network.weights
        write_model(
            folder,
            method=self.method.name,
            genes=self.genes,
            types=self.types,
            label=self.label,
            ledger=self.ledger,
            settings={**self.settings, "library_sd": self.library_sd, "spread": self.network.spread},
            arrays={
                "proportions": self.proportions,
                "counts": self.counts,
                "library_means": self.library_means,
                "network.data": weights.data,
                "network.indices": weights.indices.astype(np.int64),
                "network.indptr": weights.indptr.astype(np.int64),
            },
        )

    def _chunk(self, codes: npt.NDArray[np.intp], held: Mapping[int, float], *, seed: int, chunk: int) -> sp.csr_matrix:
        cells = np.random.default_rng([seed, chunk])
        spread = self.library_sd * cells.standard_normal(len(codes))
        libraries = np.exp(self.library_means[codes] + spread)
        # A stream for each gene: what an intervention does not reach is drawn as it would have been without it.
        streams = [np.random.default_rng([seed, chunk, gene + 1]) for gene in range(len(self.genes))]
        noise = np.array([stream.standard_normal(len(codes)) for stream in streams])
        noise *= self.network.noise_sd()[:, None]
        deviations = self.network.propagate(noise, held={gene: held_deviation(fold) for gene, fold in held.items()})
        counts = np.empty((len(codes), len(self.genes)), dtype=np.float32)
        for gene, stream in enumerate(streams):
            free = np.exp(np.clip(deviations[gene], -_LIMIT, _LIMIT)) / self._mean_fold[gene]
            counts[:, gene] = stream.poisson(libraries * self.proportions[codes, gene] * held.get(gene, free))
        return sp.csr_matrix(counts)

    @cached_property
    def _mean_fold(self) -> Floats:
        """E[exp(u)] for each gene, shape (g,), so that the network leaves the released levels as they are."""
        rng = np.random.default_rng(0)
        noise = rng.standard_normal((len(self.genes), _CALIBRATION)) * self.network.noise_sd()[:, None]
        folds: Floats = np.exp(np.clip(self.network.propagate(noise), -_LIMIT, _LIMIT)).mean(axis=1)
        return folds


def load_fitted(folder: Path, description: Mapping[str, Any]) -> SubspaceFitted:
    """Read what `save` wrote; checksum, shapes and the network's structure are checked."""
    genes, types = tuple(description["genes"]), tuple(description["types"])
    arrays = read_arrays(
        folder,
        description,
        {
            "proportions": (len(types), len(genes)),
            "counts": (len(types),),
            "library_means": (len(types),),
            "network.data": (None,),
            "network.indices": (None,),
            "network.indptr": (len(genes) + 1,),
        },
    )
    settings = dict(description["settings"])
    weights = sp.csr_matrix(
        (arrays["network.data"], arrays["network.indices"], arrays["network.indptr"]), shape=(len(genes), len(genes))
    )
    weights.check_format(full_check=True)
    return SubspaceFitted(
        genes=genes,
        types=types,
        label=str(description["label"]),
        ledger=read_ledger(folder, description),
        proportions=arrays["proportions"],
        counts=arrays["counts"],
        library_means=arrays["library_means"],
        library_sd=float(settings.pop("library_sd")),
        network=CausalNetwork(weights, float(settings.pop("spread"))),
        settings=settings,
    )
