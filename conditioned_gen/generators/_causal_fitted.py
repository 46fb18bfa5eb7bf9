"""What `grn_causal` keeps: a trained causal model of cells, library sizes and numbers of units by type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
import torch

from cohort import Cohort
from conditioned_gen.generator import Method
from conditioned_gen.generators import GRN_CAUSAL
from conditioned_gen.ledger import Ledger
from conditioned_gen.networks import EdgeArrays
from conditioned_gen.networks.causal import held_deviation
from conditioned_gen.networks.cells import CausalCells, OwnNoise, SharedControl
from conditioned_gen.networks.trained import EdgeNetwork
from conditioned_gen.sampling import check_do, draw_labels, positions, synthetic_cohort
from conditioned_gen.storage import read_arrays, read_ledger, write_model

Floats = npt.NDArray[np.float64]
_CHUNK = 512
"""Cells at a time: sampling holds two numbers for each of them and edge."""
_EDGES = ("regulators", "targets", "signs", "beliefs")


@dataclass(frozen=True, eq=False)
class CausalFitted:
    """Library sizes are log-normal with `library_means` and `library_sds` (types,); `counts` (types,) are of units."""

    genes: tuple[str, ...]
    types: tuple[str, ...]
    label: str
    ledger: Ledger
    cells: CausalCells
    counts: Floats
    library_means: Floats
    library_sds: Floats
    settings: dict[str, Any] = field(default_factory=dict)
    method: ClassVar[Method] = GRN_CAUSAL

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
        control, network = self.cells.control, self.cells.network
        shape = {"hidden": network.hidden, "gain": network.gain, "prior_sd": network.prior_sd}
        if isinstance(control, SharedControl):
            shape |= {"latent": control.latent, "width": control.width}
        write_model(
            folder,
            method=self.method.name,
            genes=self.genes,
            types=self.types,
            label=self.label,
            ledger=self.ledger,
            settings={**self.settings, "network": shape},
            arrays={
                **{f"cells.{name}": value.numpy() for name, value in self.cells.state_dict().items()},
                **{f"edges.{name}": getattr(network.edges, name) for name in _EDGES},
                "counts": self.counts,
                "library_means": self.library_means,
                "library_sds": self.library_sds,
            },
        )

    def _chunk(self, codes: npt.NDArray[np.intp], held: Mapping[int, float], *, seed: int, chunk: int) -> sp.csr_matrix:
        cells = np.random.default_rng([seed, chunk])
        libraries = np.exp(self.library_means[codes] + self.library_sds[codes] * cells.standard_normal(len(codes)))
        draws = torch.from_numpy(cells.standard_normal((len(codes), self.cells.control.latent)).astype(np.float32))
        fixed = {gene: held_deviation(fold) + self._log_mean_fold[gene] for gene, fold in held.items()}
        with torch.no_grad():
            levels = self.cells.level[torch.from_numpy(codes)]
            folds = (levels + self.cells.deviations(draws, fixed)).exp().double().numpy()
            shapes = self.cells.log_shape.exp().double().numpy()
            normal = (levels + torch.from_numpy(self._log_mean_fold).float()).exp().double().numpy()
        counts = np.empty((len(codes), len(self.genes)), dtype=np.float32)
        for gene in range(len(self.genes)):
            # A stream for each gene: what an intervention does not reach is drawn as it would have been without it.
            stream = np.random.default_rng([seed, chunk, gene + 1])
            noise = stream.gamma(shapes[gene], 1 / shapes[gene], len(codes))
            rates = folds[:, gene] * noise if gene not in held else normal[:, gene] * held[gene]
            counts[:, gene] = stream.poisson(libraries * rates)
        return sp.csr_matrix(counts)

    @cached_property
    def _log_mean_fold(self) -> Floats:
        """How far each gene's average lies above its level, shape (g,): interventions are multiples of the average."""
        return np.asarray(self.cells.log_mean_fold().double().numpy())


def load_fitted(folder: Path, description: Mapping[str, Any]) -> CausalFitted:
    """Read what `save` wrote; checksum, shapes and edges are checked."""
    genes, types, settings = tuple(description["genes"]), tuple(description["types"]), dict(description["settings"])
    arrays = read_arrays(folder, description, {f"edges.{name}": (None,) for name in _EDGES})
    edges = EdgeArrays(len(genes), *(arrays[f"edges.{name}"] for name in _EDGES))
    cells = _empty(edges, settings.pop("network"), types=len(types))
    shapes = {f"cells.{name}": tuple(value.shape) for name, value in cells.state_dict().items()}
    by_type = dict.fromkeys(("counts", "library_means", "library_sds"), (len(types),))
    arrays = read_arrays(folder, description, {**shapes, **by_type})
    cells.load_state_dict({name: torch.from_numpy(arrays[f"cells.{name}"]) for name in cells.state_dict()})
    return CausalFitted(
        genes=genes,
        types=types,
        label=str(description["label"]),
        ledger=read_ledger(folder, description),
        cells=cells.eval(),
        counts=arrays["counts"],
        library_means=arrays["library_means"],
        library_sds=arrays["library_sds"],
        settings=settings,
    )


def _empty(edges: EdgeArrays, shape: Mapping[str, Any], *, types: int) -> CausalCells:
    """A model of that shape, whose numbers are still to be read: what it starts from is thrown away."""
    with torch.random.fork_rng(devices=[]):
        gain, prior_sd = float(shape["gain"]), float(shape["prior_sd"])
        network = EdgeNetwork(edges, hidden=int(shape["hidden"]), gain=gain, prior_sd=prior_sd)
        if "latent" not in shape:
            return CausalCells(OwnNoise(torch.zeros(edges.genes)), network, types=types)
        control = SharedControl(edges, latent=int(shape["latent"]), width=int(shape["width"]))
        return CausalCells(control, network, types=types)
