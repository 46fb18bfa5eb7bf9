"""The critic of the adversarial methods, and the use of a module beside the channel that hooks it."""

from __future__ import annotations

import copy
import math
from typing import TypeVar

import torch
from torch import nn

M = TypeVar("M", bound=nn.Module)


class Critic(nn.Module):
    """Vectors (n, width) of norm <= 1 and type positions (n,) to scores (n,), high where records look real.

    Two hidden layers, no batch statistics. Vectors are scaled to coordinates of about 1.
    """

    def __init__(self, width: int, types: int, *, hidden: int) -> None:
        super().__init__()
        self.types, self.scale = types, math.sqrt(width)
        self.layers = nn.Sequential(
            nn.Linear(width + types, hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden, hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden, 1),
        )

    def forward(self, vectors: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
        onehot = nn.functional.one_hot(types, self.types).to(vectors.dtype)
        scores: torch.Tensor = self.layers(torch.cat([vectors * self.scale, onehot], dim=1))
        return scores[:, 0]


def twin(module: M) -> M:
    """A copy that shares the parameters and has none of the hooks that a gradient channel will put on the module.

    What is generated is free, and runs through the twin: the hooks would keep gradients record by record, and fail
    where gradients are differentiated again. Make it before the channel is opened.
    """
    return copy.deepcopy(module, memo={id(parameter): parameter for parameter in module.parameters()})
