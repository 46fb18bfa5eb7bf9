"""Private Set Generation: a small set of free synthetic vectors instead of a generator.

Chen, Kerkouche and Fritz (2022). A classifier's gradient on private records, clipped record by record, summed and
noised (DP-SGD), is matched by its gradient on the synthetic set, layer by layer in direction (1 - cosine). The
classifier is then trained on the synthetic set for a while, so that gradients are matched all along its way, and
starts afresh after some steps. Nothing but the noisy gradients comes from private records, so the set may be refined
for as long as one likes. A classifier hardly minds how large a cell is, so library sizes are released beside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from cohort import Cohort
from conditioned_gen.barrier import PrivateCohort
from conditioned_gen.generator import Method, Progress
from conditioned_gen.generators import PSG
from conditioned_gen.generators._counts import release_sizes
from conditioned_gen.generators._critic import twin
from conditioned_gen.gradients import PerRecordLoss
from conditioned_gen.ledger import Ledger
from conditioned_gen.representation import CellVectors, Representation, Vectors
from conditioned_gen.sampling import draw_labels, positions, refuse_do, synthetic_cohort
from conditioned_gen.storage import read_arrays, read_ledger, write_model
from kg import GRN

Floats = npt.NDArray[np.float64]


class Classifier(nn.Module):
    """Vectors (n, width) of norm <= 1 to one score for each type, (n, types)."""

    def __init__(self, width: int, types: int, *, hidden: int) -> None:
        super().__init__()
        self.scale = width**0.5
        self.layers = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, types))

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = self.layers(vectors * self.scale)
        return scores

    def restart(self) -> None:
        """New random weights."""
        for layer in self.layers:
            if isinstance(layer, nn.Linear):
                layer.reset_parameters()


@dataclass(frozen=True)
class Psg:
    """Settings of the method; constants all of them, so that none has to be paid for.

    `size` is the number of synthetic vectors a type. After each noisy gradient, the set takes `set_steps` towards
    it, and the classifier `classifier_steps` on the set; it starts afresh every `run` gradients.
    """

    method: ClassVar[Method] = PSG
    size: int = 10
    hidden: int = 16
    steps: int = 150
    run: int = 4
    sample_rate: float = 0.15
    clip: float = 1.0
    set_steps: int = 5
    classifier_steps: int = 3
    learning_rate: float = 0.1
    classifier_learning_rate: float = 0.02
    count_share: float = 0.05

    def fit(
        self,
        private: PrivateCohort,
        *,
        grn: GRN,
        public: Cohort | None = None,
        seed: int,
        progress: Progress | None = None,
    ) -> SetFitted:
        """Release numbers of types, then match gradients. The graph and public cells are not used by this method."""
        counts, library = release_sizes(private, share=self.count_share)
        view = CellVectors(private.genes)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            vectors = self._matched(private, view, progress)
        return SetFitted(
            method=self.method,
            genes=private.genes,
            types=private.types,
            label=private.label,
            ledger=private.ledger,
            proportions=_proportions(view, vectors).reshape(len(private.types), self.size, -1),
            counts=counts,
            library=np.array(library),
            settings={"steps": self.steps},
        )

    def _matched(self, private: PrivateCohort, view: CellVectors, progress: Progress | None) -> Vectors:
        """The synthetic vectors, shape (types * size, width), type by type."""
        types = torch.arange(len(private.types)).repeat_interleave(self.size)
        raw = torch.randn(len(types), view.width).requires_grad_()
        classifier = Classifier(view.width, len(private.types), hidden=self.hidden)
        free = twin(classifier)
        channel = private.model_steps(classifier, steps=self.steps, sample_rate=self.sample_rate, clip=self.clip)
        loss = classification(view)
        refine = torch.optim.Adam([raw], lr=self.learning_rate)
        for step in range(self.steps):
            if step % self.run == 0:
                free.restart()
                learn = torch.optim.Adam(free.parameters(), lr=self.classifier_learning_rate)
            wanted = channel.step(loss)
            for _ in range(self.set_steps):
                refine.zero_grad()
                wrong = nn.functional.cross_entropy(free(view.squash(raw)), types)
                found = torch.autograd.grad(wrong, list(free.parameters()), create_graph=True)
                (raw.grad,) = torch.autograd.grad(misalignment(found, wanted), raw)
                refine.step()
            made = view.squash(raw).detach()
            for _ in range(self.classifier_steps):
                learn.zero_grad()
                torch.autograd.backward(nn.functional.cross_entropy(free(made), types))
                learn.step()
            if progress is not None:
                progress(step + 1, self.steps)
        channel.close()
        return np.asarray(view.squash(raw).detach().numpy())


def classification(representation: Representation) -> PerRecordLoss:
    """Cross-entropy of each record's type, shape (n,)."""

    def loss(classifier: nn.Module, values: torch.Tensor, types: torch.Tensor, draws: torch.Tensor) -> torch.Tensor:
        scores = classifier(torch.from_numpy(representation.vectors(values.numpy())))
        return nn.functional.cross_entropy(scores, types, reduction="none")

    return loss


