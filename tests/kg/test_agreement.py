from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from kg import Verdict
from kg.agreement import agreement, cohen_kappa, krippendorff_alpha
from kg.decisions import decide


def ratings(*rows: str) -> list[dict[str, str]]:
    """Units from a row of values for each coder, `.` where a coder gave none."""
    units = zip(*(row.split() for row in rows), strict=True)
    return [{str(coder): value for coder, value in enumerate(unit) if value != "."} for unit in units]


def test_kappa_is_that_of_cohens_own_example():
    """Cohen (1960), table 1: 200 patients, three diagnoses, agreement .70 seen and .41 by chance: kappa .492."""
    table = [[88, 10, 2], [14, 40, 6], [18, 10, 12]]
    pairs = [(str(a), str(b)) for a, b in product(range(3), repeat=2) for _ in range(table[a][b])]
    found = cohen_kappa(pairs)
    assert found.value == pytest.approx((0.70 - 0.41) / (1 - 0.41))
    assert round(found.value, 3) == 0.492
    assert found.units == 200
    assert found.interval[0] < found.value < found.interval[1]


def test_kappa_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    one, other = rng.integers(0, 3, (2, 60))
    other[:30] = one[:30]
    found = cohen_kappa([(str(a), str(b)) for a, b in zip(one, other, strict=True)])
    assert found.value == pytest.approx(cohen_kappa_score(one, other))


@pytest.mark.parametrize(
    ("rows", "alpha", "units"),
    [
        (("0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0"), 0.095, 10),
        (("a a b b d c c c e d d a", "b a b b b c c c e d d d"), 0.692, 12),
        (
            (
                "1 2 3 3 2 1 4 1 2 . . .",
                "1 2 3 3 2 2 4 1 2 5 . 3",
                ". 3 3 3 2 3 4 2 2 5 1 .",
                "1 2 3 3 2 4 4 1 2 5 1 .",
            ),
            0.743,
            11,
        ),
    ],
    ids=["two coders, two values", "two coders, five values", "four coders, values missing"],
)
def test_alpha_is_that_of_krippendorffs_own_examples(rows, alpha, units):
    """Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, examples A, B and C."""
    found = krippendorff_alpha(ratings(*rows))
    assert round(found.value, 3) == alpha
    assert found.units == units, "a unit that one coder judged is left out"


def test_full_agreement_is_one_and_one_verdict_throughout_tells_nothing():
    assert krippendorff_alpha(ratings("a b", "a b")).value == 1.0
    assert krippendorff_alpha(ratings("a a", "a a")).value is None
    assert cohen_kappa([("a", "a")] * 5).value is None
    assert krippendorff_alpha([]).value is None


def test_the_interval_holds_what_another_sample_would_give():
    """Of 100 samples from one population, its kappa lies within the interval about 95 times."""
    rng = np.random.default_rng(1)
    truth = 0.5  # half of the claims are read alike, half by tossing a coin each: kappa .5
    inside = 0
    for sample in range(100):
        one = rng.integers(0, 2, 80)
        other = np.where(rng.random(80) < 0.5, one, rng.integers(0, 2, 80))
        low, high = cohen_kappa([(str(a), str(b)) for a, b in zip(one, other, strict=True)], seed=sample).interval
        inside += low <= truth <= high
    assert 88 <= inside <= 99


def test_only_what_stands_is_compared_and_only_where_both_judged(say):
    claims = [say("GATA1", "HBB", paper=f"PMID:{n}") for n in range(4)]

    def judged(n: int, curator: str, verdict: Verdict, second: int):
        return decide(claims[n], verdict, curator=curator, time=f"2026-01-01T00:00:{second:02}.000000Z")

    decisions = [
        judged(0, "ada", Verdict.REJECT, 0),
        judged(0, "ada", Verdict.ACCEPT, 1),
        judged(1, "ada", Verdict.REJECT, 2),
        judged(2, "ada", Verdict.ACCEPT, 3),
        judged(0, "bob", Verdict.ACCEPT, 4),
        judged(1, "bob", Verdict.REJECT, 5),
        judged(3, "bob", Verdict.UNSURE, 6),
    ]
    found = agreement(decisions)
    assert found.curators == ("ada", "bob")
    assert found.alpha.value == 1.0
    (pair,) = found.pairs
    assert (pair.same, pair.kappa.units, pair.kappa.value) == (2, 2, 1.0)
    assert agreement(decisions[:4]).pairs == ()
