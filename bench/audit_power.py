"""Does the audit see a generator that remembers, and leave alone one that cannot?

    python -m bench.audit_power --data DIR --seeds 3

DIR holds `pbmc3k_2638.h5ad` (2,638 cells of one donor, 2,000 genes, 9 types in `cell_type`). Three generators, each on
data split anew for each seed:

- `vae`: a small VAE (torch) trained until it remembers 200 cells, sampled 1,000 times;
- `copula`: a Gaussian copula per type over empirical marginals (as scDesign2 fits, Sun et al. 2021), on the cells of
  5, 10 and 20 donors, sampled as often as there were cells;
- `grn_subspace`: the private flagship at epsilon 1 per cell, on a coin's half of the real cells.

Donors are simulated, because a folder of one donor has none. The real cells are dealt out to all donors, so that no
cell stands behind two. Donor d has 40 cells, drawn from its own so that types have shares from Dirichlet(20 * share
among all cells); the rates of each are half the cell's counts and half the mean of its type at the cell's depth,
multiplied by exp(effect of d on the gene) and exp(effect of d on library size), and its counts are drawn anew from
Poisson. Effects on genes are normal with standard deviation `--effect` (default 0.3 on the natural log scale; half of
its variance in 10 shared directions, half gene by gene); on library size 0.2. Simulated donors have neither relatives
nor batches nor ages; how large donor effects really are decides how far these figures carry, so `--effect` can be
swept.

The table has, for each attack, the mean AUC over seeds with its standard deviation and the lowest and highest bounds of
its 95 % intervals (clustered by donor where there are donors). `allowed` is the greatest AUC that a Gaussian mechanism
of the flagship's epsilon and delta leaves an attacker who knows all other records: Phi(mu / sqrt(2)).
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from audit.attacks import ATTACKS, AttackView
from audit.embedding import fit_axes
from audit.statistics import Scores, auc_estimate, gaussian_dp_delta
from cohort import Cohort, make_cohort, read_cohort, split_cohort
from conditioned_gen import PrivateCohort, generator
from grn_extract import read_database
from kg import GRN, demo_table

COHORT, LABEL = "pbmc3k_2638.h5ad", "cell_type"
CELLS = 40
REMEMBERED, DRAWN = 200, 1000
LIBRARY_EFFECT, DIRECTIONS, CONCENTRATION = 0.2, 10, 20.0
EPSILON, DELTA = 1.0, 1e-5
BOOTSTRAPS = 500
Counts = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Case:
    """One generator on one split; donors of members and outsiders where there are donors."""

    name: str
    members: Cohort
    nonmembers: Cohort
    synthetic: Cohort
    reference: Cohort
    donors: tuple[npt.NDArray[np.str_], npt.NDArray[np.str_]] | None = None


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.audit_power", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help=f"folder with {COHORT}")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--effect", type=float, default=0.3, help="standard deviation of donor effects on log means")
    parser.add_argument("--donors", type=int, nargs="+", default=[5, 10, 20])
    parser.add_argument("--generators", nargs="+", choices=tuple(CASES), default=list(CASES))
    options = parser.parse_args(arguments)
    cells = read_cohort(options.data / COHORT, label=LABEL)
    runs: list[dict[str, Any]] = []
    for seed in range(options.seeds):
        for kind in options.generators:
            for case in CASES[kind](cells, seed, options):
                runs.extend(measure(case, seed))
                sys.stderr.write(f"seed {seed}, {case.name}: {best(runs, case.name, seed)}\n")
    report = {
        "command": "python -m bench.audit_power " + " ".join(sys.argv[1:]),
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "allowed": round(allowed_auc(EPSILON, DELTA), 3),
        "summary": table(runs),
        "runs": runs,
    }
    sys.stdout.write(json.dumps(report, indent=1) + "\n")


def measure(case: Case, seed: int) -> list[dict[str, Any]]:
    """Every attack on one case."""
    view, n = make_view(case), len(case.members)
    found = []
    for name in sorted(ATTACKS):
        start = time.perf_counter()
        scores = ATTACKS[name].scores(view)
        seconds = time.perf_counter() - start
        sides = Scores(scores[:n], scores[n:], *(case.donors or (None, None)))
        area = auc_estimate(sides, seed=seed, repetitions=BOOTSTRAPS)
        row = {"case": case.name, "seed": seed, "attack": name, "seconds": round(seconds, 2)}
        found.append(row | {"auc": area.point, "low": area.low, "high": area.high})
    return found


def make_view(case: Case) -> AttackView:
    """What the attacker holds, the axes fitted on the reference."""
    members, others, made, real = (
        each.log_normalised().toarray() for each in (case.members, case.nonmembers, case.synthetic, case.reference)
    )
    queries, axes = np.concatenate([members, others]), fit_axes(real, seed=0)
    return AttackView(
        axes.project(queries),
        axes.project(made),
        axes.project(real),
        query_genes=queries,
        synthetic_genes=made,
        reference_genes=real,
        features=case.members.genes,
        query_labels=np.concatenate([case.members.labels, case.nonmembers.labels]),
        synthetic_labels=case.synthetic.labels,
        reference_labels=case.reference.labels,
        query_donors=None if case.donors is None else np.concatenate(case.donors),
    )


def remembering(cells: Cohort, seed: int, options: argparse.Namespace) -> Iterator[Case]:
    """A VAE that has seen 200 cells until it knows them."""
    rest, reference = split_cohort(cells, fractions=(0.7, 0.3), seed=seed)
    order = np.random.default_rng(seed).permutation(len(rest))
    members, others = rest.subset(order[:REMEMBERED]), rest.subset(order[REMEMBERED : 4 * REMEMBERED])
    values = sample_vae(members.log_normalised().toarray(), members.labels, DRAWN, seed)
    yield Case("vae, 200 cells", members, others, as_counts(*values, members), reference)


def sample_vae(
    values: Counts, labels: npt.NDArray[np.str_], count: int, seed: int, epochs: int = 600
) -> tuple[Counts, list[str]]:
    """Log-normalised records (count, g) and types from a VAE conditioned on type, its KL term weighing 0.01."""
    import torch
    from torch import nn

    torch.manual_seed(seed)
    names, kinds = np.unique(labels, return_inverse=True)
    x, y = torch.tensor(values), nn.functional.one_hot(torch.tensor(kinds), len(names)).float()
    width = x.shape[1]
    encoder = nn.Sequential(nn.Linear(width + len(names), 256), nn.ReLU(), nn.Linear(256, 64))
    decoder = nn.Sequential(nn.Linear(32 + len(names), 256), nn.ReLU(), nn.Linear(256, width))
    optimiser = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=1e-3)
    for _ in range(epochs):
        mean, log_variance = encoder(torch.cat([x, y], 1)).chunk(2, 1)
        z = mean + torch.exp(log_variance / 2) * torch.randn_like(mean)
        error = ((decoder(torch.cat([z, y], 1)) - x) ** 2).sum(1).mean()
        divergence = 0.5 * (mean**2 + log_variance.exp() - log_variance - 1).sum(1).mean()
        optimiser.zero_grad()
        (error + 0.01 * divergence).backward()
        optimiser.step()
    with torch.no_grad():
        drawn = torch.randint(len(x), (count,))
        mean, log_variance = encoder(torch.cat([x, y], 1))[drawn].chunk(2, 1)
        z = mean + torch.exp(log_variance / 2) * torch.randn_like(mean)
        made = decoder(torch.cat([z, y[drawn]], 1)).clamp(min=0)
    return made.numpy(), [str(names[kind]) for kind in kinds[drawn.numpy()]]


def as_counts(logged: Counts, labels: list[str], like: Cohort) -> Cohort:
    """Counts of the median depth of `like` whose log-normalised values are about these."""
    share = np.expm1(logged)
    share = share / np.maximum(share.sum(axis=1, keepdims=True), 1e-9)
    depth = float(np.median(np.asarray(like.counts.sum(axis=1))))
    return make_cohort(np.rint(share * depth), genes=like.genes, labels=labels, label=LABEL)


def few_donors(cells: Cohort, seed: int, options: argparse.Namespace) -> Iterator[Case]:
    """A copula fitted on the cells of a few donors."""
    for count in options.donors:
        rng = np.random.default_rng([seed, count])
        dealt = np.array_split(rng.permutation(len(cells)), 3 * count)
        effects = donor_effects(rng, 3 * count, len(cells.genes), options.effect)
        parts = [simulate_donors(cells, dealt[side::3], effects[side::3], rng) for side in range(3)]
        (members, held), (others, other_donors), (reference, _) = parts
        made = sample_copula(members, rng)
        yield Case(f"copula, {count} donors", members, others, made, reference, (held, np.char.add("o", other_donors)))


def donor_effects(rng: np.random.Generator, donors: int, genes: int, effect: float) -> npt.NDArray[np.float64]:
    """Effects on log means, shape (donors, genes), variance `effect`^2: half shared directions, half gene by gene."""
    directions = rng.standard_normal((DIRECTIONS, genes)) / np.sqrt(DIRECTIONS)
    shared = rng.standard_normal((donors, DIRECTIONS)) @ directions
    return effect * (shared + rng.standard_normal((donors, genes))) / np.sqrt(2)


def simulate_donors(
    cells: Cohort,
    dealt: Sequence[npt.NDArray[np.intp]],
    effects: npt.NDArray[np.float64],
    rng: np.random.Generator,
) -> tuple[Cohort, npt.NDArray[np.str_]]:
    """40 cells of each donor, made of the real cells dealt to it, and whose they are; see the top of this file."""
    names, kinds, sizes = np.unique(cells.labels, return_inverse=True, return_counts=True)
    counts = cells.counts.toarray()
    means = np.stack([counts[kinds == kind].mean(axis=0) for kind in range(len(names))])
    rows, drawn = [], []
    for own, effect in zip(dealt, effects, strict=True):
        weights = (rng.dirichlet(CONCENTRATION * sizes / sizes.sum()) / sizes)[kinds[own]]
        depth = np.exp(LIBRARY_EFFECT * rng.standard_normal())
        for at in rng.choice(own, CELLS, p=weights / weights.sum()):
            mean = means[kinds[at]]
            rate = 0.5 * counts[at] + 0.5 * mean * counts[at].sum() / mean.sum()
            rows.append(rng.poisson(rate * np.exp(effect) * depth))
            drawn.append(str(names[kinds[at]]))
    made = make_cohort(np.array(rows), genes=cells.genes, labels=drawn, label=LABEL)
    return made, np.repeat([f"d{number}" for number in range(len(effects))], CELLS)


def sample_copula(members: Cohort, rng: np.random.Generator) -> Cohort:
    """As many cells of each type as there are members, from a Gaussian copula over the type's own marginals."""
    blocks, labels = [], []
    for kind in members.types:
        counts = members.counts[members.labels == kind].toarray()
        size = len(counts)
        u = ndtri((np.argsort(np.argsort(counts + rng.random(counts.shape), axis=0), axis=0) + 0.5) / size)
        # A sample of u'w / sqrt(n), w normal, has the correlation of u without forming it.
        z = rng.standard_normal((size, size)) @ u / np.maximum(np.sqrt((u**2).sum(axis=0)), 1e-12)
        places = np.minimum((ndtr(z) * size).astype(int), size - 1)
        blocks.append(np.take_along_axis(np.sort(counts, axis=0), places, axis=0))
        labels += [str(kind)] * size
    return make_cohort(np.concatenate(blocks), genes=members.genes, labels=labels, label=LABEL)


