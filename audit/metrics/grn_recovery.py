"""Would an analyst infer the same network from synthetic records?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.document import Table
from audit.metrics._draws import Floats, Rows, draw_trio
from audit.metrics._edges import Regulations, regulations
from audit.metrics._protocol import Measured, MetricView, Score, register
from audit.statistics import Estimate, around
from prisyn_base import InputError, Problem

MOST = 500
TARGETS = 50
REGULATORS = 100
TREES = 50
RESAMPLES = 200
Truth = npt.NDArray[np.bool_]


@register
@dataclass(frozen=True)
class GrnRecovery:
    """Average precision of regulators ranked by their importance in trees, over that of a random ranking.

    For each target, the importances of regulators in extremely randomised trees that predict it (the idea of GENIE3)
    are compared with the given edges; those of at most 50 targets and 100 regulators, the ones with most edges, are
    ranked together. The control infers from as many members. If it is near 1 as well, these data do not hold the given
    network, and the number says nothing about the synthetic set. Intervals resample targets.
    """

    name: str = "grn_recovery"
    label: str = "Recovery of the network"
    explanation: str = "Infers the regulators of genes from synthetic and from real records, and checks them."
    reference: str = "Huynh-Thu et al., GENIE3, PLoS ONE 2010; Pratapa et al., BEELINE, Nature Methods 2020"
    needs_labels: bool = False
    default: bool = False

    def measure(self, view: MetricView) -> Measured:
        regulators, targets, truth = candidates(regulations(view))
        trio = draw_trio(view, MOST)
        made, _, members = trio.of(view.target.values)
        found, real = (importances(values, regulators, targets, seed=view.seed) for values in (made, members))
        score = Score(
            key="ratio",
            label="Average precision of inferred regulators, over chance",
            goal="maximise",
            low=0.0,
            high=None,
            target=float(1 / truth.mean()),
            estimate=_ratio(found, truth, view.seed),
            control=_ratio(real, truth, view.seed),
            control_label="inferred from members",
            reading="1: no better than a random ranking; as high as among real records: as informative.",
        )
        counts = f"{len(regulators)} regulators, {len(targets)} targets and {int(truth.sum())} edges between them"
        table = _table(view.target.features, regulators, targets, truth, found, real)
        return Measured((score,), (table,), (f"{counts}; {trio.size} records.",))


def candidates(edges: Regulations) -> tuple[Rows, Rows, Truth]:
    """Columns of the regulators (r,) and targets (t,) with most edges, and which of their pairs are edges (t, r).

    Raises InputError where every pair is an edge: then any ranking is right.
    """
    regulators = _commonest(edges.regulators, REGULATORS)
    reachable = np.isin(edges.regulators, regulators)
    targets = _commonest(edges.targets[reachable], TARGETS)
    known = set(zip(edges.regulators.tolist(), edges.targets.tolist(), strict=True))
    truth = np.asarray([[(r, t) in known for r in regulators.tolist()] for t in targets.tolist()])
    if truth.all():
        found = "every regulator regulating every target"
        raise InputError([Problem("edges", found, "pairs that are no edges", "hand in more of the network")])
    return regulators, targets, truth


def _commonest(values: Rows, most: int) -> Rows:
    names, counts = np.unique(values, return_counts=True)
    return np.sort(names[np.argsort(-counts, kind="stable")[:most]])


def importances(values: Floats, regulators: Rows, targets: Rows, *, seed: int) -> Floats:
    """How much each regulator tells of each target, shape (t, r); rows sum to 1, a gene says nothing of itself."""
    from sklearn.ensemble import ExtraTreesRegressor

    found = np.zeros((len(targets), len(regulators)))
    for row, target in enumerate(targets):
        others = regulators != target
        if others.any() and values[:, target].std() > 0:
            forest = ExtraTreesRegressor(TREES, max_features="sqrt", min_samples_leaf=5, random_state=seed, n_jobs=1)
            found[row, others] = forest.fit(values[:, regulators[others]], values[:, target]).feature_importances_
    return found


def average_precision(scores: Floats, truth: Truth) -> float:
    """The mean, over true ones, of the precision among all that score at least as high; ties count as one step."""
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(truth[order])
    last = np.append(np.diff(scores[order]) != 0, True)
    gained = np.diff(np.concatenate([[0], hits[last]]))
    return float((gained * hits[last] / (np.flatnonzero(last) + 1)).sum() / max(int(truth.sum()), 1))


def _ratio(found: Floats, truth: Truth, seed: int) -> Estimate:
    def over_chance(rows: Rows) -> float:
        share = truth[rows].mean()
        return average_precision(found[rows].ravel(), truth[rows].ravel()) / share if share > 0 else 0.0

    rng = np.random.default_rng(seed)
    draws = [over_chance(rng.integers(len(truth), size=len(truth))) for _ in range(RESAMPLES)]
    return around(over_chance(np.arange(len(truth))), float(np.std(draws)), len(truth), low=0.0)


def _table(names: tuple[str, ...], regulators: Rows, targets: Rows, truth: Truth, found: Floats, real: Floats) -> Table:
    def first(scores: Floats) -> tuple[str, str]:
        best = int(scores.argmax())
        return names[regulators[best]], "yes" if truth[row, best] else "no"

    rows = []
    for row, target in enumerate(targets):
        rows.append((names[target], int(truth[row].sum()), *first(found[row]), *first(real[row])))
    columns = ("Target", "Given regulators", "First, synthetic", "Given", "First, members", "Given ")
    return Table("The regulator inferred first for each target, and whether the network has it", columns, tuple(rows))
