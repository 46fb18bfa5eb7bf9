"""Types too small for the promise: together with related ones, or from public cells; decided on noisy counts alone."""

from __future__ import annotations

import numpy as np
import pytest

from cohort import PBMC68K_TYPES, Cohort, make_cohort
from conditioned_gen import Block, check_request
from conditioned_gen.generators.grn_subspace import GrnSubspace
from conditioned_gen.hellinger import root_proportions
from conditioned_gen.rare import SHARE, borrowed_profiles, settle_rare
from prisyn_base import InputError


def settled(private, rare, public=None):
    return settle_rare(private, rare, method="grn_subspace", public=public)


def test_nothing_is_spent_where_types_are_kept_or_refused(barrier):
    for rare in ("keep", "refuse"):
        private = barrier()
        assert settled(private, rare).lines() == ()
        assert private.share_left == 1


def test_small_types_go_under_a_joint_name_and_large_ones_stay(barrier, members):
    private = barrier(epsilon=5.0)
    found = settled(private, "merge")
    sizes = {name: int((members.labels == name).sum()) for name in PBMC68K_TYPES}
    assert found.merged[min(sizes, key=lambda name: sizes[name])] in private.types
    assert max(sizes, key=lambda name: sizes[name]) in private.types
    assert len(private.types) < len(PBMC68K_TYPES)
    assert set(found.merged.values()) <= set(private.types)


def test_the_decision_costs_its_share_and_is_written_down(barrier):
    private = barrier(epsilon=5.0)
    found = settled(private, "merge")
    entry = private.ledger.entries[-1]
    assert private.share_left == pytest.approx(1 - SHARE)
    assert entry.sensitivity == 1
    assert entry.note == "; ".join(found.lines())
    assert "put together: " in entry.note


def sizes_block() -> Block:
    return Block("sizes", lambda records: np.ones((len(records.types), 1)), width=1, radius=1.0, per_type=True)


def test_after_merging_every_record_still_counts_once(barrier, members):
    private = barrier(epsilon=1e6)
    private.regroup({"CD34+": "few", "Dendritic": "few"})
    counts = private.release_sum("sizes", [sizes_block()], share=1.0).sums["sizes"].ravel()
    named = np.where(np.isin(members.labels, ["CD34+", "Dendritic"]), "few", members.labels)
    assert np.rint(counts).tolist() == [int((named == name).sum()) for name in private.types]


def test_neighbours_with_the_same_noisy_counts_are_treated_alike(barrier, members):
    """The decision is a function of the noisy counts: a record that leaves them on the same side changes nothing."""
    less = barrier(members.subset(np.arange(1, len(members))))
    whole = barrier(members)
    assert settled(whole, "merge") == settled(less, "merge")
    assert whole.types == less.types
    assert whole.ledger.entries == less.ledger.entries


def test_one_record_moves_the_counts_by_at_most_one(barrier, members):
    """With the noise seeded, the released counts of neighbours differ by the one record, whichever it is."""
    for row in (0, len(members) - 1):
        fewer = members.subset(np.delete(np.arange(len(members)), row))
        sums = [barrier(c).release_sum("sizes", [sizes_block()], share=0.05).sums["sizes"] for c in (members, fewer)]
        assert 0.99 < np.linalg.norm(sums[0] - sums[1]) <= 1


def test_kin_is_found_by_profile_where_public_cells_are_labelled_and_by_name_where_not(barrier):
    rng = np.random.default_rng(0)
    profiles = {"T": [9, 1, 1, 1], "B": [1, 9, 1, 1], "odd": [1, 8, 2, 1], "odd T": [1, 1, 1, 9]}
    sizes = {"T": 300, "B": 300, "odd": 4, "odd T": 200}
    labels = [name for name, size in sizes.items() for _ in range(size)]
    counts = rng.poisson(np.array([profiles[name] for name in labels]) * 3)
    cohort = make_cohort(counts, genes=["a", "b", "c", "d"], labels=labels)
    by_profile = barrier(cohort, types=tuple(sizes))
    settled(by_profile, "merge", public=cohort)
    assert set(by_profile.types) == {"T", "B or odd", "odd T"}
    by_name = barrier(cohort, types=tuple(sizes))
    settled(by_name, "merge")
    assert set(by_name.types) == {"T", "B", "odd or odd T"}


def test_types_from_public_cells_are_those_too_small_that_the_public_cells_have(barrier, members):
    public = members.subset(members.labels != "CD34+")
    private = barrier(epsilon=2.0)
    found = settled(private, "public", public=public)
    assert found.lacking == ("CD34+",)
    assert found.borrowed == private.borrowed
    assert all((members.labels == name).sum() < 25 for name in found.borrowed)
    assert "drawn from public cells" in private.ledger.entries[-1].note


def test_asking_for_public_cells_without_any_is_said_before_anything_is_spent(members, others):
    unlabelled = Cohort(others.adata)
    strangers = make_cohort(np.ones((4, 2)), genes=members.genes[:2], labels=["x", "x", "y", "y"])
    asked = {"epsilon": 5, "delta": 1e-5, "rare": "public"}
    for public, types, words in (
        (None, PBMC68K_TYPES, "without public cells"),
        (unlabelled, PBMC68K_TYPES, "have no types"),
        (strangers, PBMC68K_TYPES, "of other types: x, y"),
        (others, None, "without declared types"),
    ):
        assert words in "\n".join(map(str, check_request(members, types=types, public=public, **asked)))
    assert check_request(members, types=PBMC68K_TYPES, public=others, **asked) == ()


def test_a_method_that_does_not_draw_from_public_cells_is_refused(barrier, others):
    with pytest.raises(InputError, match="grn_subspace, which draws from public cells"):
        settle_rare(barrier(), "public", method="dp_merf", public=others)


def test_a_borrowed_type_looks_like_the_public_cells_of_its_name(members, others, barrier, grn):
    private = barrier(members, epsilon=1.0)
    found = settled(private, "public", others)
    assert "CD34+" in found.borrowed
    fitted = GrnSubspace().fit(private, grn=grn, public=others, seed=0)
    drawn = fitted.sample(labels=["CD34+"] * 300, seed=0)
    theirs = root_proportions(np.asarray(others.counts[others.labels == "CD34+"].sum(axis=0)))[0]
    ours = root_proportions(np.asarray(drawn.counts.sum(axis=0)))[0]
    elsewhere = root_proportions(np.asarray(others.counts[others.labels == "CD14+ Monocyte"].sum(axis=0)))[0]
    assert ours @ theirs > 0.98
    assert ours @ theirs > ours @ elsewhere + 0.02


def test_genes_that_the_public_cells_lack_keep_their_share(others):
    fewer = others.select_genes(others.genes[10:])
    otherwise = np.full((1, len(others.genes)), 1 / len(others.genes))
    profile = borrowed_profiles(fewer, ["CD34+"], others.genes, otherwise=otherwise)
    assert profile.sum() == pytest.approx(1)
    assert profile[0, :10] == pytest.approx(otherwise[0, :10])
