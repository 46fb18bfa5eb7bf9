"""DP-Sinkhorn: a generator that minimises an optimal-transport distance to private batches through noisy gradients.

Cao, Bie, Vahdat, Fidler and Kreis (2021). The loss between a generated batch X and a private batch Y is the Sinkhorn
divergence W(X, Y) - W(X, X) / 2 - W(Y, Y) / 2 (Genevay et al., 2018; Feydy et al., 2019), with squared distances as
cost and a charge for joining records of different types. There is no critic to train. Its gradient at X is clipped as a
whole and noised; W(Y, Y) does not depend on X and falls away.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch

from cohort import Cohort
from conditioned_gen.barrier import PrivateCohort
from conditioned_gen.generator import Method, Progress
from conditioned_gen.generators import DP_SINKHORN
from conditioned_gen.generators._counts import release_counts
from conditioned_gen.generators._guided import Loop, follow, network_fitted, start_from_public
from conditioned_gen.generators._network import ConditionalGenerator, NetworkFitted, load_network
from conditioned_gen.sample_gradients import BatchLoss
from kg import GRN

_LOOP = Loop(steps=1000, hidden=32, memory=0.99)


@dataclass(frozen=True)
class DpSinkhorn:
    """Settings of the method; constants all of them, so that none has to be paid for.

    `blur` is the weight of entropy in the transport plan and `across` the charge for joining two types, both in the
    unit of squared distances between vectors, which are at most 4 because vectors have norm <= 1.
    """

    method: ClassVar[Method] = DP_SINKHORN
    loop: Loop = _LOOP
    sample_rate: float = 0.01
    clip: float = 0.05
    blur: float = 0.05
    across: float = 2.0
    iterations: int = 20
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
        loss = sinkhorn_divergence(blur=self.blur, across=self.across, iterations=self.iterations)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = ConditionalGenerator(
                private.representation, len(private.types), latent=loop.latent, hidden=loop.hidden
            )
            axes = start_from_public(network, private, public)
            channel = private.sample_gradients(
                loss, steps=loop.steps, samples=loop.batch, sample_rate=self.sample_rate, clip=self.clip, axes=axes
            )
            follow(network, channel.step, counts, loop, axes=axes, scale=1.0, progress=progress)
        return network_fitted(self.method, private, network, counts, loop)


def sinkhorn_divergence(*, blur: float, across: float, iterations: int) -> BatchLoss:
    """W(X, Y) - W(X, X) / 2 of samples X and private vectors Y, up to a term that does not depend on X."""

    def loss(
        samples: torch.Tensor, sample_types: torch.Tensor, private: torch.Tensor, private_types: torch.Tensor
    ) -> torch.Tensor:
        between = _cost(samples, sample_types, private, private_types, across)
        within = _cost(samples, sample_types, samples, sample_types, across)
        return transport(between, blur, iterations) - transport(within, blur, iterations) / 2

    return loss


def transport(cost: torch.Tensor, blur: float, iterations: int) -> torch.Tensor:
    """<plan, cost> + blur KL(plan | a (x) b) at the entropic plan for a cost (b, m) and even weights.

    Sinkhorn's iterations in the log domain, without gradients: at the optimum the gradient of the value with respect
    to the cost is the plan itself (the envelope theorem), so <plan, cost> with the plan held fixed has it.
    """
    with torch.no_grad():
        scaled = -cost / blur
        rows, columns = cost.shape
        first, second = torch.zeros(rows), torch.zeros(columns)
        for _ in range(iterations):
            first = math.log(columns) - torch.logsumexp(scaled + second[None, :], dim=1)
            second = math.log(rows) - torch.logsumexp(scaled + first[:, None], dim=0)
        plan = torch.exp(scaled + first[:, None] + second[None, :]) / (rows * columns)
    return (plan * cost).sum()


def _cost(
    one: torch.Tensor, one_types: torch.Tensor, other: torch.Tensor, other_types: torch.Tensor, across: float
) -> torch.Tensor:
    squares = (one**2).sum(dim=1)[:, None] + (other**2).sum(dim=1)[None, :] - 2 * one @ other.T
    return squares + across * (one_types[:, None] != other_types[None, :])


def load_fitted(folder: Path, description: Mapping[str, Any]) -> NetworkFitted:
    """Read what `NetworkFitted.save` wrote."""
    return load_network(folder, description, DP_SINKHORN)


GENERATOR = DpSinkhorn()
