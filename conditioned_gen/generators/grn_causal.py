"""A trained causal network: regulators are drawn first, and each target follows from its own regulators and noise.

What it is trained on depends on the promise:

- none (epsilon infinite): the records themselves, by maximum likelihood;
- a finite epsilon, with public cells: those, within clusters, since they have no types of ours. Levels, library sizes
  and numbers of types are what `grn_subspace` releases;
- a finite epsilon alone: the graph's prior with the released strength of its edges, fitted to the released levels.

The last two see private records through nothing but the release of `grn_subspace`: they are post-processing of it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
import torch
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from cohort import Cohort, row_sums
from conditioned_gen.axes import PUBLIC_AXES
from conditioned_gen.barrier import PrivateCohort
from conditioned_gen.generator import Method, Progress
from conditioned_gen.generators import GRN_CAUSAL
from conditioned_gen.generators._causal_fitted import CausalFitted, load_fitted
from conditioned_gen.generators._open import open_records
from conditioned_gen.generators._subspace_fitted import SubspaceFitted
from conditioned_gen.generators.grn_subspace import GrnSubspace
from conditioned_gen.hellinger import root_proportions
from conditioned_gen.networks import EdgeArrays
from conditioned_gen.networks.cells import CausalCells, OwnNoise
from conditioned_gen.networks.profiles import fit_profiles
from conditioned_gen.networks.trained import EdgeNetwork
from conditioned_gen.networks.training import Training, train
from kg import GRN

Floats = npt.NDArray[np.float64]
_NO_NOISE_BUT_POISSON = 1e4
"""A gamma shape so large that a gene's noise of its own is the Poisson's."""


@dataclass(frozen=True)
class GrnCausal:
    """Settings of the method; `release` is what it measures with where something is promised."""

    method: ClassVar[Method] = GRN_CAUSAL
    training: Training = field(default_factory=Training)
    release: GrnSubspace = field(default_factory=GrnSubspace)

    def fit(
        self,
        private: PrivateCohort,
        *,
        grn: GRN,
        public: Cohort | None = None,
        seed: int,
        progress: Progress | None = None,
    ) -> CausalFitted:
        """Measure (or, where nothing is promised, look) and train. `seed` starts the network and deals the batches."""
        edges = EdgeArrays.of(grn, private.genes)
        if np.isinf(private.ledger.budget_epsilon):
            private.take_as_public(f"the graph ({len(grn)} edges)")
            return self._on_records(private, edges, seed=seed, progress=progress)
        released = self.release.fit(private, grn=grn, public=public, seed=seed)
        if public is None:
            cells = self._on_release(released, edges, seed=seed)
        else:
            cells = self._on_public(public, private.genes, edges, released, seed=seed, progress=progress)
        cells.level.data = torch.from_numpy(np.log(np.maximum(released.proportions, 1e-9))).float()
        cells.level.data -= cells.log_mean_fold()
        return self._fitted(private, cells, released.counts, released.library_means, released.library_sds)

    def _on_records(
        self, private: PrivateCohort, edges: EdgeArrays, *, seed: int, progress: Progress | None
    ) -> CausalFitted:
        records = open_records(private)
        codes = records.types
        cells = train(
            records.values,
            codes,
            edges,
            types=len(private.types),
            settings=self.training,
            seed=seed,
            progress=progress,
        )
        logs = np.log(np.maximum(row_sums(records.values), 1.0))
        inside = [logs[codes == code] for code in range(len(private.types))]
        inside = [some if len(some) else logs for some in inside]
        means, sds = np.array([some.mean() for some in inside]), np.array([some.std() for some in inside])
        return self._fitted(private, cells, np.maximum(records.counts, 1.0), means, sds)

    def _on_public(
        self,
        public: Cohort,
        genes: tuple[str, ...],
        edges: EdgeArrays,
        released: SubspaceFitted,
        *,
        seed: int,
        progress: Progress | None,
    ) -> CausalCells:
        there = set(public.genes)
        places = np.array([place for place, gene in enumerate(genes) if gene in there], dtype=np.intp)
        shared = public.select_genes([genes[place] for place in places]).counts
        counts = sp.csr_matrix((shared.data, places[shared.indices], shared.indptr), shape=(len(public), len(genes)))
        measured = np.zeros(len(genes), dtype=bool)
        measured[places] = True
        return train(
            counts,
            clusters(shared, len(released.types)),
            edges,
            types=len(released.types),
            settings=self.training,
            seed=seed,
            measured=measured,
            progress=progress,
        )

    def _on_release(self, released: SubspaceFitted, edges: EdgeArrays, *, seed: int) -> CausalCells:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = EdgeNetwork(
                edges,
                hidden=self.training.hidden,
                gain=float(released.settings["gain"]),
                prior_sd=self.training.prior_sd,
            )
        fit_profiles(network, released.proportions, released.counts)
        noise = torch.from_numpy(released.network.noise_sd()).float()
        cells = CausalCells(OwnNoise(noise), network, types=len(released.types))
        cells.log_shape.data.fill_(float(np.log(_NO_NOISE_BUT_POISSON)))
        return cells.eval()

    def _fitted(
        self, private: PrivateCohort, cells: CausalCells, counts: Floats, library_means: Floats, library_sds: Floats
    ) -> CausalFitted:
        settings: dict[str, Any] = {"training": asdict(self.training), "edges": len(cells.network.edges)}
        return CausalFitted(
            genes=private.genes,
            types=private.types,
            label=private.label,
            ledger=private.ledger,
            cells=cells,
            counts=counts,
            library_means=library_means,
            library_sds=library_sds,
            settings=settings,
        )


def clusters(counts: sp.csr_matrix, count: int) -> npt.NDArray[np.intp]:
    """Clusters (n,) of cells without types: k-means along the principal axes of root proportions."""
    roots = root_proportions(counts)
    axes = min(PUBLIC_AXES, *roots.shape)
    scores = PCA(axes, svd_solver="randomized", random_state=0).fit_transform(roots)
    found: npt.NDArray[np.intp] = KMeans(min(count, len(scores)), n_init=3, random_state=0).fit_predict(scores)
    return found.astype(np.intp)


GENERATOR = GrnCausal()
__all__ = ["GENERATOR", "GrnCausal", "clusters", "load_fitted"]
