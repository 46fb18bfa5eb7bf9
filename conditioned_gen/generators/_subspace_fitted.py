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

from cohort import Cohort
from conditioned_gen.generator import Method
from conditioned_gen.generators import GRN_SUBSPACE
from conditioned_gen.generators._subspace_mixtures import Mixtures
from conditioned_gen.ledger import Ledger
from conditioned_gen.networks import CausalNetwork
from conditioned_gen.networks.causal import held_deviation
from conditioned_gen.sampling import check_do, draw_labels, positions, synthetic_cohort
from conditioned_gen.storage import read_arrays, read_ledger, write_model

Floats = npt.NDArray[np.float64]
_CHUNK = 8192
_LIMIT = 3.0
_CALIBRATION = 2000


@dataclass(frozen=True, eq=False)
class SubspaceFitted:
    """Counts of gene g in a cell of component j of type t are Poisson with rate L p[t, j, g] exp(u_g) / E[exp(u_g)].

    The components, their profiles p and the log-normal library sizes L are those of `mixtures`; u solves the causal
    network; `counts` (types,) are the released numbers of units.
    """

    genes: tuple[str, ...]
    types: tuple[str, ...]
    label: str
    ledger: Ledger
    mixtures: Mixtures
    counts: Floats
    network: CausalNetwork
    settings: dict[str, Any] = field(default_factory=dict)
    method: ClassVar[Method] = GRN_SUBSPACE

    @property
    def proportions(self) -> Floats:
        """The mean profile of each type, (types, g)."""
        return self.mixtures.proportions

    @property
    def library_means(self) -> Floats:
        """Mean log library size of each type, (types,)."""
        return self.mixtures.libraries[:, 0]

    @property
    def library_sds(self) -> Floats:
        """Standard deviation of log library sizes within each type, (types,)."""
        return self.mixtures.library_sds

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
        codes = positions(drawn, self.types)
        chunks = [
            self._chunk(codes[start : start + _CHUNK], held, seed=seed, chunk=number)
            for number, start in enumerate(range(0, len(codes), _CHUNK))
        ]
        return synthetic_cohort(sp.vstack(chunks), genes=self.genes, labels=drawn, label=self.label)

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
            settings={**self.settings, "spread": self.network.spread},
            arrays={
                "proportions": self.proportions,
                "weights": self.mixtures.weights,
                "profiles": self.mixtures.profiles,
                "libraries": self.mixtures.libraries,
                "library_sds": self.library_sds,
                "counts": self.counts,
                "network.data": weights.data,
                "network.indices": weights.indices.astype(np.int64),
                "network.indptr": weights.indptr.astype(np.int64),
            },
        )

    def _chunk(self, codes: npt.NDArray[np.intp], held: Mapping[int, float], *, seed: int, chunk: int) -> sp.csr_matrix:
        cells = np.random.default_rng([seed, chunk])
        parts = self.mixtures.draw(codes, cells)
        spread = self.library_sds[codes] * cells.standard_normal(len(codes))
        libraries = np.exp(self.mixtures.libraries[codes, parts] + spread)
        # A stream for each gene: what an intervention does not reach is drawn as it would have been without it.
        streams = [np.random.default_rng([seed, chunk, gene + 1]) for gene in range(len(self.genes))]
        noise = np.array([stream.standard_normal(len(codes)) for stream in streams])
        noise *= self.network.noise_sd()[:, None]
        deviations = self.network.propagate(noise, held={gene: held_deviation(fold) for gene, fold in held.items()})
        counts, levels = np.empty((len(codes), len(self.genes)), dtype=np.float32), self.mixtures.components
        for gene, stream in enumerate(streams):
            free = np.exp(np.clip(deviations[gene], -_LIMIT, _LIMIT)) / self._mean_fold[gene]
            counts[:, gene] = stream.poisson(libraries * levels[codes, parts, gene] * held.get(gene, free))
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
            "weights": (len(types), None),
            "profiles": (None, len(genes)),
            "libraries": (len(types), None),
            "library_sds": (len(types),),
            "counts": (len(types),),
            "network.data": (None,),
            "network.indices": (None,),
            "network.indptr": (len(genes) + 1,),
        },
    )
    settings = dict(description["settings"])
    spread = float(settings.pop("spread"))
    weights = sp.csr_matrix(
        (arrays["network.data"], arrays["network.indices"], arrays["network.indptr"]), shape=(len(genes), len(genes))
    )
    weights.check_format(full_check=True)
    return SubspaceFitted(
        genes=genes,
        types=types,
        label=str(description["label"]),
        ledger=read_ledger(folder, description),
        mixtures=Mixtures(
            arrays["proportions"],
            arrays["weights"],
            arrays["profiles"],
            arrays["libraries"],
            arrays["library_sds"],
            spread=spread,
        ),
        counts=arrays["counts"],
        network=CausalNetwork(weights, spread),
        settings=settings,
    )
