"""GS-WGAN: a generator that learns from noisy gradients of critics at its own samples.

Chen, Orekondy and Fritz (2020). Each critic is a Wasserstein critic with a gradient penalty (Gulrajani et al., 2017),
so its gradient at a sample has a norm near 1, and clipping to 1 costs little. Critics are trained on disjoint shares of
the units, and the few that are asked at a step are chosen by secret coins; the fewer are asked, the less noise a step
needs. It differs from the published method in what makes the accounting hold: the bound is that of a whole batch,
2 sqrt(b); critics are chosen by coins, rather than one a step; and critics are trained in turn whether they are asked
or not, since a critic that is trained when chosen would remember the choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch

from cohort import Cohort
from conditioned_gen.barrier import PrivateCohort
from conditioned_gen.ensemble import EnsembleSettings
from conditioned_gen.generator import Method, Progress
from conditioned_gen.generators import GS_WGAN
from conditioned_gen.generators._counts import release_counts
from conditioned_gen.generators._guided import Loop, follow, network_fitted, start_from_public
from conditioned_gen.generators._network import ConditionalGenerator, NetworkFitted, load_network
from kg import GRN

_LOOP = Loop(steps=500)
_CRITICS = EnsembleSettings(members=100, rounds=2, updates=2, hidden=16)


@dataclass(frozen=True)
class GsWgan:
    """Settings of the method; constants all of them, so that none has to be paid for."""

    method: ClassVar[Method] = GS_WGAN
    loop: Loop = _LOOP
    critics: EnsembleSettings = _CRITICS
    sample_rate: float = 0.05
    count_share: float = 0.05

    def fit(
        self,
        private: PrivateCohort,
        *,
        grn: GRN,
        public: Cohort | None = None,
        seed: int,
        progress: Progress | None = None,
    ) -> NetworkFitted:
        """Release numbers of types, then train, along public cells' axes if there are any. The graph is not used."""
        counts = release_counts(private, share=self.count_share)
        loop = self.loop
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = ConditionalGenerator(
                private.representation, len(private.types), latent=loop.latent, hidden=loop.hidden
            )
            axes = start_from_public(network, private, public)
            channel = private.critic_gradients(
                self.critics, steps=loop.steps, samples=loop.batch, sample_rate=self.sample_rate, seed=seed, axes=axes
            )
            asked = self.sample_rate * self.critics.members
            follow(network, channel.step, counts, loop, axes=axes, scale=1 / (asked * loop.batch), progress=progress)
        return network_fitted(self.method, private, network, counts, loop)


def load_fitted(folder: Path, description: Mapping[str, Any]) -> NetworkFitted:
    """Read what `NetworkFitted.save` wrote."""
    return load_network(folder, description, GS_WGAN)


GENERATOR = GsWgan()
