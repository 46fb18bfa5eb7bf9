"""What a participant of collaborative training holds: the shared model, and a round in which to hand in an update.

A federated trainer implements both around what it has; with NVFlare, say, `shared` wraps the model that arrived and
`finish` sends the update back and waits for the next one:

    class ClientRound:
        def __init__(self, client, module):
            self.client, self.module = client, module
            self.shared = SharedModule.of(module)

        def finish(self, update):
            self.client.send(update)
            self.module.load_state_dict(self.client.receive())
            return ClientRound(self.client, self.module)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, Self, TypeAlias

import torch
from torch import nn
from torch.func import functional_call, grad, vmap

Gradient: TypeAlias = tuple[torch.Tensor, ...]
"""One tensor for each parameter, in the order of the parameters."""


class Collaborator(Protocol):
    """The shared classifier as everyone in the training knows it; records are (b, p), targets (b, c) sum to 1."""

    def parameters(self) -> Gradient:
        """The parameters as they stand."""

    def logits(self, records: torch.Tensor) -> torch.Tensor:
        """What the model says of records, shape (b, c); differentiable in the records."""

    def gradient(self, records: torch.Tensor, targets: torch.Tensor, *, differentiable: bool = False) -> Gradient:
        """The gradient of the mean cross-entropy of a batch; `differentiable` keeps it so in records and targets."""


class Round(Protocol):
    """One round of training, as one participant lives it."""

    @property
    def shared(self) -> Collaborator:
        """The model that was sent to everyone."""

    def finish(self, update: Gradient) -> Round:
        """Hand in a gradient on the shared model; the next round, with everyone's updates in its model."""


@dataclass(frozen=True, eq=False)
class SharedModule:
    """A `Collaborator` around any torch module from (b, p) to logits (b, c), its parameters held apart."""

    module: nn.Module
    values: Mapping[str, torch.Tensor]

    @classmethod
    def of(cls, module: nn.Module) -> Self:
        """The module with its parameters as they are now; later changes to it are not seen."""
        return cls(module, {name: value.detach().clone() for name, value in module.named_parameters()})

    def parameters(self) -> Gradient:
        return tuple(self.values.values())

    def logits(self, records: torch.Tensor) -> torch.Tensor:
        return self._said(dict(self.values), records)

    def gradient(self, records: torch.Tensor, targets: torch.Tensor, *, differentiable: bool = False) -> Gradient:
        leaves = {name: value.detach().requires_grad_(True) for name, value in self.values.items()}
        loss = cross_entropy(self._said(leaves, records), targets).mean()
        return torch.autograd.grad(loss, list(leaves.values()), create_graph=differentiable)

    def gradients(self, records: torch.Tensor, targets: torch.Tensor) -> Gradient:
        """The gradient of each record by itself: tensors (b, ...)."""

        def loss(values: dict[str, torch.Tensor], record: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            return cross_entropy(self._said(values, record[None]), target[None]).sum()

        found = vmap(grad(loss), in_dims=(None, 0, 0))(dict(self.values), records, targets)
        return tuple(found[name].detach() for name in self.values)

    def moved(self, step: Gradient) -> SharedModule:
        """The same module with `step` added to its parameters."""
        moved = {name: value + by for (name, value), by in zip(self.values.items(), step, strict=True)}
        return SharedModule(self.module, moved)

    def _said(self, values: dict[str, torch.Tensor], records: torch.Tensor) -> torch.Tensor:
        said: torch.Tensor = functional_call(self.module, values, (records,))
        return said


def cross_entropy(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """-sum over classes of target * log softmax(logits), shape (b,)."""
    return -(targets * torch.log_softmax(logits, dim=1)).sum(dim=1)
