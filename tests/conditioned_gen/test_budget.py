"""One promise for several publications: divided before any, composed over all, spent once."""

from __future__ import annotations

import numpy as np
import pytest

from cohort import PBMC68K_TYPES
from conditioned_gen import (
    Block,
    Budget,
    PrivateCohort,
    epsilon_of,
    generator,
    mu_of,
    plan,
    read_budget,
    spending,
    write_budget,
)
from prisyn_base import InputError

DELTA = 1e-5
ONE = Block("one", lambda records: np.ones((len(records.types), 1)), width=1, radius=1.0)


@pytest.fixture
def file(tmp_path):
    budget = Budget.planned(5.0, DELTA, unit="cell", weights={"spring": 2.0, "autumn": 1.0, "late": 1.0})
    write_budget(budget, tmp_path / "budget.json")
    return tmp_path / "budget.json"


def make(file, name, members, **options) -> PrivateCohort:
    with spending(file, name) as under:
        promise = under.promise
        private = PrivateCohort(
            members,
            epsilon=promise.epsilon,
            delta=promise.delta,
            types=PBMC68K_TYPES,
            earlier=promise.earlier,
            **options,
        )
        private.release_sum("sum", [ONE], share=private.share_left)
        under.made(private.ledger)
    return private


def test_shares_of_mu_squared_are_in_proportion_to_the_weights(file):
    budget = read_budget(file)
    alone = [mu_of(budget.alone(release), DELTA) ** 2 for release in budget.releases]
    assert np.allclose(np.array(alone) / mu_of(5.0, DELTA) ** 2, [0.5, 0.25, 0.25], rtol=1e-6)


@pytest.mark.parametrize("order", [["spring", "autumn", "late"], ["late", "spring", "autumn"]])
def test_all_releases_together_cost_what_was_promised_in_whatever_order(file, members, order):
    spent = [make(file, name, members).ledger.epsilon for name in order]
    assert spent == sorted(spent)
    assert spent[-1] == pytest.approx(5.0, rel=1e-5)
    assert spent[-1] <= 5.0 * (1 + 1e-6)
    entries = [entry for release in read_budget(file).releases for entry in release.entries]
    assert len(entries) == 3
    assert epsilon_of(np.sqrt(sum(entry.mu**2 for entry in entries)), DELTA) == pytest.approx(5.0, rel=1e-5)


def test_the_first_release_costs_what_it_would_alone(file, members):
    alone = read_budget(file).alone(read_budget(file).releases[1])
    assert make(file, "autumn", members).ledger.epsilon == pytest.approx(alone, rel=1e-5)


def test_a_release_is_made_once(file, members):
    make(file, "spring", members)
    with pytest.raises(InputError, match=r"already made.*\n?.*still to be made: autumn, late"):
        make(file, "spring", members)
    with pytest.raises(InputError, match="a planned release"):
        make(file, "summer", members)


def test_a_fit_that_failed_has_spent_nothing(file, members):
    before = file.read_bytes()
    with pytest.raises(ZeroDivisionError), spending(file, "spring"):
        _ = 1 / 0
    assert file.read_bytes() == before
    make(file, "spring", members)


def test_two_fits_under_one_budget_take_turns(file):
    with spending(file, "spring"), pytest.raises(InputError, match="another run"), spending(file, "autumn"):
        pass


def test_what_earlier_releases_took_is_not_there_any_more(file, members):
    make(file, "spring", members)
    with spending(file, "autumn") as under:
        private = PrivateCohort(
            members,
            epsilon=under.promise.epsilon,
            delta=DELTA,
            types=PBMC68K_TYPES,
            earlier=under.promise.earlier,
        )
        assert private.share_left == pytest.approx(1 / 3, rel=1e-4)
        with pytest.raises(InputError, match="33% left"):
            private.release_sum("all", [ONE], share=0.5)


def test_a_method_in_steps_fits_under_a_budget_too(file, members, grn):
    pytest.importorskip("opacus")
    make(file, "spring", members)
    with spending(file, "autumn") as under:
        private = PrivateCohort(
            members,
            epsilon=under.promise.epsilon,
            delta=DELTA,
            types=PBMC68K_TYPES,
            earlier=under.promise.earlier,
            noise_seed=1,
        )
        from conditioned_gen.generators.dp_cvae import DpCvae

        fitted = DpCvae(hidden=4, latent=2, steps=2).fit(private, grn=grn, seed=0)
    assert 0.98 * under.promise.epsilon < fitted.ledger.epsilon <= under.promise.epsilon * (1 + 1e-6)


def test_types_are_declared_where_several_releases_share_a_promise(members, file):
    make(file, "spring", members)
    with spending(file, "autumn") as under, pytest.raises(InputError, match="declare them"):
        PrivateCohort(members, epsilon=under.promise.epsilon, delta=DELTA, earlier=under.promise.earlier)


@pytest.mark.parametrize(
    ("weights", "said"), [({}, "none"), ({"a": -1.0, "b": float("nan")}, "positive weight"), ({"": 1.0}, "a name")]
)
def test_a_budget_that_cannot_be_is_told_why(weights, said):
    with pytest.raises(InputError, match=said):
        Budget.planned(1.0, DELTA, unit="cell", weights=weights)


@pytest.mark.parametrize("text", ["", "{}", '{"schema": 9}', "[1]"])
def test_a_file_that_is_no_budget_is_refused(tmp_path, text):
    (tmp_path / "b.json").write_text(text)
    with pytest.raises(InputError, match="not a budget"):
        read_budget(tmp_path / "b.json")


def test_a_plan_foretells_the_noise_of_the_real_release(members, grn):
    """Noise of the first release depends on the promise alone; later radii come from it and may differ a little."""
    foretold = plan("grn_subspace", epsilon=5, delta=DELTA, units=len(members), types=10, genes=members.genes, grn=grn)
    heard = {}

    class Overheard(PrivateCohort):
        def release_sum(self, name, blocks, *, share):
            release = super().release_sum(name, blocks, share=share)
            heard.update({(name, block): sd for block, sd in release.noise.items()})
            return release

    private = Overheard(members, epsilon=5, delta=DELTA, types=PBMC68K_TYPES, noise_seed=0)
    generator("grn_subspace").fit(private, grn=grn, seed=0)
    assert {(row.release, row.statistic) for row in foretold} == set(heard)
    for row in foretold:
        close = 1e-9 if row.release == "centre" else 0.7
        assert row.noise == pytest.approx(heard[row.release, row.statistic], rel=close), row


def test_more_units_and_a_larger_epsilon_make_smaller_errors():
    few, many, strong = (
        plan("grn_subspace", epsilon=epsilon, delta=DELTA, units=units, types=3, genes=[f"g{i}" for i in range(30)])
        for epsilon, units in ((1, 200), (1, 2000), (0.1, 200))
    )
    assert all(a.error > b.error for a, b in zip(few, many, strict=True))
    assert all(a.error < b.error for a, b in zip(few, strong, strict=True))
