"""How well a diffusion model removes noise from a record, step by step."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from audit.attacks import AttackView
from audit.models._protocol import LossModel
from audit.models.elbo import MeanLoss
from audit.models.shadow import Shadows
from audit.neighbours import Floats


@dataclass(frozen=True, eq=False)
class DiffusionLoss:
    """The losses |e - e_model(x_t, t)|^2 at fixed noises e and steps t, weighed by what shadow models taught.

    With shadows, a small network learns from all (model, record) pairs which pattern of losses means "trained on it",
    and score(x) is its log-odds. Without, score(x) = -mean of the losses, each first divided by its median over the
    records under suspicion, because losses at little noise are far larger and would decide alone.
    """

    model: LossModel
    shadows: Shadows[LossModel] | None = None
    statistic: MeanLoss = field(default_factory=MeanLoss)
    seed: int = 0
    name: str = "diffusion_loss"
    label: str = "Diffusion loss"
    explanation: str = (
        "Holds the model's weights and guesses that a record was used when noise is removed from it well."
    )
    reference: str = "Wu, Pang, Liu and Wu, Winning the MIDST challenge, 2025 (arXiv 2503.12008)"
    needs_reference: bool = False
    holds_model: bool = True
    ignores_synthetic: bool = True

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        queries, _ = view.all_genes
        losses = self.statistic.table(self.model, queries)
        if self.shadows is None:
            return np.asarray(-(losses / np.maximum(np.median(losses, axis=0), 1e-300)).mean(axis=1))
        inside, rows = self.shadows.both(), self.shadows.rows(queries)
        tables = self.shadows.statistics(self.statistic.table, self.shadows.targets)
        return _taught(tables, inside, losses, rows, self.seed)


def _taught(
    tables: Floats, inside: npt.NDArray[np.bool_], losses: Floats, rows: npt.NDArray[np.intp], seed: int
) -> npt.NDArray[np.float64]:
    """Log-odds (q,) that `losses` (q, f) of targets `rows` are a member's, learnt from shadow `tables` (K, n, f).

    Each record's losses are taken relative to what models that never saw it give: how hard it is cancels out.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    logs, own = np.log(np.maximum(tables, 1e-300)), np.log(np.maximum(losses, 1e-300))
    out = np.where(inside[:, :, None], 0.0, logs).sum(axis=0) / (~inside).sum(axis=0)[:, None]
    features = (logs - out).reshape(-1, losses.shape[1])
    spread = np.maximum(features.std(axis=0), 1e-12)
    network = MLPClassifier((32,), alpha=1e-2, max_iter=200, early_stopping=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit(features / spread, inside.ravel())
    odds = np.clip(network.predict_proba((own - out[rows]) / spread)[:, 1], 1e-15, 1 - 1e-15)
    return np.asarray(np.log(odds) - np.log1p(-odds), dtype=np.float64)
