"""What the flagship keeps where whole donors are hidden: the curve over 20, 100 and 490 donors, beside the noise floor.

    python -m bench.donors [--donors 20 100 490] [--epsilons 1 5 10] [--seeds 0 1 2]

Donors are simulated: six types with profiles of 300 genes, shifts of each donor's own (a log-normal fold of a gene,
standard deviation .3), 40 cells a donor of which types make up shares that differ by donor. Eight other donors are
public, without types; forty more are held out. `floor` is 1 / (mu N), the noise in a mean over N donors by coordinate
and clip radius that a single release of the whole budget would have. `price` is what the released centre has instead,
over that floor; `roots` how far its type means lie from the donors' own, over how far these lie from the mean of all;
accuracy is that of a logistic regression trained on synthetic cells, on cells of the donors that were held out.
"""

from __future__ import annotations

import argparse
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from cohort import Cohort, make_cohort
from conditioned_gen import PrivateCohort, generator, mu_of
from conditioned_gen.hellinger import root_proportions
from kg import GRN

Floats = npt.NDArray[np.float64]
TYPES = tuple(f"type {letter}" for letter in "ABCDEF")
GENES = 300
CELLS = 40
PUBLIC, HELD_OUT = 8, 40
DONOR_SD = 0.3
DELTA = 1e-4


@dataclass(frozen=True, slots=True)
class Row:
    """One fit: `price` in units of the floor, `roots` and `accuracy` as the module says."""

    floor: float
    price: float
    roots: float
    accuracy: float
    real: float


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.donors", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--donors", nargs="+", type=int, default=[20, 100, 490])
    parser.add_argument("--epsilons", nargs="+", type=float, default=[1.0, 5.0, 10.0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    asked = parser.parse_args(arguments)
    print("| donors | epsilon | floor | price | roots | accuracy | of real cells |")
    print("|---|---|---|---|---|---|---|")
    for donors, epsilon in product(asked.donors, asked.epsilons):
        rows = [measure(donors, epsilon, seed) for seed in asked.seeds]
        shown = [f"{rows[0].floor:.4f}", *(_spread([getattr(row, name) for row in rows]) for name in Row.__slots__[1:])]
        print(f"| {donors} | {epsilon:g} | {' | '.join(shown)} |")


def measure(donors: int, epsilon: float, seed: int) -> Row:
    """Fit with donors as the unit, and measure what came out against other donors of the same population."""
    cohort, public, held = population(donors, seed)
    private = PrivateCohort(cohort, epsilon=epsilon, delta=DELTA, unit="donor", types=TYPES, noise_seed=seed)
    fitted = generator("grn_subspace").fit(private, grn=GRN(), public=public, seed=seed)
    centre = fitted.ledger.entries[0]
    floor = 1 / (mu_of(epsilon, DELTA) * donors)
    synthetic = fitted.sample(donors * CELLS, seed=seed)
    assert isinstance(synthetic, Cohort)
    return Row(
        floor=floor,
        price=centre.noise / donors / floor,
        roots=_distance(synthetic, cohort),
        accuracy=_accuracy(synthetic, held),
        real=_accuracy(cohort, held),
    )


def population(donors: int, seed: int) -> tuple[Cohort, Cohort, Cohort]:
    """Private donors, public ones without types, and donors that are held out."""
    rng = np.random.default_rng(seed)
    profiles = rng.gamma(0.4, 1.0, GENES) * rng.lognormal(0, 0.7, (len(TYPES), GENES)) + 0.01
    profiles /= profiles.sum(axis=1, keepdims=True)
    parts = [_donors(profiles, count, rng, name) for count, name in ((donors, "p"), (PUBLIC, "o"), (HELD_OUT, "h"))]
    return parts[0], Cohort(parts[1].adata), parts[2]


def _donors(profiles: Floats, count: int, rng: np.random.Generator, name: str) -> Cohort:
    shifts = rng.lognormal(0, DONOR_SD, (count, GENES))
    shares = rng.dirichlet(np.full(len(TYPES), 3.0), count)
    owner = np.repeat(np.arange(count), CELLS)
    codes = np.array([rng.choice(len(TYPES), p=shares[donor]) for donor in owner])
    levels = profiles[codes] * shifts[owner]
    levels /= levels.sum(axis=1, keepdims=True)
    counts = rng.poisson(300 * np.exp(0.4 * rng.standard_normal((len(owner), 1))) * levels)
    made = make_cohort(counts, genes=[f"GENE{place}" for place in range(GENES)], labels=[TYPES[code] for code in codes])
    made.adata.obs["donor"] = [f"{name}{donor}" for donor in owner]
    return Cohort(made.adata, label=made.label, donor="donor")


def _distance(synthetic: Cohort, cohort: Cohort) -> float:
    """Root mean square distance of type means of roots, over that of the private ones from their own mean."""
    theirs, ours = (
        np.array([root_proportions(part.counts[part.labels == name]).mean(axis=0) for name in TYPES])
        for part in (cohort, synthetic)
    )
    return math.sqrt(float(np.mean((ours - theirs) ** 2) / np.mean((theirs - theirs.mean(axis=0)) ** 2)))


def _accuracy(train: Cohort, test: Cohort) -> float:
    scaler = StandardScaler().fit(train.log_normalised().toarray())
    model = LogisticRegression(C=0.1, max_iter=300).fit(
        scaler.transform(train.log_normalised().toarray()), train.labels
    )
    return float(model.score(scaler.transform(test.log_normalised().toarray()), test.labels))


def _spread(values: list[float]) -> str:
    return f"{statistics.mean(values):.3f} +- {statistics.stdev(values) if len(values) > 1 else 0.0:.3f}"


if __name__ == "__main__":
    main()
