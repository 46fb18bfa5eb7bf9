"""Fitting a causal network to what a private release says of types: post-processing, which costs nothing.

The released levels of types are as good as a few cells with next to no sampling noise: where types differ in a
regulator, its targets tell how they follow it. With u the log levels of a type minus their mean over types,

    loss = sum over types and targets of weight[type] (u_t - f_t(u_R(t)))^2 / (2 sd^2) + penalty of the edges

in which a dozen types move an edge only as far as they outweigh the graph's prior for it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from conditioned_gen.networks.trained import EdgeNetwork

Floats = npt.NDArray[np.float64]
_LEAST = 1e-5
"""Proportions below one in a hundred thousand are noise, whatever a release says of them."""


def fit_profiles(
    network: EdgeNetwork,
    proportions: Floats,
    weights: Floats,
    *,
    sd: float = 0.5,
    steps: int = 200,
    learning_rate: float = 1e-2,
) -> None:
    """Train `network` in place on proportions (types, g); `weights` (types,) say how much each type counts.

    Nothing random is drawn, so that the same release gives the same network.
    """
    logs = np.log(np.maximum(proportions, _LEAST))
    shares = weights / weights.sum()
    centred = torch.from_numpy((logs - shares @ logs).T).float()
    counted = torch.from_numpy(shares * len(shares)).float()
    regulated = torch.from_numpy(np.unique(network.edges.targets))
    if not len(regulated):
        return
    optimiser = torch.optim.Adam(network.parameters(), lr=learning_rate)
    for _ in range(steps):
        misses = (centred - network.responses(centred))[regulated]
        loss = (misses**2 @ counted).sum() / (2 * sd**2) + network.penalty()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
