"""An attack that finds a difference where there is none is stopped, whatever makes it do so."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pytest

from audit.attacks import ATTACKS, Attack, AttackView
from audit.attacks._controls import ask
from audit.attacks._run import AttackResult, run_attack

RECORDS = 150


def view(seed: int = 0, *, apart: float = 0.0, copies: int = 0, reference: bool = True) -> AttackView:
    """Members, non-members moved `apart` from them, and a synthetic set of which the first are near-copies."""
    rng = np.random.default_rng(seed)
    members, others, made, known = (rng.standard_normal((n, 12)) for n in (RECORDS, RECORDS, 2 * RECORDS, 2 * RECORDS))
    made[:copies] = members[:copies] + 0.1 * made[:copies]
    return AttackView(np.concatenate([members, others + apart]), made, known if reference else None)


def run(attack: Attack, looked_at: AttackView, seed: int = 0, **settings: object) -> AttackResult:
    return run_attack(attack, looked_at, RECORDS, seed=seed, delta=1e-5, **settings)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Made:
    """An attack that is broken on purpose."""

    name: str = "made"
    label: str = "Made"
    explanation: str = "Broken on purpose."
    reference: str = "none"
    needs_reference: bool = False

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        raise NotImplementedError


@dataclass(frozen=True)
class Ordered(Made):
    """Says what it should, and a little of where the record stood in the file."""

    weight: float = 1.0

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        place = np.arange(len(view.queries)) / len(view.queries)
        return -view.near_synthetic.distances[:, 0] - self.weight * place


@dataclass(frozen=True)
class Told(Made):
    """Was told beforehand which rows are members."""

    labels: npt.NDArray[np.float64] = field(default_factory=lambda: np.repeat([1.0, 0.0], RECORDS))

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        noise = 1e-3 * view.near_synthetic.distances[:, 0]
        return np.resize(self.labels, len(view.queries)) - noise


@pytest.mark.parametrize("attack", [Ordered(), Told()], ids=["by order", "by label"])
def test_an_attack_that_was_told_the_answer_is_stopped(attack: Attack) -> None:
    found = run(attack, view())
    assert found.auc.low > 0.6
    assert "order" in found.fault


def test_both_controls_of_order_see_a_label_that_sticks_to_the_row() -> None:
    by_place, again, _ = run(Told(), view()).controls
    assert not by_place.works
    assert not again.works
    assert again.expected == 1.0
    assert again.auc.point == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_working_attacks_are_not_stopped_whether_there_is_a_leak_or_not(attack: Attack) -> None:
    for seed, copies in enumerate((0, 100)):
        found = run(attack, view(seed, copies=copies), seed)
        assert found.fault == ""
        assert [control.name for control in found.controls] == [
            "members against members",
            "the same records again",
            "no synthetic records",
        ]


@pytest.mark.parametrize("reference", [True, False])
def test_sets_that_differ_by_themselves_are_seen_without_any_synthetic_record(reference: bool) -> None:
    found = run(ATTACKS["dcr"], view(apart=1.0, reference=reference))
    assert found.auc.low > 0.55
    assert "the two sets differ by themselves" in found.fault


def test_few_donors_that_differ_are_not_taken_for_sets_that_differ() -> None:
    """Two donors a side always differ somewhere; cells are many, donors are the unit."""
    rng = np.random.default_rng(0)
    donors = np.repeat(["a", "b", "c", "d"], RECORDS // 2)
    queries = rng.standard_normal((2 * RECORDS, 12)) + np.repeat(rng.standard_normal((4, 12)), RECORDS // 2, axis=0)
    made = view().synthetic
    looked_at = AttackView(queries, made, rng.standard_normal((2 * RECORDS, 12)))
    by_cell = run(ATTACKS["dcr"], looked_at)
    by_donor = run(ATTACKS["dcr"], looked_at, donors=(donors[:RECORDS], donors[RECORDS:]))
    assert not by_cell.controls[2].works
    assert by_donor.controls[2].works


def test_a_view_of_some_queries_knows_their_neighbours_already() -> None:
    whole, rows = view(copies=20), np.array([7, 3, 250, 0])
    near = whole.near_synthetic
    asked = ask(whole, rows)
    assert "near_synthetic" in asked.__dict__
    assert "near_reference" not in asked.__dict__
    np.testing.assert_array_equal(asked.near_synthetic.indices, near.indices[rows])
    np.testing.assert_array_equal(asked.queries, whole.queries[rows])


@dataclass(frozen=True)
class Nearest(Made):
    """The distance to the nearest synthetic record."""

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        return -view.near_synthetic.distances[:, 0]


def test_equal_records_that_get_equal_scores_are_no_ties_of_the_attack() -> None:
    """Two yes-or-no columns: of records that are the same, nothing different can be said."""
    rng = np.random.default_rng(0)
    table = AttackView(rng.integers(2, size=(2 * RECORDS, 2)).astype(float), rng.random((40, 2)))
    assert "ties" not in run(Nearest(), table).fault

    @dataclass(frozen=True)
    class Coarse(Made):
        def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
            return np.round(-view.near_synthetic.distances[:, 0])

    assert "ties" in run(Coarse(), view()).fault


def test_an_auc_of_one_half_is_a_fault_only_where_scores_tie() -> None:
    @dataclass(frozen=True)
    class Fixed(Made):
        values: tuple[float, ...] = ()

        def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
            return np.array([self.values[round(place)] for place in view.queries[:, 0]])

    few = AttackView(np.arange(20.0)[:, None], np.arange(5.0)[:, None] + 0.5)
    # Two members above, two below all ten others: exactly half of the pairs are in order, by chance.
    luck = Fixed(values=(30, 29, 28, 27, 26, -1, -2, -3, -4, -5, *map(float, range(10))))
    dumb = Fixed(values=(7.0,) * 20)
    for attack, words in ((luck, "0.5"), (dumb, "the same of every record")):
        found = run_attack(attack, few, 10, seed=0, delta=1e-5)
        assert found.auc.point == 0.5
        assert (words in found.fault) == (attack is dumb)


def test_an_attack_that_judges_records_by_one_another_is_asked_about_the_same_ones_in_two_orders() -> None:
    """Its scores of some of a large set differ from those of all, which is no fault; its order of them does not."""

    @dataclass(frozen=True)
    class Crowd(Made):
        def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
            wild = np.sin(1e3 * len(view.queries) * view.queries[:, 0])
            return np.asarray(wild)

    rng = np.random.default_rng(0)
    large = AttackView(rng.standard_normal((1400, 3)), rng.standard_normal((50, 3)), rng.standard_normal((60, 3)))
    found = run_attack(Crowd(), large, 700, seed=0, delta=1e-5)
    assert found.controls[1].works
    assert found.controls[1].auc.point == found.controls[1].expected


def test_a_reference_too_small_for_the_control_is_not_called_a_difference_of_the_sets() -> None:
    @dataclass(frozen=True)
    class Greedy(Made):
        def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
            values = -view.near_synthetic.distances[:, 0]
            return values if len(view.synthetic) >= 200 else np.full(len(values), np.nan)

    small = view()
    assert small.reference is not None
    found = run(Greedy(), dataclasses.replace(small, reference=small.reference[:30]))
    assert "not finite" in found.fault
    assert "differ" not in found.fault


def test_scores_that_are_not_numbers_are_not_run_again() -> None:
    @dataclass(frozen=True)
    class Nothing(Made):
        def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
            return np.full(len(view.queries), np.nan)

    found = run(Nothing(), view())
    assert found.controls == ()
    assert "not finite" in found.fault
