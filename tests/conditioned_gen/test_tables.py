"""What every generator for tables promises, and what the flagship for them promises beside."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from cohort import Column, Table, TableSchema, check_table, infer_schema, make_table, split_cohort, write_cohort
from conditioned_gen import Fitted, PrivateCohort, Records, generator, load, methods, sample_where
from conditioned_gen.generators.dp_merf import DpMerf
from conditioned_gen.generators.pgan import Pgan
from conditioned_gen.generators.ron_gauss import RonGauss
from conditioned_gen.generators.table_copula import TableCopula
from conditioned_gen.multiresolution import Halvings
from conditioned_gen.table_vectors import TableVectors
from kg import GRN
from prisyn_base import InputError

QUICK = {
    "dp_merf": DpMerf(features=20, hidden=8, latent=2, steps=4, expected=True),
    "pgan": Pgan(hidden=8, critic_hidden=8, latent=2, steps=4),
    "ron_gauss": RonGauss(dimensions=4),
    "table_copula": TableCopula(),
}
NAMES = [method.name for method in methods() if "tables" in method.cohorts and method.name in QUICK]
OPEN = {method.name for method in methods() if not method.units}


def confirmed(frame: pd.DataFrame) -> TableSchema:
    """A schema whose ranges a person has confirmed: these tables are public."""
    return TableSchema(tuple(replace(column, peeked=False) for column in infer_schema(frame).columns))


@pytest.fixture(scope="session")
def tumours() -> Table:
    """569 tumours, 30 measurements, two classes."""
    frame = load_breast_cancer(as_frame=True).frame
    return make_table(frame, confirmed(frame), label="target")


@pytest.fixture(scope="session")
def diabetes() -> Table:
    """442 patients, ten measurements, and a progression to be predicted."""
    frame = load_diabetes(as_frame=True).frame
    return make_table(frame, confirmed(frame), label="target")


@pytest.fixture(scope="session")
def mixed() -> Table:
    """400 invented patients with words, dates, gaps and rules; those without a smoking status are older."""
    rng = np.random.default_rng(5)
    age = rng.integers(20, 90, 400)
    height = rng.normal(170, 9, 400).clip(140, 210)
    weight = (height - 100 + rng.normal(0, 9, 400)).clip(35, 190)
    birth = np.datetime64("2020-01-01", "D") - age * 365
    ill = rng.random(400) < age / 120
    frame = pd.DataFrame(
        {
            "age": age,
            "weight": weight,
            "height": height,
            "bmi": weight / (height / 100) ** 2,
            "blood": rng.choice(["0", "A", "B", "AB"], 400, p=[0.45, 0.4, 0.1, 0.05]),
            "smoker": np.where(rng.random(400) < (age - 20) / 140, None, rng.choice(["no", "yes"], 400)),
            "birth": birth,
            "visit": birth + rng.integers(7000, 9000, 400),
            "ill": np.where(ill, "yes", "no"),
            "site": [f"s{row % 25}" for row in range(400)],
        }
    )
    days = [float(np.datetime64(day, "D").astype(int)) for day in ("1900-01-01", "2030-12-31")]
    schema = TableSchema.of(
        [
            Column("age", "integer", 0, 110),
            Column("weight", "numeric", 30, 200),
            Column("height", "numeric", 120, 220),
            Column("bmi", "numeric", 8, 90),
            Column.of_categories("blood", ("0", "A", "B", "AB")),
            Column.of_categories("smoker", ("no", "yes"), nullable=True),
            Column("birth", "date", *days),
            Column("visit", "date", *days),
            Column.of_categories("ill", ("no", "yes")),
        ],
        ["bmi = weight / (height / 100)^2", "visit >= birth"],
    )
    return make_table(frame, schema, label="ill", donor="site")


def barrier(table: Table, **options) -> PrivateCohort:
    return PrivateCohort(table, **{"epsilon": 5.0, "delta": 1e-5, "noise_seed": 7, **options})


def fit(name: str, table: Table, **options) -> Fitted:
    promise = {"epsilon": math.inf} if name in OPEN else {}
    return QUICK[name].fit(barrier(table, **{**promise, **options}), grn=GRN(), seed=0)


@pytest.fixture(scope="module", params=NAMES)
def name(request) -> str:
    return request.param


def test_every_method_for_tables_has_quick_settings_here():
    assert set(NAMES) == set(QUICK)
    assert all(type(generator(name)) is type(QUICK[name]) for name in NAMES)


@pytest.mark.parametrize("which", ["tumours", "diabetes", "mixed"])
def test_what_comes_out_is_a_sound_table_of_the_same_schema(name, which, request):
    table = request.getfixturevalue(which)
    synthetic = fit(name, table).sample(300, seed=1)
    assert check_table(synthetic) == ()
    assert synthetic.schema == table.schema
    assert len(synthetic) == 300
    assert synthetic.label == table.label
    assert synthetic.types == (table.types if synthetic.typed else ("all",))


def test_rules_hold_and_gaps_are_made(name, mixed):
    frame = fit(name, mixed).sample(400, seed=2).frame
    assert np.allclose(frame["bmi"], frame["weight"] / (frame["height"] / 100) ** 2)
    assert (frame["visit"] >= frame["birth"]).all()
    assert 0 < frame["smoker"].isna().mean() < 1
    assert "site" not in frame


def test_a_label_can_be_asked_for(name, mixed):
    fitted = fit(name, mixed)
    synthetic = fitted.sample(labels=["yes"] * 5 + ["no"] * 2, seed=0)
    assert synthetic.frame["ill"].tolist() == ["yes"] * 5 + ["no"] * 2
    with pytest.raises(InputError, match="maybe"):
        fitted.sample(labels=["maybe"], seed=0)
    with pytest.raises(InputError, match="no intervention"):
        fitted.sample(5, do={"age": 1.0}, seed=0)


def test_records_can_be_asked_for_by_their_values(name, mixed):
    fitted = fit(name, mixed)
    assert sample_where(fitted, 30, {"ill": "yes"}, seed=1).frame["ill"].tolist() == ["yes"] * 30
    with pytest.raises(InputError, match="2 problems"):
        sample_where(fitted, 5, {"blood": "C", "hair": "red"}, seed=1)


def test_conditions_hold_together_and_one_that_nobody_meets_is_said(mixed):
    fitted = fit("table_copula", mixed)
    frame = sample_where(fitted, 30, {"ill": "yes", "blood": "A", "smoker": ""}, seed=1).frame
    assert (len(frame), set(frame["ill"]), set(frame["blood"])) == (30, {"yes"}, {"A"})
    assert frame["smoker"].isna().all()
    with pytest.raises(InputError, match="which 0 of 40,000 records meet"):
        sample_where(fitted, 5, {"weight": "77.123456789"}, seed=1)


def test_the_same_seeds_give_the_same_table_and_others_another(name, mixed):
    one, two = fit(name, mixed).sample(50, seed=1), fit(name, mixed).sample(50, seed=1)
    pd.testing.assert_frame_equal(one.frame, two.frame)
    assert not one.frame.equals(fit(name, mixed).sample(50, seed=2).frame)


def test_what_was_saved_is_what_is_loaded(name, mixed, tmp_path):
    fitted = fit(name, mixed)
    fitted.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert again.ledger == fitted.ledger
    pd.testing.assert_frame_equal(again.sample(40, seed=3).frame, fitted.sample(40, seed=3).frame)
    write_cohort(again.sample(40, seed=3), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text().startswith("age,weight,height,bmi,blood")


@pytest.mark.parametrize("name", [method.name for method in methods() if method.cohorts == ("tables",)])
def test_cells_are_refused_where_tables_are_asked_for(name, members):
    promise = math.inf if name in OPEN else 5.0
    with pytest.raises(InputError, match="a method that takes tables"):
        QUICK[name].fit(PrivateCohort(members, epsilon=promise, delta=1e-5, noise_seed=1), grn=GRN(), seed=0)


def test_a_method_that_protects_nobody_makes_no_promise(mixed):
    with pytest.raises(InputError, match="protects nobody"):
        fit("pgan", mixed, epsilon=5.0)
    assert fit("pgan", mixed).ledger.epsilon == math.inf


def test_the_flagship_spends_the_promise_and_not_more(mixed):
    ledger = fit("table_copula", mixed).ledger
    assert 4.9 < ledger.epsilon <= 5.0
    assert [entry.name for entry in ledger.entries] == ["marginals", "pairs"]
    assert any("schema" in what for what in ledger.public)


def test_a_neighbouring_table_changes_nothing_but_the_barriers_outputs(mixed):
    whole, less = fit("table_copula", mixed), fit("table_copula", mixed.subset(np.arange(1, 400)))
    assert whole.ledger == less.ledger
    assert (whole.genes, whole.types, whole.settings.keys()) == (less.genes, less.types, less.settings.keys())


def test_ranges_read_off_the_records_are_refused(tumours):
    peeked = make_table(tumours.frame, infer_schema(tumours.frame), label="target")
    with pytest.raises(InputError, match="peeked: true"):
        barrier(peeked)
    assert barrier(peeked, epsilon=math.inf).types == ("0", "1")


class Overheard(PrivateCohort):
    """A barrier that keeps the functions it was asked to run on private records."""

    def release_sum(self, name, blocks, *, share):
        self.__dict__.setdefault("blocks", []).extend(blocks)
        return super().release_sum(name, blocks, share=share)


def test_the_flagships_functions_treat_each_record_by_itself_and_need_no_clip(mixed):
    private = Overheard(mixed, epsilon=5.0, delta=1e-5, noise_seed=7)
    TableCopula().fit(private, seed=0)
    codes = np.array([private.types.index(label) for label in mixed.labels])
    assert {block.name for block in private.blocks} == {"counts", "halvings", "pairs"}
    for block in private.blocks:
        together = np.asarray(block.of(Records(mixed.values, codes)))
        assert np.linalg.norm(together, axis=1).max() <= block.radius * (1 + 1e-9)
        for row in (0, 7, 399):
            alone = np.asarray(block.of(Records(mixed.values[[row]], codes[[row]])))
            assert np.array_equal(alone[0], together[row]), block.name


@pytest.mark.parametrize("unit", ["cell", "donor"])
def test_a_patient_or_a_hospital_moves_the_sums_by_no_more_than_was_charged(mixed, unit):
    """Noise of the same seed cancels: what is left is the unit's own contribution."""
    gone = np.flatnonzero(mixed.donors == "s3") if unit == "donor" else np.array([3])
    sums = []
    for table in (mixed, mixed.subset(np.delete(np.arange(400), gone))):
        private = Overheard(table, epsilon=5.0, delta=1e-5, noise_seed=7, unit=unit)
        TableCopula().fit(private, seed=0)
        again = PrivateCohort(table, epsilon=5.0, delta=1e-5, noise_seed=7, unit=unit)
        release = again.release_sum("marginals", private.blocks[:2], share=0.5)
        weights = {block.name: block.weight / block.radius for block in private.blocks[:2]}
        sums.append(np.concatenate([release.sums[name].ravel() * weights[name] for name in weights]))
    moved = np.linalg.norm(sums[0] - sums[1])
    assert 0 < moved <= again.ledger.entries[0].sensitivity + 1e-3


