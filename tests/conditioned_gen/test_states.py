"""Public states, and types as mixtures of them."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from cohort import PBMC68K_TYPES, make_cohort
from conditioned_gen import PrivateCohort
from conditioned_gen.axes import public_view
from conditioned_gen.generators._subspace_mixtures import Mixtures, mixed, unmixed
from conditioned_gen.generators.grn_subspace import GrnSubspace
from conditioned_gen.states import FEWEST, States, adapted, public_states, shares_of

GENES = 60


@pytest.fixture(scope="module")
def profiles() -> np.ndarray:
    """Three states that share half of their genes and differ in the others."""
    rng = np.random.default_rng(0)
    shared = rng.gamma(0.5, 1.0, GENES)
    found = np.vstack([shared * rng.lognormal(0, 1.2, GENES) for _ in range(3)]) + 0.01
    return found / found.sum(axis=1, keepdims=True)


def cells(profile: np.ndarray, n: int, *, seed: int, library: float = 300.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.poisson(library * np.exp(0.4 * rng.standard_normal((n, 1))) * profile)


@pytest.fixture(scope="module")
def public(profiles):
    counts = np.vstack([cells(profile, 150, seed=code) for code, profile in enumerate(profiles)])
    return make_cohort(counts, genes=[f"g{place}" for place in range(GENES)])


def test_states_find_the_populations_again_each_time_the_same(public, profiles):
    view = public_view(public, public.genes)
    one, two = (public_states(public, public.genes, view) for _ in range(2))
    assert np.array_equal(one.profiles, two.profiles)
    assert one.profiles.sum(axis=1) == pytest.approx(1)
    codes = one.nearest(public.counts).reshape(3, 150)
    assert np.bincount(codes.ravel()).min() >= FEWEST
    owned = [set(row) for row in codes]
    assert not owned[0] & owned[1] | owned[1] & owned[2] | owned[0] & owned[2]


def test_genes_that_public_cells_lack_do_not_move_a_cell(public):
    panel = (*public.genes, "other")
    states = public_states(public, panel, public_view(public, panel))
    counts = np.hstack([public.counts.toarray(), np.full((len(public), 1), 50.0)])
    without = np.hstack([public.counts.toarray(), np.zeros((len(public), 1))])
    assert np.array_equal(states.nearest(sp.csr_matrix(counts)), states.nearest(sp.csr_matrix(without)))


def test_a_cells_state_is_a_function_of_that_cell(public):
    states = public_states(public, public.genes, public_view(public, public.genes))
    together = states.one_hot(public.counts)
    assert np.array_equal(np.linalg.norm(together, axis=1), np.ones(len(public)))
    for row in (0, 200, 449):
        assert np.array_equal(states.one_hot(public.counts[[row]])[0], together[row])


def test_another_chemistry_is_found_in_the_mean_and_noise_moves_nothing(profiles):
    states = States(profiles, np.zeros(3))
    shares = np.array([0.5, 0.3, 0.2])
    folds = np.where(np.arange(GENES) % 10 == 0, 4.0, 1.0)
    shifted = profiles * folds
    shifted /= shifted.sum(axis=1, keepdims=True)
    counts = np.vstack([cells(row, int(4000 * share), seed=7) for row, share in zip(shifted, shares, strict=True)])
    roots = np.sqrt(counts / counts.sum(axis=1, keepdims=True)).mean(axis=0)
    moved = adapted(states, shares, roots, 0.001, log_library=np.log(300))
    before, after = (np.abs(np.log(found / shifted)).mean() for found in (profiles, moved.profiles))
    assert after < 0.4 * before
    drowned = adapted(states, shares, roots + np.random.default_rng(0).normal(0, 1.0, GENES), 1.0, log_library=5.7)
    assert np.abs(np.log(drowned.profiles / profiles)).mean() < 0.2 * before


def test_noisy_counts_become_shares_without_the_states_that_noise_made():
    rng = np.random.default_rng(0)
    counts = np.array([300.0, 100.0] + [0.0] * 14) + rng.normal(0, 5, 16)
    shares = shares_of(counts, 5.0)
    assert shares.sum() == pytest.approx(1)
    assert np.abs(shares[:2] - [0.75, 0.25]).max() < 0.05
    assert (shares == 0).sum() >= 10
    assert shares_of(np.array([-1.0, -3.0, -2.0]), 5.0).tolist() == [1.0, 0.0, 0.0]


def test_one_profile_that_looks_like_two_states_is_not_taken_for_both():
    own, others = np.array([0.5, 0.5]), np.array([[0.95, 0.05], [0.05, 0.95]])
    assert unmixed(np.array([0.95, 0.05]), own, others)[1] > 0.9
    assert unmixed(np.array([0.5, 0.5]), own, others)[0] >= 0.5


def test_mixtures_have_the_mean_roots_that_were_released(profiles):
    states = States(profiles, np.array([-0.2, 0.0, 0.3]))
    rng = np.random.default_rng(1)
    roots = np.sqrt(profiles.mean(axis=0)) * rng.uniform(0.5, 0.9, (2, GENES))
    alone = Mixtures.alone(roots, np.array([5.5, 6.0]), np.array([0.3, 0.5]), spread=0.35)
    near = np.array([[0.5, 0.0, 0.5], [0.0, 1.0, 0.0]])
    found = mixed(alone, roots, near, np.zeros(2), states=states, measured=states)
    assert (found.weights[:, 1:].sum(axis=1) > 0.3).any()
    assert found.weights.sum(axis=1) == pytest.approx(1)
    assert found.components.sum(axis=2) == pytest.approx(1)
    scaled = found.expected()
    for code in range(2):
        assert np.corrcoef(scaled[code], roots[code])[0, 1] > 0.99


def test_where_noise_leaves_doubt_a_type_keeps_one_profile(profiles):
    states = States(profiles, np.zeros(3))
    roots = np.sqrt(profiles[:2]) * 0.8
    alone = Mixtures.alone(roots, np.full(2, 5.7), np.full(2, 0.4), spread=0.35)
    near = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    found = mixed(alone, roots, near, np.array([0.0, 10.0]), states=states, measured=states)
    assert found.weights[0, 0] < 0.5
    assert found.weights[1].tolist() == [1.0, 0.0, 0.0, 0.0]


def test_a_condition_that_holds_many_types_keeps_them_apart(members, others, grn):
    """Where the label is not the type, synthetic cells are near to as many public states as real ones are."""
    half = members.regrouped({name: "one" if place % 2 else "two" for place, name in enumerate(PBMC68K_TYPES)})
    private = PrivateCohort(half, epsilon=50.0, delta=1e-5, types=("one", "two"), noise_seed=3)
    fitted = GrnSubspace().fit(private, grn=grn, public=others, seed=0)
    states = public_states(others, members.genes, public_view(others, members.genes))
    shares = [
        np.bincount(states.nearest(cohort.counts), minlength=len(states)) / len(cohort)
        for cohort in (members, fitted.sample(400, seed=1))
    ]
    assert 0.5 * np.abs(shares[0] - shares[1]).sum() < 0.3
    assert fitted.mixtures.weights[:, 0].max() < 0.7
