"""The critic of the adversarial methods, what it is shown, and its use beside the channel that hooks it."""

from __future__ import annotations

import copy
import math
from typing import TypeVar

import numpy as np
import torch
from torch import nn

from conditioned_gen.representation import CellVectors

M = TypeVar("M", bound=nn.Module)


class Critic(nn.Module):
    """Vectors (n, width) of norm <= 1 and type positions (n,) to scores (n,), high where records look real.

    Two hidden layers, no batch statistics. Vectors are scaled to coordinates of about 1. Each type has a last layer of
    its own: beside a thousand scaled coordinates, a type that is one more input is hardly heard.
    """

    def __init__(self, width: int, types: int, *, hidden: int) -> None:
        super().__init__()
        self.types, self.scale = types, math.sqrt(width)
        self.layers = nn.Sequential(
            nn.Linear(width, hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden, hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden, types),
        )

    def forward(self, vectors: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
        # Indexing, unlike `one_hot`, works under `torch.func.vmap`.
        return torch.sum(self.layers(vectors * self.scale) * torch.eye(self.types)[types], dim=1)


def drawn(view: CellVectors, means: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Vectors of counts drawn around mean vectors (n, width), whose gradient is handed on to the means unchanged.

    A network of a few dozen latent numbers cannot invent the independent sampling noise of a thousand genes, and a
    critic tells cells without it at once. So the critic sees it, and the gradient goes through the drawing as if that
    were the identity (straight-through; Bengio et al. 2013).
    """
    counts = rng.poisson(view.rates(means.detach().double().numpy())).astype(np.float32)
    return means + (torch.from_numpy(view.vectors(counts)) - means).detach()


def twin(module: M) -> M:
    """A copy that shares the parameters and has none of the hooks that a gradient channel will put on the module.

    What is generated is free, and runs through the twin: the hooks would keep gradients record by record, and fail
    where gradients are differentiated again. Make it before the channel is opened.
    """
    return copy.deepcopy(module, memo={id(parameter): parameter for parameter in module.parameters()})
