"""The contract that every metric keeps: its range, its seed, no order of records, nothing to say of real ones."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from audit import AuditTarget
from audit.metrics import METRICS, Measured, Metric, MetricView, Score
from audit.metrics._draws import draw_all
from cohort import pbmc68k, split_cohort
from prisyn_base import InputError

OF_TABLES = {"feature_r2"}
DRAWN = {"rf_auroc", "grn_recovery", "feature_r2", "sinkhorn", "hallucinated", "mode_collapse"}
"""Metrics that draw trees, folds, batches or halves: another order of records is another draw."""


@cache
def cells() -> list[Any]:
    """Three thirds of some real cells, half of each said to be treated: whatever is said of them is chance."""
    population = pbmc68k()
    usual = np.flatnonzero(np.isin(population.labels, ["CD14+ Monocyte", "CD19+ B", "CD56+ NK", "Dendritic"]))
    varying = np.argsort(-population.log_normalised().toarray().var(axis=0))[:50]
    some = population.subset(usual).select_genes([population.genes[gene] for gene in sorted(varying)])
    some.adata.obs["condition"] = np.where(np.arange(len(some)) % 2, "treated", "control")
    parts = split_cohort(some, fractions=(1 / 3, 1 / 3, 1 / 3), seed=0)
    return [part.subset(np.arange(min(map(len, parts)))) for part in parts]


@cache
def patients() -> list[Any]:
    """Three parts of a table of 569 tumours, as many of each."""
    from sklearn.datasets import load_breast_cancer

    table = load_breast_cancer(as_frame=True).data.sample(frac=1, random_state=0).reset_index(drop=True)
    return [table.iloc[start : start + 180].set_axis(np.arange(start, start + 180)) for start in (0, 180, 360)]


def view_of(metric: Metric, *, order: int | None = None) -> MetricView:
    sets = patients() if metric.name in OF_TABLES else cells()
    if order is not None:
        rows = [np.random.default_rng(order + place).permutation(len(part)) for place, part in enumerate(sets)]
        sets = [p.iloc[at] if isinstance(p, pd.DataFrame) else p.subset(at) for p, at in zip(sets, rows, strict=True)]
    genes = [] if metric.name in OF_TABLES else sets[0].genes
    edges = [(genes[a], genes[b], 1 - 2 * (b % 2)) for a in range(6) for b in range(10 + a, 18)] if genes else []
    target = AuditTarget(*sets, edges=edges)
    return MetricView(target, 0)


@cache
def measured(name: str) -> Measured:
    return METRICS[name].measure(view_of(METRICS[name]))


def scores(measured: Measured) -> dict[str, Score]:
    return {score.key: score for score in measured.scores}


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS.keys())
class TestEveryMetric:
    def test_says_what_it_is(self, metric: Metric) -> None:
        assert all([metric.name, metric.label, metric.explanation.endswith("."), metric.reference])
        assert metric.default in (True, False)

    def test_stays_in_its_range_beside_a_control(self, metric: Metric) -> None:
        assert measured(metric.name).scores
        for score in measured(metric.name).scores:
            for estimate in filter(None, (score.estimate, score.control)):
                assert np.isfinite([estimate.low, estimate.point, estimate.high]).all()
                assert estimate.low <= estimate.point <= estimate.high
                assert score.low is None or score.low <= estimate.low
                assert score.high is None or estimate.point <= score.high
            assert score.control is not None or score.key == "privacy_loss"
            assert score.label
            assert score.reading.endswith(".")

    def test_repeats_itself_with_the_same_seed(self, metric: Metric) -> None:
        assert metric.measure(view_of(metric)) == measured(metric.name)

    def test_does_not_depend_on_the_order_of_records(self, metric: Metric) -> None:
        shuffled = scores(metric.measure(view_of(metric, order=1)))
        for key, before in scores(measured(metric.name)).items():
            allowed = 1e-3 * max(1.0, abs(before.estimate.point))
            if metric.name in DRAWN:
                allowed = max(before.estimate.high - before.estimate.low, 0.02)
            assert abs(shuffled[key].estimate.point - before.estimate.point) <= allowed, key

    def test_has_nothing_to_say_of_real_against_real(self, metric: Metric) -> None:
        """The synthetic set is a third of the same records: its interval meets that of the control."""
        for score in measured(metric.name).scores:
            # Some 30 p-values are looked at: one below .001 among them comes up in 3 of 100 designs.
            assert score.p_value is None or score.p_value > 0.001, score.key
            if score.control is not None:
                assert score.estimate.low <= score.control.high, score.key
                assert score.control.low <= score.estimate.high, score.key


def test_a_side_is_never_lost_among_the_other() -> None:
    rng = np.random.default_rng(0)
    target = AuditTarget(*(rng.normal(size=(n, 3)) for n in (5000, 20, 100)))
    view = MetricView(target, 0)
    drawn = draw_all(view, 100)
    assert {name: len(points) for name, points in drawn.points.items()} == {
        "members": 100,
        "nonmembers": 20,
        "synthetic": 100,
    }


def of_donors(donors: int, *, seed: int) -> MetricView:
    """Records that lie around their donors; donors of members and non-members come from one law."""
    rng = np.random.default_rng(seed)

    def table(count: int, prefix: str) -> pd.DataFrame:
        own = np.repeat(np.arange(count), 20)
        values = rng.normal(size=(count, 6))[own] + 0.3 * rng.normal(size=(len(own), 6))
        return pd.DataFrame(values, columns=list("abcdef")).assign(donor=[f"{prefix}{at}" for at in own])

    synthetic = table(2 * donors, "s").drop(columns="donor")
    target = AuditTarget(table(donors, "m"), table(donors, "n"), synthetic, donor="donor")
    return MetricView(target, seed)


def test_a_forest_that_knows_donors_again_does_not_take_like_sets_for_different() -> None:
    (score,) = METRICS["rf_auroc"].measure(of_donors(10, seed=0)).scores
    assert score.control is not None
    assert score.control.low <= 0.5
    assert score.control.point < 0.65


def test_one_donor_a_side_gives_no_control() -> None:
    measured = METRICS["rf_auroc"].measure(of_donors(1, seed=0))
    assert measured.scores[0].control is None
    assert any("One donor" in note for note in measured.notes)


@pytest.mark.parametrize("name", ["edge_preservation", "regulons", "grn_recovery", "perturbation", "feature_r2"])
def test_what_a_metric_lacks_is_said(name: str) -> None:
    bare = [part.select_genes(part.genes[:20]) for part in cells()]
    for part in bare:
        del part.adata.obs["condition"]
    target = AuditTarget(*bare)
    with pytest.raises(InputError) as caught:
        METRICS[name].measure(MetricView(target, 0))
    assert len(caught.value.problems) == 1
