"""Inverting gradients: the records whose gradient points the same way, whatever its length."""

from __future__ import annotations

import torch

from audit.collaborative._inverted import Inverted, best_of
from audit.collaborative._protocol import Collaborator, Gradient


def invert_gradient(
    collaborator: Collaborator,
    shared: Gradient,
    targets: torch.Tensor,
    *,
    features: int,
    seed: int,
    steps: int = 400,
    learning_rate: float = 0.1,
    restarts: int = 1,
    smoothness: float = 0.0,
) -> Inverted:
    """min over x of 1 - cos(grad L(x, targets), shared) + smoothness * TV(x), by Adam on the gradient's signs.

    `targets` (b, c) are taken as known, as in the paper (a single record's label can be read off the last layer). TV is
    the mean step between neighbouring features: only for features with an order, such as a time series. The learning
    rate falls by ten after 3/8, 5/8 and 7/8 of the steps. The direction of a gradient survives clipping; its length
    does not.

    Geiping, Bauermeister, Dröge and Moeller, Inverting gradients, NeurIPS 2020.
    """
    wanted = torch.cat([piece.detach().flatten() for piece in shared])

    def search(chance: torch.Generator) -> Inverted:
        records = torch.randn(len(targets), features, generator=chance).requires_grad_(True)
        optimiser = torch.optim.Adam([records], lr=learning_rate)
        falls = [steps * part // 8 for part in (3, 5, 7)]
        schedule = torch.optim.lr_scheduler.MultiStepLR(optimiser, milestones=falls, gamma=0.1)
        for _ in range(steps):
            (slope,) = torch.autograd.grad(mismatch(records) + smoothness * _variation(records), [records])
            records.grad = slope.sign()
            optimiser.step()
            schedule.step()
        found = records.detach()
        return Inverted(found.double().numpy(), targets.double().numpy(), float(mismatch(found).detach()))

    def mismatch(records: torch.Tensor) -> torch.Tensor:
        own = torch.cat([piece.flatten() for piece in collaborator.gradient(records, targets, differentiable=True)])
        return 1 - torch.nn.functional.cosine_similarity(own, wanted, dim=0)

    return best_of(restarts, seed, search)


def _variation(records: torch.Tensor) -> torch.Tensor:
    return (records[:, 1:] - records[:, :-1]).abs().mean()