@pytest.mark.parametrize(
    "column",
    [
        Column("x", "numeric", -1, 3, nullable=True),
        Column("x", "integer", 0, 9),
        Column("x", "integer", 0, 500, nullable=True),
        Column.of_categories("x", ("a", "b", "c", "d", "e"), nullable=True),
        Column.of_categories("x", ("only",)),
    ],
)
def test_halvings_without_noise_give_the_shares_back(column):
    rng = np.random.default_rng(1)
    codes = column.codes(rng.beta(2, 5, 20_000))
    codes[rng.random(20_000) < 0.2 * column.nullable] = np.nan
    halvings = Halvings(column)
    coordinates = column.encode(codes)
    measured = halvings.measure(coordinates)
    assert np.linalg.norm(measured, axis=1).max() <= 1 + 1e-12
    shares, gaps = halvings.shares(measured.sum(axis=0)[None], np.array([20_000.0]), 1e-9)
    leaf, gone = halvings.cells(coordinates)
    truth = np.bincount(leaf[~gone], minlength=halvings.leaves) / (~gone).sum()
    assert np.abs(shares[0] - truth).max() < 0.004
    assert gaps[0] == pytest.approx(gone.mean(), abs=1e-3)


def test_noise_far_above_the_records_leaves_even_shares():
    column = Column("x", "numeric", 0, 1)
    halvings = Halvings(column)
    sums = np.random.default_rng(0).normal(0, 1000, (2, halvings.width))
    shares, _ = halvings.shares(sums, np.array([30.0, 30.0]), 1000.0)
    assert np.abs(shares * halvings.leaves - 1).max() < 0.05


