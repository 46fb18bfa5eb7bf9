"""What is audited comes in any form, and bad input is named with what can still be said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from anndata import AnnData
from sklearn.datasets import load_breast_cancer

from audit import AuditTarget, Edge, Records
from cohort import Cohort, make_cohort
from prisyn_base import InputError

GENES = tuple(f"G{column}" for column in range(30))


def counts(n: int, seed: int, depth: float = 2.0) -> np.ndarray:
    return np.random.default_rng(seed).poisson(depth, (n, len(GENES))).astype(np.float32)


def cells(n: int, seed: int, depth: float = 2.0) -> Cohort:
    return make_cohort(
        counts(n, seed, depth),
        genes=GENES,
        labels=["a", "b"] * (n // 2),
        cells=[f"{seed}-{row}" for row in range(n)],
    )


def patients(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "age": rng.integers(20, 90, n),
            "sex": rng.choice(["female", "male"], n),
            "lab": rng.exponential(1.0, n),
            "smoker": rng.choice([True, False], n),
            "outcome": rng.choice(["lives", "dies"], n),
        },
        index=[f"{seed}-{row}" for row in range(n)],
    )
    table.loc[table.index[:: n // 10], "lab"] = np.nan
    return table


def three(make: Callable[[int, int], Any]) -> list[Any]:
    return [make(120, 0), make(110, 1), make(130, 2)]


def warnings_with(target: AuditTarget, words: str) -> list[str]:
    return [line for line in target.check() if words in line]


@pytest.mark.parametrize(
    "form",
    [
        lambda cohort: cohort,
        lambda cohort: cohort.adata,
        lambda cohort: pd.DataFrame(cohort.counts.toarray(), columns=list(GENES)),
        lambda cohort: cohort.counts.toarray(),
        lambda cohort: cohort.counts,
        lambda cohort: sp.csc_matrix(cohort.counts),
        lambda cohort: sp.coo_array(cohort.counts),
        lambda cohort: AnnData(np.asarray(cohort.counts.toarray(), dtype=np.int64)),
    ],
    ids=["Cohort", "AnnData", "DataFrame", "array", "CSR", "CSC", "COO array", "dense integer AnnData"],
)
def test_counts_are_the_same_in_whatever_form_they_come(form: Callable[[Cohort], Any]) -> None:
    sets = three(cells)
    target = AuditTarget(*map(form, sets), kind="counts")
    target.check()
    assert target.kind == "counts"
    for name, cohort in zip(("members", "nonmembers", "synthetic"), sets, strict=True):
        np.testing.assert_array_equal(target.values(name), cohort.log_normalised().toarray())
        assert (target.counts(name) != cohort.counts).nnz == 0


def test_counts_that_are_sparse_already_are_not_copied() -> None:
    matrix = cells(50, 0).counts
    assert AuditTarget(matrix, matrix, matrix).counts("members") is matrix


def test_members_and_nonmembers_share_one_block_of_values() -> None:
    target = AuditTarget(*three(cells))
    assert target.values("members").base is target.candidates
    assert len(target.candidates) == 230


def test_types_and_donors_are_known_where_they_are_named() -> None:
    sets = [cohort.adata.copy() for cohort in three(cells)]
    for adata in sets[:2]:
        adata.obs["donor"] = [f"{adata.obs_names[0]}/{row % 12}" for row in range(adata.n_obs)]
    target = AuditTarget(*sets, label="cell_type", donor="donor")
    labels, donors = target.labels("synthetic"), target.donors("members")
    assert labels is not None
    assert donors is not None
    assert set(labels) == {"a", "b"}
    assert len(set(donors)) == 12
    assert target.donors("synthetic") is None
    assert AuditTarget(*three(counts)).labels("members") is None


def test_a_table_becomes_numbers_of_one_scale_and_says_which_are_whose() -> None:
    target = AuditTarget(*three(patients), label="outcome")
    places = target.encoding.places
    assert target.features == ("age", "sex", "lab", "smoker")
    assert [place.stop - place.start for place in places.values()] == [1, 2, 2, 1]
    together = np.concatenate([target.values(name) for name in target.names])
    np.testing.assert_allclose(together[:, places["age"]].std(), 1.0, rtol=1e-5)
    np.testing.assert_array_equal(together[:, places["sex"]].sum(axis=1), 1.0)
    gap, missing = together[:, places["lab"]].T, pd.concat(target.table(name) for name in target.names)["lab"].isna()
    np.testing.assert_array_equal(gap[1] == 1.0, missing)
    np.testing.assert_array_equal(gap[0][missing], 0.0)


def test_columns_of_tables_are_matched_by_name() -> None:
    members, nonmembers, synthetic = three(patients)
    turned = synthetic[synthetic.columns[::-1]]
    target, straight = (AuditTarget(members, nonmembers, s, label="outcome") for s in (turned, synthetic))
    np.testing.assert_array_equal(target.values("synthetic"), straight.values("synthetic"))


def test_a_column_the_generator_made_constant_keeps_the_scale_of_the_others() -> None:
    members, nonmembers, synthetic = three(patients)
    target = AuditTarget(members, nonmembers, synthetic.assign(age=50), label="outcome")
    assert np.ptp(target.values("members")[:, 0]) < 6
    assert warnings_with(target, "do not vary, though members do (age)")


def test_what_is_no_set_of_records_is_refused_by_name() -> None:
    with pytest.raises(InputError) as caught:
        AuditTarget(counts(20, 0)[0], [1, 2], cells(20, 0))
    assert [problem.where for problem in caught.value.problems] == ["members", "nonmembers"]
    with pytest.raises(InputError, match=r"no numbers \(sex, smoker, outcome\)|no numbers \(sex, outcome\)"):
        AuditTarget(patients(50, 0), cells(50, 1), cells(50, 2))


def test_logs_beside_counts_are_refused() -> None:
    members, nonmembers, synthetic = three(cells)
    logs = make_cohort(synthetic.log_normalised(), genes=GENES, labels=synthetic.labels.tolist())
    with pytest.raises(InputError, match="synthetic: found values that are not whole numbers"):
        AuditTarget(members, nonmembers, logs).check()


def test_another_depth_or_unit_is_named() -> None:
    members, nonmembers, _ = three(cells)
    deep = AuditTarget(members, nonmembers, cells(100, 5, depth=100.0))
    assert warnings_with(deep, "counts a record where members have 5")
    table = AuditTarget(*three(patients)[:2], patients(90, 7).assign(lab=lambda t: 1000 * t["lab"]), label="outcome")
    assert warnings_with(table, "times larger or smaller than those of members (lab)")
    assert deep.doubts
    assert table.doubts
    assert not AuditTarget(*three(cells)).doubts


def test_members_in_the_holdout_are_refused_and_a_few_look_alikes_are_named() -> None:
    members, _, synthetic = three(counts)
    with pytest.raises(InputError, match="80 records that are members too"):
        AuditTarget(members, members[:80], synthetic, kind="counts").check()
    few = np.concatenate([counts(100, 1), members[:3]])
    assert warnings_with(AuditTarget(members, few, synthetic, kind="counts"), "nonmembers: 3 of 103 records equal")


def test_records_that_repeat_by_nature_are_no_overlap() -> None:
    """Three yes-or-no columns hold eight different records at most."""

    def answers(n: int, seed: int) -> pd.DataFrame:
        return pd.DataFrame(np.random.default_rng(seed).integers(0, 2, (n, 3)), columns=["x", "y", "z"])

    said = " ".join(AuditTarget(*three(answers)).check())
    assert "equal" not in said
    assert "mistake" not in said


def test_one_record_of_the_same_name_and_content_is_an_overlap_unless_records_repeat_and_names_are_numbers() -> None:
    members, others, synthetic = three(cells)
    mixed = AnnData(np.concatenate([others.counts.toarray(), members.counts[:1].toarray()]))
    mixed.var_names, mixed.obs_names = list(GENES), [*others.adata.obs_names, members.adata.obs_names[0]]
    with pytest.raises(InputError, match="1 record that is a member too \\(0-0\\)"):
        AuditTarget(members.adata, mixed, synthetic.adata).check()

    def answers(n: int, seed: int) -> pd.DataFrame:
        table = np.random.default_rng(seed).integers(0, 2, (n, 3))
        return pd.DataFrame(table, columns=["x", "y", "z"], index=[f"row {row}" for row in range(n)])

    AuditTarget(*three(answers)).check()


def test_copies_among_the_synthetic_records_are_named_by_whose_they_are() -> None:
    members, nonmembers, synthetic = three(patients)
    copies = pd.concat([synthetic, members[:40], nonmembers[:30]], ignore_index=True)
    target = AuditTarget(members, nonmembers, copies, label="outcome")
    assert warnings_with(target, "synthetic: 40 of 200 records equal a member's")
    assert warnings_with(target, "synthetic: 30 of 200 records equal a non-member's")
    swapped = AuditTarget(members, nonmembers, members, label="outcome")
    assert warnings_with(swapped, "was the training set handed in by mistake?")


def test_a_reference_that_is_the_training_set_is_refused_and_one_that_overlaps_is_named() -> None:
    members, nonmembers, synthetic = three(cells)
    with pytest.raises(InputError, match="120 of 120 records that are members"):
        AuditTarget(members, nonmembers, synthetic, members).check()
    mixed = make_cohort(np.concatenate([counts(100, 9), nonmembers.counts[:5].toarray()]), genes=GENES)
    target = AuditTarget(members, nonmembers, synthetic, mixed)
    assert warnings_with(target, "5 of 105 records are nonmembers; attacks that use the reference are biased")


def test_donors_on_both_sides_are_named() -> None:
    sets = [cohort.adata.copy() for cohort in three(cells)]
    for adata in sets[:2]:
        adata.obs["donor"] = [f"d{row % 15}" for row in range(adata.n_obs)]
    target = AuditTarget(*sets, label="cell_type", donor="donor")
    assert warnings_with(target, "15 donors with records among members and non-members (d0, d1, d10, ...)")


def test_a_record_without_a_donor_is_refused() -> None:
    members, nonmembers, synthetic = (
        table.assign(clinic=[f"c{row % 12}" for row in range(len(table))]) for table in three(patients)
    )
    members.iloc[3, -1] = np.nan
    with pytest.raises(InputError, match="records without a 'clinic'"):
        AuditTarget(members, nonmembers, synthetic, donor="clinic").check()


@pytest.mark.parametrize("place", [0, 2])
def test_columns_of_one_name_are_named(place: int) -> None:
    sets = three(patients)
    sets[place] = pd.concat([sets[place], sets[place][["age"]]], axis=1)
    with pytest.raises(InputError, match="columns named twice"):
        AuditTarget(*sets, label="outcome").check()
    sets[place] = pd.concat([sets[place], sets[place][["outcome"]]], axis=1)
    with pytest.raises(InputError, match="several columns named 'outcome'"):
        AuditTarget(*sets, label="outcome").check()


def test_one_class_is_named() -> None:
    members, nonmembers, synthetic = three(patients)
    one = AuditTarget(members, nonmembers, synthetic.assign(outcome="lives"), label="outcome")
    assert warnings_with(one, "synthetic: all records are of one type (lives)")
    with pytest.raises(InputError, match="members: found one type only"):
        AuditTarget(members.assign(outcome="lives"), nonmembers, synthetic, label="outcome").check()


def test_features_that_do_not_vary_are_named() -> None:
    sets = [np.concatenate([values[:, :-2], np.zeros((len(values), 2))], axis=1) for values in three(counts)]
    target = AuditTarget(*sets, kind="counts")
    assert warnings_with(target, "2 of 30 genes do not vary among real records (feature-28, feature-29)")


def test_missing_values_are_named_in_tables_and_refused_in_counts() -> None:
    members, nonmembers, synthetic = three(patients)
    target = AuditTarget(members, nonmembers, synthetic.assign(lab=np.nan), label="outcome")
    assert warnings_with(target, "members: 8% of the values are missing in 1 of 4 columns")
    assert warnings_with(target, "synthetic: no value at all in 1 column (lab)")
    assert np.isfinite(target.candidates).all()
    with pytest.raises(InputError, match="'age'"):
        AuditTarget(members.assign(age=np.inf), nonmembers, synthetic, label="outcome").check()


def test_identifiers_dates_and_texts_among_numbers_are_named() -> None:
    members, nonmembers, synthetic = three(patients)
    named = [table.assign(patient=table.index) for table in (members, nonmembers, synthetic)]
    assert warnings_with(AuditTarget(*named, label="outcome"), "column 'patient' has 120 different texts")
    mixed = AuditTarget(members, nonmembers, synthetic.assign(age=synthetic["age"].astype(str)), label="outcome")
    assert warnings_with(mixed, "column 'age' is text in synthetic and numbers elsewhere")
    with pytest.raises(InputError, match=r"members: found dates \(seen\)"):
        AuditTarget(*[t.assign(seen=pd.Timestamp("2020-01-01")) for t in three(patients)], label="outcome").check()


def test_counts_handed_in_as_a_table_are_noticed() -> None:
    target = AuditTarget(*(np.minimum(values, 1) * (values > 3) for values in three(counts)))
    assert target.kind == "table"
    assert warnings_with(target, 'if they are counts, say so (kind="counts")')


def test_edges_between_unknown_genes_are_named() -> None:
    target = AuditTarget(*three(cells), edges=[("G1", "G2", 1), ("G1", "SPI1"), ("G1", "G2", 1)])
    assert target.edges == (Edge("G1", "G2", 1), Edge("G1", "SPI1", 0))
    assert warnings_with(target, "edges: 1 of 2 name something")


def test_all_that_is_wrong_is_said_at_once() -> None:
    members, _, synthetic = three(patients)
    with pytest.raises(InputError) as caught:
        AuditTarget(
            members, members[:8], synthetic.drop(columns="sex").assign(lab=np.inf), members, label="outcome"
        ).check()
    said = str(caught.value)
    for words in ("8 records", "members too", "1 column of members missing (sex)", "infinite values in 'lab'"):
        assert words in said, words


def test_records_keep_what_is_known_of_them_in_a_subset() -> None:
    records = AuditTarget(*three(patients), label="outcome").members
    part = records.subset(records.labels == "dies")
    assert isinstance(part, Records)
    assert set(part.labels) == {"dies"}
    assert part.ids.tolist() == [name for name, kind in zip(records.ids, records.labels, strict=True) if kind == "dies"]


def test_a_copy_of_a_detailed_record_is_no_chance_however_few_there_are() -> None:
    members, nonmembers, synthetic = (values + 0.5 for values in three(lambda n, s: counts(n, s).cumsum(axis=1)))
    detailed = [
        np.column_stack([values, np.arange(len(values)) / 7 + part])
        for part, values in enumerate((members, nonmembers, synthetic))
    ]
    detailed[2][0] = detailed[0][5]
    assert warnings_with(AuditTarget(*detailed), "synthetic: 1 of 130 records equal a member's")


def test_three_rows_of_a_wide_table_in_both_sets_are_an_overlap_though_no_column_is_unique() -> None:
    table = load_breast_cancer(as_frame=True).frame.sample(frac=1, random_state=0)
    members, holdout, other = table[:280], pd.concat([table[280:420], table[:3]]), table[420:]
    named = [part.reset_index(drop=True).add_prefix("c ") for part in (members, holdout, other)]
    assert warnings_with(AuditTarget(*named), "nonmembers: 3 of 143 records equal a member's")


def test_a_narrow_table_may_have_look_alikes_by_chance() -> None:
    def answers(n: int, seed: int) -> pd.DataFrame:
        return pd.DataFrame(np.random.default_rng(seed).integers(0, 60, (n, 4)) / 7, columns=list("wxyz"))

    members, nonmembers, synthetic = answers(280, 0), answers(140, 1), answers(150, 2)
    nonmembers.iloc[0] = members.iloc[0]
    assert not warnings_with(AuditTarget(members, nonmembers, synthetic), "nonmembers: 1 of 140 records equal")
