"""Collaborative training in one process, to attack: participants share gradients, a server averages them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch

from audit.collaborative._protocol import Gradient, SharedModule
from audit.collaborative.defence import Defence, Undefended


@dataclass(frozen=True, eq=False)
class Participant:
    """An honest participant: records (n, p), targets (n, c), and what it does to its gradients before sharing them."""

    records: torch.Tensor
    targets: torch.Tensor
    defence: Defence = field(default_factory=Undefended)

    def update(self, shared: SharedModule, *, number: int) -> Gradient:
        """Its update of round `number`: the gradient over all of its records, defended."""
        return self.defence.shared(shared.gradients(self.records, self.targets), number=number)


@dataclass(frozen=True, eq=False)
class SimulatedRound:
    """A `Round` of federated SGD: the mean of the updates of one attacker and the others, times the learning rate."""

    shared: SharedModule
    others: tuple[Participant, ...]
    learning_rate: float
    number: int = 0

    def finish(self, update: Gradient) -> SimulatedRound:
        updates = [update, *(other.update(self.shared, number=self.number) for other in self.others)]
        step = tuple(-self.learning_rate * torch.stack(pieces).mean(dim=0) for pieces in zip(*updates, strict=True))
        return replace(self, shared=self.shared.moved(step), number=self.number + 1)