def _proportions(view: CellVectors, vectors: Vectors) -> Floats:
    rates = view.rates(vectors.astype(np.float64))
    return np.asarray(rates / np.maximum(rates.sum(axis=1, keepdims=True), 1e-12))


def misalignment(found: Sequence[torch.Tensor], wanted: Sequence[torch.Tensor]) -> torch.Tensor:
    """Sum over layers of 1 - cosine between two gradients."""
    parts = [
        1 - nn.functional.cosine_similarity(f.ravel(), w.ravel(), dim=0) for f, w in zip(found, wanted, strict=True)
    ]
    return torch.stack(parts).sum()


@dataclass(frozen=True, eq=False)
class SetFitted:
    """Synthetic proportions (types, size, g), released numbers of cells (types,), and mean and sd of log libraries."""

    method: Method
    genes: tuple[str, ...]
    types: tuple[str, ...]
    label: str
    ledger: Ledger
    proportions: Floats
    counts: Floats
    library: Floats
    settings: dict[str, Any] = field(default_factory=dict)

    def sample(
        self,
        n: int | None = None,
        *,
        labels: Sequence[str] | None = None,
        do: Mapping[str, float] | None = None,
        seed: int,
    ) -> Cohort:
        """As `conditioned_gen.Fitted.sample`: cells drawn around those of the set, each as likely as the others."""
        refuse_do(do, self.genes, method=self.method.name)
        drawn = draw_labels(n, labels, self.types, self.counts, unit=self.ledger.unit)
        codes = positions(drawn, self.types)
        rng = np.random.default_rng(seed)
        proportions = self.proportions[codes, rng.integers(self.proportions.shape[1], size=len(codes))]
        libraries = np.exp(self.library[0] + self.library[1] * rng.standard_normal(len(codes)))
        return synthetic_cohort(
            rng.poisson(libraries[:, None] * proportions), genes=self.genes, labels=drawn, label=self.label
        )

    def save(self, folder: str | Path) -> None:
        """As `conditioned_gen.Fitted.save`."""
        write_model(
            folder,
            method=self.method.name,
            genes=self.genes,
            types=self.types,
            label=self.label,
            ledger=self.ledger,
            settings=self.settings,
            arrays={"proportions": self.proportions, "counts": self.counts, "library": self.library},
        )


def load_fitted(folder: Path, description: Mapping[str, Any]) -> SetFitted:
    """Read what `save` wrote."""
    genes, types = tuple(description["genes"]), tuple(description["types"])
    shapes = {"proportions": (len(types), None, len(genes)), "counts": (len(types),), "library": (2,)}
    arrays = read_arrays(folder, description, shapes)
    return SetFitted(
        method=PSG,
        genes=genes,
        types=types,
        label=str(description["label"]),
        ledger=read_ledger(folder, description),
        proportions=arrays["proportions"],
        counts=arrays["counts"],
        library=arrays["library"],
        settings=dict(description["settings"]),
    )


GENERATOR = Psg()