def test_with_much_budget_the_flagship_finds_gaps_words_and_what_goes_with_what(mixed):
    frame = fit("table_copula", mixed, epsilon=1e5).sample(20_000, seed=1).frame
    real = mixed.frame
    assert frame["smoker"].isna().mean() == pytest.approx(real["smoker"].isna().mean(), abs=0.03)
    blood = frame["blood"].value_counts(normalize=True)
    assert (blood - real["blood"].value_counts(normalize=True)).abs().max() < 0.04
    for one, other in (("weight", "height"), ("age", "bmi")):
        assert frame[one].corr(frame[other]) == pytest.approx(real[one].corr(real[other]), abs=0.1)
    older = real["age"][real["smoker"].isna()].mean() - real["age"].mean()
    assert frame["age"][frame["smoker"].isna()].mean() - frame["age"].mean() == pytest.approx(older, abs=3)


def test_a_model_of_synthetic_tumours_knows_real_ones(tumours):
    """Epsilon 5: real records give .97; five seeds that were tried lay between .93 and .97."""
    members, others = split_cohort(tumours, fractions=(0.7, 0.3), seed=30)
    synthetic = TableCopula().fit(barrier(members), seed=0).sample(398, seed=0)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)).fit(synthetic.values, synthetic.labels)
    assert model.score(others.values, others.labels) > 0.88


