"""What is planted among real cells is found, and where nothing is planted nothing is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import hypergeom

from audit import AuditTarget
from audit.graph import Neighbourhoods
from audit.metrics import METRICS, Measured, MetricView
from audit.metrics._populations import Found, populations_of
from audit.metrics.hallucinated import nearest_mixture
from audit.metrics.lost import types_lost
from audit.metrics.mode_collapse import crowding
from bench.audit_populations import collapsed, halves, share, without
from cohort import Cohort, make_cohort, pbmc68k, read_cohort, split_cohort

NAMES = ("hallucinated", "lost", "mode_collapse")


def look(sets: Sequence[Cohort]) -> dict[str, Measured]:
    target = AuditTarget(*sets)
    view = MetricView(target, 0)
    return {name: METRICS[name].measure(view) for name in NAMES}


@pytest.fixture(scope="module")
def thirds() -> list[Cohort]:
    return list(split_cohort(pbmc68k(), fractions=(0.3, 0.2, 0.5), seed=0))


def test_nothing_is_found_among_real_cells(thirds: list[Cohort]) -> None:
    for name, measured in look(thirds).items():
        assert share(measured) == 0, name
        assert all(score.control is not None for score in measured.scores)
        assert next(score.control.point for score in measured.scores if score.key == "share" and score.control) == 0


def test_a_mixture_of_two_types_is_invented_and_named(thirds: list[Cohort]) -> None:
    members, nonmembers, third = thirds
    measured = look([members, nonmembers, halves(third, "CD14+ Monocyte", "CD19+ B", part=0.05, seed=0)])[
        "hallucinated"
    ]
    assert share(measured) == pytest.approx(0.05, abs=0.02)
    assert measured.scores[0].p_value is not None
    assert measured.scores[0].p_value < 0.01
    (row,) = measured.tables[0].rows
    assert row[2] == 0
    assert "CD14+ Monocyte" in str(row[-1])
    assert "CD19+ B" in str(row[-1])


def test_it_is_found_without_types_as_well(thirds: list[Cohort]) -> None:
    mixed = halves(thirds[2], "CD14+ Monocyte", "CD19+ B", part=0.05, seed=0)
    measured = look([Cohort(part.adata) for part in (*thirds[:2], mixed)])["hallucinated"]
    assert share(measured) == pytest.approx(0.05, abs=0.02)


def test_a_dropped_rare_type_is_lost_by_name(thirds: list[Cohort]) -> None:
    members, nonmembers, third = thirds
    measured = look([members, nonmembers, without(third, "CD56+ NK")])["lost"]
    assert "Lost by name: CD56+ NK." in measured.notes
    real = np.concatenate([members.labels, nonmembers.labels])
    assert share(measured) == pytest.approx(np.mean(real == "CD56+ NK"))


def test_a_dropped_type_is_lost_by_place_where_no_types_are_known(thirds: list[Cohort]) -> None:
    kept = without(thirds[2], "CD19+ B")
    measured = look([Cohort(part.adata) for part in (*thirds[:2], kept)])["lost"]
    real = np.concatenate([thirds[0].labels, thirds[1].labels])
    # B cells that look like dendritic ones have synthetic neighbours, so that only the others are missed.
    assert 0.3 * np.mean(real == "CD19+ B") < share(measured) <= np.mean(real == "CD19+ B")


def test_a_type_told_over_and_over_has_collapsed_and_no_other_has(thirds: list[Cohort]) -> None:
    members, nonmembers, third = thirds
    measured = look([members, nonmembers, collapsed(third, "CD14+ Monocyte", seed=0)])["mode_collapse"]
    assert measured.notes == ("Collapsed: CD14+ Monocyte.",)
    assert share(measured) == pytest.approx(np.mean(third.labels == "CD14+ Monocyte"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_the_same_holds_of_other_cells(shared_data: Path, seed: int) -> None:
    cells = read_cohort(shared_data / "cohorts" / "pbmc3k_2638.h5ad", label="cell_type")
    members, nonmembers, third = split_cohort(cells, fractions=(0.3, 0.2, 0.5), seed=seed)
    assert not any(share(measured) for measured in look([members, nonmembers, third]).values())
    mixed = halves(without(third, "DC"), "B", "CD14+ Mono", part=0.05, seed=seed)
    found = look([members, nonmembers, collapsed(mixed, "NK", seed=seed)])
    # They are called B cells; what they lie near may as well be dendritic cells, which share features of both.
    invented = [row for row in found["hallucinated"].tables[0].rows if str(row[-2]).startswith("B (")]
    assert sum(int(row[1] or 0) for row in invented) == pytest.approx(0.05 * len(mixed), rel=0.2)
    assert any("Lost by name: DC" in note for note in found["lost"].notes)
    assert found["mode_collapse"].notes == ("Collapsed: NK.",)


def alone(first: np.ndarray, second: np.ndarray) -> Found:
    return populations_of(Neighbourhoods({"first": first, "second": second}), "first", "second")


def test_equal_laws_have_no_population_of_their_own_more_often_than_the_level_allows() -> None:
    """At a level of 5 % six or more of 40 come up once in 70; the outlier factor makes it rarer still."""
    rng = np.random.default_rng(0)
    found = [alone(*np.split(rng.normal(size=(240, 8)) * rng.gamma(1, size=8), 2)) for _ in range(40)]
    assert sum(result.p_value <= 0.05 for result in found) <= 5
    assert sum(bool(result.populations) for result in found) <= 3


def test_a_population_is_found_to_the_record_and_only_in_the_set_that_has_it() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 150, 5))
    first[:20] = rng.normal(12, 0.5, size=(20, 5))
    found = alone(first, second)
    assert found.rows.tolist() == list(range(20))
    (population,) = found.populations
    assert population.others == 0
    assert population.expected == pytest.approx(10)
    # Twenty records of the first set out of twenty, times the number of branches that could have shown anything.
    assert population.p_value >= hypergeom.sf(19, 300, 150, 20)
    assert alone(second, first).populations == ()


def test_sets_that_lie_apart_as_wholes_are_not_said_to_invent_single_populations(thirds: list[Cohort]) -> None:
    members, nonmembers, third = thirds
    counts = third.counts.toarray()
    moved = make_cohort(counts[:, ::-1], genes=third.genes, labels=third.labels.tolist(), label=str(third.label))
    measured = look([members, nonmembers, moved])
    assert share(measured["hallucinated"]) > 0.9
    assert "the sets lie apart as wholes" in " ".join(measured["hallucinated"].notes)
    assert "the sets lie apart as wholes" in " ".join(measured["lost"].notes)


def test_a_narrower_set_invents_nothing() -> None:
    rng = np.random.default_rng(0)
    wide, narrow = rng.normal(size=(300, 10)), 0.5 * rng.normal(size=(300, 10))
    assert alone(narrow, wide).populations == ()


def test_a_type_that_is_rare_in_both_is_not_lost() -> None:
    real, made = np.repeat(["a", "b"], [990, 10]), np.repeat(["a", "b"], [300, 0])
    assert not any(kind.gone for kind in types_lost(real, made))
    gone = types_lost(np.repeat(["a", "b"], [900, 100]), made)
    assert [kind.name for kind in gone if kind.gone] == ["b"]


def test_variety_is_that_of_the_spread() -> None:
    rng = np.random.default_rng(0)
    real, tight = rng.normal(size=(100, 6)), 0.3 * rng.normal(size=(100, 6))
    labels = np.repeat("a", 100)
    (group,) = crowding((tight, labels), (real, labels), seed=0)
    assert group.ratio == pytest.approx(0.3, abs=0.05)
    assert group.p_value < 0.05
    # Moved as a whole, it has lost no variety.
    (moved,) = crowding((real + 5, labels), (real, labels), seed=0)
    assert moved.ratio == pytest.approx(1)
    assert moved.p_value > 0.05


def test_a_centre_between_two_types_is_a_mixture_and_one_beside_a_type_is_not() -> None:
    types = {"a": np.zeros(3), "b": np.array([10.0, 0, 0]), "c": np.array([0.0, 10, 0])}
    assert nearest_mixture(np.array([4.0, 0.2, 0]), types) == "60% a, 40% b"
    assert nearest_mixture(np.array([0.5, 0.5, 0]), types) == "near a"
    assert nearest_mixture(np.zeros(3), {}) == ""
