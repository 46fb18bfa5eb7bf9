"""Deep leakage: the records and labels whose gradient is the shared one, by second-order search."""

from __future__ import annotations

import torch

from audit.collaborative._inverted import Inverted, best_of
from audit.collaborative._protocol import Collaborator, Gradient


def deep_leakage(
    collaborator: Collaborator,
    shared: Gradient,
    *,
    features: int,
    classes: int,
    seed: int,
    size: int = 1,
    iterations: int = 200,
    restarts: int = 4,
) -> Inverted:
    """min over (x, y) of sum |grad L(x, softmax(y)) - shared|^2, by L-BFGS; x (size, features), y (size, classes).

    Labels are searched for as well. Works for a few records and activations that are smooth (the search needs second
    derivatives, and a rectifier has none). The mismatch is relative: divided by |shared|^2.

    Zhu, Liu and Han, Deep leakage from gradients, NeurIPS 2019.
    """
    scale = sum(float((piece**2).sum()) for piece in shared) or 1.0

    def search(chance: torch.Generator) -> Inverted:
        records = torch.randn(size, features, generator=chance).requires_grad_(True)
        answers = torch.randn(size, classes, generator=chance).requires_grad_(True)
        optimiser = torch.optim.LBFGS(
            [records, answers], max_iter=iterations, line_search_fn="strong_wolfe", tolerance_change=1e-14
        )

        def mismatch() -> torch.Tensor:
            targets = torch.softmax(answers, dim=1)
            own = collaborator.gradient(records, targets, differentiable=True)
            total = torch.stack([((a - b) ** 2).sum() for a, b in zip(own, shared, strict=True)]).sum() / scale
            records.grad, answers.grad = torch.autograd.grad(total, [records, answers])
            return total.detach()

        optimiser.step(mismatch)  # type: ignore[no-untyped-call]
        said = torch.softmax(answers, dim=1)
        return Inverted(records.detach().double().numpy(), said.detach().double().numpy(), float(mismatch()))

    return best_of(restarts, seed, search)