def flagship(cells: Cohort, seed: int, options: argparse.Namespace) -> Iterator[Case]:
    """The private generator at epsilon 1, its types declared and its noise seeded (the cells are public)."""
    members, others, reference = split_cohort(cells, fractions=(0.5, 0.25, 0.25), seed=seed)
    grn = GRN.from_evidence(read_database("trrust", demo_table()).evidence)
    private = PrivateCohort(members, epsilon=EPSILON, delta=DELTA, types=cells.types, noise_seed=seed)
    fitted = generator("grn_subspace").fit(private, grn=grn, seed=seed)
    yield Case("grn_subspace, epsilon 1", members, others, fitted.sample(seed=seed), reference)


CASES = {"vae": remembering, "copula": few_donors, "grn_subspace": flagship}


def allowed_auc(epsilon: float, delta: float) -> float:
    """Phi(mu / sqrt(2)) for the mu of a Gaussian mechanism that is just (epsilon, delta)-private."""
    mu = brentq(lambda mu: gaussian_dp_delta(mu, epsilon) - delta, 1e-3, 50.0)
    return float(ndtr(mu / np.sqrt(2)))


def best(runs: list[dict[str, Any]], case: str, seed: int) -> str:
    top = max((run for run in runs if run["case"] == case and run["seed"] == seed), key=lambda run: run["auc"])
    return f"{top['attack']} {top['auc']:.3f} [{top['low']:.3f}, {top['high']:.3f}]"


def table(runs: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """By case and attack: mean AUC, its standard deviation over seeds, and the reach of the intervals."""
    found: dict[str, dict[str, str]] = {}
    for case in dict.fromkeys(run["case"] for run in runs):
        for attack in sorted({run["attack"] for run in runs}):
            own = [run for run in runs if run["case"] == case and run["attack"] == attack]
            areas = [run["auc"] for run in own]
            spread = float(np.std(areas, ddof=1)) if len(areas) > 1 else 0.0
            reach = f"[{min(run['low'] for run in own):.3f}, {max(run['high'] for run in own):.3f}]"
            found.setdefault(case, {})[attack] = f"{np.mean(areas):.3f} +- {spread:.3f}, intervals within {reach}"
    return found


if __name__ == "__main__":
    main()
