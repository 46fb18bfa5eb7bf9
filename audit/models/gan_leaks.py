"""The latent search: how near can the generator come to this record, whatever it is fed?"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from audit.attacks import AttackView
from audit.models._lbfgs import minimise
from audit.models._protocol import LatentModel
from audit.neighbours import Floats, nearest
from prisyn_base import require

if TYPE_CHECKING:
    import torch

STARTS = 1024
BLOCK = 256
CHILDREN = 8
Search = Callable[["torch.Tensor", "torch.Tensor", "torch.Generator"], "torch.Tensor"]
"""Records (b, p), first codes (b, d) and a source of chance to better codes (b, d)."""


@dataclass(frozen=True, eq=False)
class _LatentSearch(ABC):
    """What both attackers do: search from the best of some random codes, and suspect whatever can be reached."""

    model: LatentModel
    weight: float = 1e-3
    seed: int = 0
    reference: str = "Chen, Yu, Zhang and Fritz, GAN-Leaks, CCS 2020"
    needs_reference: bool = False
    holds_model: bool = True
    ignores_synthetic: bool = True

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        return -self.reach(view.all_genes[0]).cost

    def reach(self, records: Floats) -> Reached:
        """The closest outputs that are found to records (n, p)."""
        return _reach(self.model, records, self._search, self.weight, self.seed)

    @abstractmethod
    def _search(self, records: torch.Tensor, codes: torch.Tensor, chance: torch.Generator) -> torch.Tensor:
        """Better codes (b, d) for records (b, p) than the first ones."""


@dataclass(frozen=True, eq=False)
class WhiteBox(_LatentSearch):
    """score(x) = -min_z sqrt(|x - G(z)|^2 / p + weight |z|^2 / d), by L-BFGS through the decoder.

    Each search starts at the best of 1,024 random codes. The second term keeps codes where the prior has mass: far
    outside it, a decoder reaches records that it never learnt. Needs torch.
    """

    iterations: int = 60
    name: str = "gan_leaks_white"
    label: str = "Latent search with weights"
    explanation: str = "Follows the generator's gradients to the output closest to a record: closer, more suspicion."

    def _search(self, records: torch.Tensor, codes: torch.Tensor, chance: torch.Generator) -> torch.Tensor:
        def cost(at: torch.Tensor) -> torch.Tensor:
            return _squared_cost(self.model, records, at, self.weight)

        return minimise(cost, codes, iterations=self.iterations)


@dataclass(frozen=True, eq=False)
class PartialBlackBox(_LatentSearch):
    """score(x) as in `WhiteBox`, but codes are only tried: the attacker chooses z and sees G(z), no weights.

    A (1 + 8) evolution strategy over all records at once, in place of the paper's Powell search of a record at a time.
    Each record has a step size of its own, which grows where a trial helped and shrinks where none did; all try the
    same directions, so that a record's score does not depend on its place among the others.
    """

    rounds: int = 60
    name: str = "gan_leaks_partial"
    label: str = "Latent search by trial"
    explanation: str = "Tries inputs of the generator until its output comes close to a record: closer, more suspicion."

    def _search(self, records: torch.Tensor, codes: torch.Tensor, chance: torch.Generator) -> torch.Tensor:
        import torch

        count, latent = codes.shape
        with torch.no_grad():
            best = _squared_cost(self.model, records, codes, self.weight)
            step = torch.full((count, 1), 0.3)
            for _ in range(self.rounds):
                trials = codes[:, None] + step[:, None] * torch.randn(CHILDREN, latent, generator=chance)
                many = records.repeat_interleave(CHILDREN, dim=0)
                costs = _squared_cost(self.model, many, trials.reshape(-1, latent), self.weight).reshape(
                    count, CHILDREN
                )
                cost, which = costs.min(dim=1)
                better = cost < best
                codes = torch.where(better[:, None], trials[torch.arange(count), which], codes)
                best = torch.where(better, cost, best)
                step = torch.where(better[:, None], step * 1.3, step * 0.8)
        return codes


@dataclass(frozen=True, eq=False)
class Reached:
    """What a latent search found for each record: `outputs` (n, p), `codes` (n, d), `cost` (n,) of `WhiteBox`."""

    outputs: npt.NDArray[np.float64]
    codes: npt.NDArray[np.float64]
    cost: npt.NDArray[np.float64]


def _squared_cost(model: LatentModel, records: torch.Tensor, codes: torch.Tensor, weight: float) -> torch.Tensor:
    """|x - G(z)|^2 / p + weight |z|^2 / d for each record, shape (b,)."""
    return ((model.decode(codes) - records) ** 2).mean(dim=1) + weight * (codes**2).mean(dim=1)


def _reach(model: LatentModel, records: Floats, search: Search, weight: float, seed: int) -> Reached:
    """Search from the code among `STARTS` random ones whose output is closest; records are searched in blocks."""
    require("torch", extra="train")
    import torch

    first = torch.randn(STARTS, model.latent, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        drawn = model.decode(first).numpy()
    starts = first[torch.from_numpy(nearest(records, drawn, 1).indices[:, 0])]
    wanted = torch.from_numpy(np.asarray(records, dtype=np.float32))
    codes, costs, outputs = [], [], []
    for at in range(0, len(wanted), BLOCK):
        block = wanted[at : at + BLOCK]
        found = search(block, starts[at : at + BLOCK], torch.Generator().manual_seed(seed + 1))
        with torch.no_grad():
            codes.append(found)
            costs.append(_squared_cost(model, block, found, weight).sqrt())
            outputs.append(model.decode(found))
    return Reached(*(torch.cat(parts).double().numpy() for parts in (outputs, codes, costs)))
