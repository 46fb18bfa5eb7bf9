"""L-BFGS for many small problems at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from prisyn_base import require

if TYPE_CHECKING:
    import torch

MEMORY = 8
HALVINGS = 12
ENOUGH_DECREASE = 1e-4


def minimise(cost: Callable[[torch.Tensor], torch.Tensor], start: torch.Tensor, *, iterations: int) -> torch.Tensor:
    """The rows (b, d) that lower `cost`, rows (b, d) to numbers (b,), found from `start`.

    Each row is a problem of its own, with its own history and step length (halved until the cost falls by Armijo's
    rule), so what is found for one does not depend on which others are searched beside it. torch's own L-BFGS takes all
    rows for one problem. Nocedal and Wright, Numerical Optimization, 2006, algorithms 7.4 and 3.1.
    """
    require("torch", extra="train")
    import torch

    at = start.detach()
    value, slope = _evaluate(cost, at)
    history: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []
    for _ in range(iterations):
        direction = _direction(slope, history)
        fall = (direction * slope).sum(dim=1, keepdim=True)
        moved, gained = at, torch.zeros_like(fall, dtype=torch.bool)
        length = torch.ones_like(fall) if history else 1 / torch.clamp_min(slope.norm(dim=1, keepdim=True), 1e-12)
        for _ in range(HALVINGS):
            trial = at + length * direction
            with torch.no_grad():
                lower = cost(trial)[:, None] <= value[:, None] + ENOUGH_DECREASE * length * fall
            moved = torch.where(lower & ~gained, trial, moved)
            gained = gained | lower
            if bool(gained.all()):
                break
            length = length / 2
        if not bool(gained.any()):
            break
        value, new_slope = _evaluate(cost, moved)
        step, change = moved - at, new_slope - slope
        curvature = (step * change).sum(dim=1, keepdim=True)
        # Without positive curvature a pair would turn the direction uphill; it then weighs nothing for that row.
        weight = torch.where(curvature > 1e-10, 1 / torch.clamp_min(curvature, 1e-10), torch.zeros_like(curvature))
        history = [*history, (step, change, weight)][-MEMORY:]
        at, slope = moved, new_slope
    return at


def _evaluate(cost: Callable[[torch.Tensor], torch.Tensor], at: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Costs (b,) and their slopes (b, d)."""
    import torch

    leaf = at.detach().requires_grad_(True)
    value = cost(leaf)
    (slope,) = torch.autograd.grad(value.sum(), [leaf])
    return value.detach(), slope


def _direction(slope: torch.Tensor, history: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]) -> torch.Tensor:
    """Minus the approximate inverse Hessian times the slope, by the two loops, row by row."""
    import torch

    rest, shares = slope, []
    for step, change, weight in reversed(history):
        share = weight * (step * rest).sum(dim=1, keepdim=True)
        rest = rest - share * change
        shares.append(share)
    if history:
        _, change, weight = history[-1]
        length = (change**2).sum(dim=1, keepdim=True) * weight
        rest = torch.where(length > 0, rest / torch.clamp_min(length, 1e-12), rest)
    for (step, change, weight), share in zip(history, reversed(shares), strict=True):
        rest = rest + step * (share - weight * (change * rest).sum(dim=1, keepdim=True))
    return -rest
