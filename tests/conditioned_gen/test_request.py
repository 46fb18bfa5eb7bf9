from __future__ import annotations

import numpy as np
import pytest

from cohort import PBMC68K_TYPES, Cohort, make_cohort, to_dense
from conditioned_gen import check_promise, check_request, smallest_type


def said(*args, **options) -> str:
    return "\n".join(map(str, check_request(*args, **options)))


def test_a_sound_request_has_no_problems(members, others, grn):
    assert check_request(members, epsilon=5, delta=1e-5, types=PBMC68K_TYPES, grn=grn, public=others) == ()


@pytest.mark.parametrize("epsilon", [0.0, -1.0, float("inf"), float("nan")])
def test_epsilon_must_be_positive_and_finite(epsilon):
    assert "epsilon" in str(check_promise(epsilon, 1e-5)[0])


def test_a_delta_that_would_allow_publishing_a_cell_is_refused(members):
    message = said(members, epsilon=5, delta=1 / len(members))
    assert f"less than 1/{len(members)}" in message
    assert "1e-04" in message


def test_a_bad_epsilon_does_not_hide_a_bad_delta(members):
    problems = check_request(members, epsilon=float("inf"), delta=0.01)
    assert [problem.where for problem in problems] == ["generate: epsilon", "generate: delta"]


@pytest.mark.parametrize(("epsilon", "least"), [(1, 13), (2, 7), (5, 3), (10, 2)])
def test_the_smallest_type_that_can_be_kept_and_protected(epsilon, least):
    assert smallest_type(epsilon, 1e-5) == least


def test_types_too_small_for_the_budget_are_all_named(members):
    message = said(members, epsilon=1, delta=1e-5, types=PBMC68K_TYPES)
    assert "'CD4+/CD45RA+/CD25- Naive T'" in message
    assert "'CD34+'" in message
    assert "at least 13" in message
    assert "put it together with a related type" in message


def test_small_types_are_kept_where_that_is_asked_for_and_not_looked_at_where_they_are_bought(members):
    assert said(members, epsilon=1, delta=1e-5, types=PBMC68K_TYPES, rare="keep") == ""
    assert said(members, epsilon=1, delta=1e-5) == ""


def test_private_cells_among_the_public_ones_are_found(members, cells):
    message = said(members, epsilon=5, delta=1e-5, public=cells)
    assert f"{len(members)} of them count for count among the private cells" in message


def test_mouse_symbols_with_a_human_graph_are_recognised(members, grn):
    mouse = make_cohort(
        members.counts, genes=[gene.capitalize() for gene in members.genes], labels=members.labels.tolist()
    )
    message = said(mouse, epsilon=5, delta=1e-5, grn=grn)
    assert "the graph's species (human)" in message
    assert "orthologues" in message


def test_a_graph_without_any_of_the_cohorts_genes_is_refused(members, grn):
    other = make_cohort(to_dense(members.counts), genes=[f"ENSG{i:011d}" for i in range(len(members.genes))])
    assert "none of the graph's genes" in said(other, epsilon=5, delta=1e-5, grn=grn)


def test_undeclared_types_and_missing_donors_come_in_one_answer(members):
    problems = check_request(members, epsilon=5, delta=1e-5, unit="donor", types=PBMC68K_TYPES[1:])
    assert len(problems) == 2
    assert "CD14+ Monocyte" in str(problems[1])


def test_donors_are_counted_and_not_cells_where_donors_are_the_unit(members):
    adata = members.adata.copy()
    adata.obs["donor"] = np.where(members.labels == "CD34+", "rare", [f"d{r % 40}" for r in range(len(members))])
    cohort = Cohort(adata, label=members.label, donor="donor")
    message = said(cohort, epsilon=5, delta=1e-5, unit="donor", types=PBMC68K_TYPES)
    assert "'CD34+': found 1 donor;" in message


def test_public_cells_of_another_panel_are_refused(members):
    other = make_cohort(np.ones((3, 2)), genes=["A", "B"])
    assert "0 of the panel's 765 genes" in said(members, epsilon=5, delta=1e-5, public=other)