def test_a_regression_on_synthetic_patients_predicts_real_ones(diabetes):
    """Epsilon 10: real records give an R2 of .46; nothing learnt gives at most 0."""
    members, others = split_cohort(diabetes, fractions=(0.7, 0.3), seed=30)
    synthetic = TableCopula().fit(barrier(members, epsilon=10.0), seed=0).sample(310, seed=0)
    target = diabetes.features.places["target"]
    knows = np.delete(np.arange(diabetes.features.width), target)
    model = Ridge(1e-3).fit(synthetic.values[:, knows], synthetic.values[:, target])
    assert model.score(others.values[:, knows], others.values[:, target]) > 0.25


def test_vectors_are_short_and_give_the_records_back(mixed):
    import torch

    view = TableVectors(mixed.schema, mixed.label)
    vectors = view.vectors(mixed.values)
    assert np.linalg.norm(vectors.astype(np.float64), axis=1).max() <= 1
    again = view.cohort(vectors, mixed.labels.tolist(), label="ill", rng=np.random.default_rng(0), expected=False)
    names = [name for name in again.frame if name != "bmi"]
    pd.testing.assert_frame_equal(again.frame[names], mixed.frame[names].reset_index(drop=True), rtol=1e-4)
    squashed = view.squash(torch.randn(500, view.width) * 20).double().numpy()
    assert np.linalg.norm(squashed, axis=1).max() <= 1 + 1e-6
