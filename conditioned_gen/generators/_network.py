"""A conditional generator network, and the fitted model of every method whose product is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from cohort import Cohort, Table
from conditioned_gen.generator import Method
from conditioned_gen.ledger import Ledger
from conditioned_gen.representation import Representation, saved_representation
from conditioned_gen.sampling import draw_labels, positions, refuse_do
from conditioned_gen.storage import read_arrays, read_ledger, write_model

Floats = npt.NDArray[np.float64]
_CHUNK = 8192


class ConditionalGenerator(nn.Module):
    """Normal noise (n, latent) and type positions (n,) to vectors (n, width) of a representation.

    Two hidden layers; no batch statistics, so that a vector depends on its own noise and type alone, in training as
    in sampling. The type enters both hidden layers.
    """

    def __init__(self, representation: Representation, types: int, *, latent: int, hidden: int) -> None:
        super().__init__()
        self.representation, self.types, self.latent = representation, types, latent
        self.first = nn.Linear(latent + types, hidden)
        self.second = nn.Linear(hidden + types, hidden)
        self.last = nn.Linear(hidden, representation.width)

    def forward(self, noise: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
        onehot = nn.functional.one_hot(types, self.types).to(noise.dtype)
        hidden = torch.relu(self.first(torch.cat([noise, onehot], dim=1)))
        hidden = torch.relu(self.second(torch.cat([hidden, onehot], dim=1)))
        return self.representation.squash(self.last(hidden))


@dataclass(frozen=True, eq=False)
class NetworkFitted:
    """A trained generator network and the released numbers of units by type, shape (types,).

    `expected` says whether the network gives means that records are drawn around, or records.
    """

    method: Method
    genes: tuple[str, ...]
    types: tuple[str, ...]
    label: str
    ledger: Ledger
    network: ConditionalGenerator
    counts: Floats
    expected: bool
    settings: dict[str, Any] = field(default_factory=dict)

    def sample(
        self,
        n: int | None = None,
        *,
        labels: Sequence[str] | None = None,
        do: Mapping[str, float] | None = None,
        seed: int,
    ) -> Cohort | Table:
        """As `conditioned_gen.Fitted.sample`; interventions are refused, since such a network knows no causes."""
        refuse_do(do, self.genes, method=self.method.name)
        drawn = draw_labels(n, labels, self.types, self.counts, unit=self.ledger.unit)
        codes = positions(drawn, self.types)
        rng = np.random.default_rng(seed)
        noise = rng.standard_normal((len(codes), self.network.latent), dtype=np.float32)
        vectors = generated(self.network, noise, codes)
        representation = self.network.representation
        return representation.cohort(vectors, drawn, label=self.label, rng=rng, expected=self.expected)

    def save(self, folder: str | Path) -> None:
        """As `conditioned_gen.Fitted.save`."""
        weights = {f"network.{name}": value.numpy() for name, value in self.network.state_dict().items()}
        view = self.network.representation.to_json()
        shape = {"latent": self.network.latent, "hidden": self.network.first.out_features, "expected": self.expected}
        write_model(
            folder,
            method=self.method.name,
            genes=self.genes,
            types=self.types,
            label=self.label,
            ledger=self.ledger,
            settings={**self.settings, **shape, **view},
            arrays={**weights, "counts": self.counts},
        )


def generated(network: ConditionalGenerator, noise: npt.NDArray[np.float32], codes: npt.NDArray[np.int64]) -> Any:
    """What the network makes of noise (n, latent) and types (n,), shape (n, width), in chunks."""
    chunks = [slice(start, start + _CHUNK) for start in range(0, len(codes), _CHUNK)]
    with torch.no_grad():
        made = [network(torch.from_numpy(noise[chunk]), torch.from_numpy(codes[chunk])).numpy() for chunk in chunks]
    return np.concatenate(made)


def load_network(folder: Path, description: Mapping[str, Any], method: Method) -> NetworkFitted:
    """Read what `NetworkFitted.save` wrote."""
    genes, types, settings = tuple(description["genes"]), tuple(description["types"]), dict(description["settings"])
    view = saved_representation(genes, settings, where=str(folder / "model.json"))
    network = ConditionalGenerator(
        view, len(types), latent=int(settings.pop("latent")), hidden=int(settings.pop("hidden"))
    )
    shapes = {f"network.{name}": tuple(value.shape) for name, value in network.state_dict().items()}
    arrays = read_arrays(folder, description, {**shapes, "counts": (len(types),)})
    network.load_state_dict({name: torch.from_numpy(arrays[f"network.{name}"]) for name in network.state_dict()})
    return NetworkFitted(
        method=method,
        genes=genes,
        types=types,
        label=str(description["label"]),
        ledger=read_ledger(folder, description),
        network=network,
        counts=arrays["counts"],
        expected=bool(settings.pop("expected")),
        settings={key: value for key, value in settings.items() if key not in view.to_json()},
    )
