"""The contract that every metric keeps: its range, its seed, no order of records, and nothing to say of real cells."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from audit import AuditTarget
from audit.embedding import embed
from audit.metrics import METRICS, Measured, Metric, MetricView, Score
from cohort import Cohort, pbmc68k, split_cohort

MAY_BE_WITHOUT_CONTROL = {"nnaa.privacy_loss"}
COMPARED_WITH_A_FOREST = {"rf_auroc", "grn_recovery"}


def real_sets() -> list[Cohort]:
    """Three thirds of some real cells: whatever a metric says of them, real against real is as good."""
    cells = pbmc68k()
    usual = np.flatnonzero(np.isin(cells.labels, ["CD14+ Monocyte", "CD19+ B", "CD56+ NK", "Dendritic"]))
    varying = np.argsort(-cells.log_normalised().toarray().var(axis=0))[:80]
    some = cells.subset(usual).select_genes([cells.genes[gene] for gene in sorted(varying)])
    parts = split_cohort(some, fractions=(1 / 3, 1 / 3, 1 / 3), seed=0)
    return [part.subset(np.arange(min(map(len, parts)))) for part in parts]


def view_of(sets: list[Cohort], seed: int = 0) -> MetricView:
    genes = sets[0].genes
    edges = [(genes[source], genes[target], 1 - 2 * (target % 2)) for source in range(6) for target in range(10, 18)]
    target = AuditTarget(*sets, edges=edges)
    return MetricView(target, embed(target, seed=seed), seed)


def parted(sets: list[Cohort]) -> list[Cohort]:
    """The same cells, one half of each set said to be stimulated."""
    for cohort in sets:
        cohort.adata.obs["condition"] = np.where(np.arange(len(cohort)) % 2, "stimulated", "control")
    return sets


@cache
def measured(name: str) -> Measured:
    return METRICS[name].measure(view_of(parted(real_sets())))


def scores(measured: Measured) -> dict[str, Score]:
    return {score.key: score for score in measured.scores}


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS.keys())
class TestEveryMetric:
    def test_says_what_it_is(self, metric: Metric) -> None:
        assert all([metric.name, metric.label, metric.explanation.endswith("."), metric.reference])
        assert metric.default in (True, False)

    def test_stays_in_its_range_beside_a_control(self, metric: Metric) -> None:
        assert measured(metric.name).scores
        for key, score in scores(measured(metric.name)).items():
            for estimate in filter(None, (score.estimate, score.control)):
                assert estimate.low <= estimate.point <= estimate.high
                assert np.isfinite([estimate.low, estimate.point, estimate.high]).all()
                assert score.low is None or score.low <= estimate.low
                assert score.high is None or estimate.high <= score.high or metric.name == "mmd"
            assert score.control is not None or f"{metric.name}.{key}" in MAY_BE_WITHOUT_CONTROL
            assert score.low is None or score.low <= score.target
            assert score.label
            assert score.reading.endswith((".", "values"))

    def test_repeats_itself_with_the_same_seed(self, metric: Metric) -> None:
        assert metric.measure(view_of(parted(real_sets()))) == measured(metric.name)

    def test_does_not_depend_on_the_order_of_records(self, metric: Metric) -> None:
        sets = parted(real_sets())
        rng = np.random.default_rng(1)
        shuffled = metric.measure(view_of([cohort.subset(rng.permutation(len(cohort))) for cohort in sets]))
        for key, score in scores(shuffled).items():
            before = scores(measured(metric.name))[key].estimate
            loose = metric.name in COMPARED_WITH_A_FOREST or metric.name in DRAWN_IN_BATCHES
            within = max(before.high - before.low, 0.02) if loose else 1e-3 * max(1.0, abs(before.point))
            assert abs(score.estimate.point - before.point) <= within, key

    def test_has_nothing_to_say_of_real_against_real(self, metric: Metric) -> None:
        """The synthetic set is a third of the same cells: its interval and the control's must meet."""
        for key, score in scores(measured(metric.name)).items():
            if score.p_value is not None:
                assert score.p_value > 0.001, key
            if score.control is not None:
                slack = 0.5 * (score.estimate.high - score.estimate.low + score.control.high - score.control.low)
                assert score.estimate.low - slack <= score.control.high, key
                assert score.control.low - slack <= score.estimate.high, key


DRAWN_IN_BATCHES = {"sinkhorn", "hallucinated", "mode_collapse"}
