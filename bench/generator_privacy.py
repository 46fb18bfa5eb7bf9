"""Does every private method keep its promise? Two audits of each, by an adversary who reads all that is released.

    python -m bench.generator_privacy --data DIR --out audits.jsonl [--methods dp_gan ...] [--epsilons 1 10] [--seed 0]
    python -m bench.generator_privacy --out audits.jsonl --table

*pair*: a method is fitted `--fits` times to a few cells and as often to these and one canary, all of whose counts lie
in one gene. The canary's score (`bench.listening`) is a test of whether it was in; its threshold is set on one half of
the fits and tried on the other. From the 95 % Clopper-Pearson limits of power and level follow a lower bound on
epsilon, `ln((power - delta) / level)`, and a stronger one for a Gaussian trade-off, `PhiInv(power) - PhiInv(level)`.
No mechanism that keeps the ledger's whole curve of (epsilon, delta) can have more power at that level than `allowed`.

*canaries*: 1,000 canaries, one for each gene of the panel, join pbmc3k's cells by a fair coin each, and one fit is
made. The one-run bounds of `audit.statistics` guess the coins from the scores.

Slow methods have quick settings (the ledger is theirs). Noise is seeded, so that a figure can be made again; a line of
--out is not made twice.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from audit.statistics import audit_canaries, clopper_pearson, flip_coins, gaussian_dp_epsilon
from bench.generators import COHORTS, collectri
from bench.listening import Listening
from cohort import Cohort, make_cohort, to_dense
from conditioned_gen import Ledger, generator, methods
from conditioned_gen.generator import Generator
from kg import GRN

Floats = npt.NDArray[np.float64]
DELTA = 1e-5
KEY = ("audit", "method", "epsilon_claimed", "seed")
TINY_TYPES = ("a", "b")
TINY_GENES = 24
KNOWN = 6
QUANTILES = np.linspace(0.05, 0.95, 19)
QUICK: dict[str, dict[str, Any]] = {
    "dp_cvae": {"hidden": 16, "latent": 2, "steps": 30},
    "dp_gan": {"hidden": 16, "critic_hidden": 16, "latent": 2, "steps": 30},
    "psg": {"size": 2, "hidden": 16, "steps": 30, "run": 10},
}


@dataclass(frozen=True)
class PairAudit:
    """What the fits to two neighbours prove: power and level on the half of the fits that the threshold has not seen,
    their 95 % limits, and bounds on epsilon at `DELTA`. `allowed` is the ledger's most power at the level's limit."""

    power: float
    level: float
    least_power: float
    most_level: float
    epsilon: float
    gaussian_epsilon: float
    allowed: float

    @property
    def kept(self) -> bool:
        """Whether the fits could have come from a mechanism that keeps its ledger."""
        return self.least_power <= self.allowed


def tiny_pair() -> tuple[Cohort, Cohort]:
    """A few cells of type b, and a canary of type a, all of whose counts lie in a gene that no other cell has."""
    rng = np.random.default_rng(0)
    genes = [f"G{place}" for place in range(TINY_GENES)]
    counts = rng.poisson(5.0, (KNOWN, TINY_GENES)).astype(np.float32)
    counts[:, 0] = 0
    canary = np.zeros((1, TINY_GENES), np.float32)
    canary[0, 0] = 1_000
    return (
        make_cohort(counts, genes=genes, labels=["b"] * KNOWN),
        make_cohort(canary, genes=genes, labels=["a"], cells=["canary"]),
    )


def audit_pair(made: Generator, *, epsilon: float, fits: int, seed: int, grn: GRN | None = None) -> PairAudit:
    """Fit `fits` times without and `fits` times with the canary; half of each sets the threshold."""
    known, canary = tiny_pair()
    both = joined(known, canary)
    graph = GRN.from_evidence([]) if grn is None else grn
    scores, ledger = [], None
    for arm, cohort in enumerate((known, both)):
        found = []
        for fit in range(fits):
            private = Listening(
                cohort,
                known=known,
                suspects=canary,
                types=TINY_TYPES,
                epsilon=epsilon,
                delta=DELTA,
                noise_seed=(2 * fit + arm) + 1_000_003 * seed,
            )
            made.fit(private, grn=graph, seed=seed)
            found.append(float(private.scores[0]))
            ledger = private.ledger
        scores.append(np.array(found))
    assert ledger is not None
    return judged(scores[0], scores[1], ledger)


def judged(out: Floats, inside: Floats, ledger: Ledger) -> PairAudit:
    """The audit of scores without (n,) and with (n,) the canary: even fits choose the threshold, odd ones test it."""
    threshold = max(
        np.quantile(out[::2], QUANTILES),
        key=lambda t: float(_separation((inside[::2] > t).mean(), (out[::2] > t).mean(), len(out))),
    )
    hits, alarms = int((inside[1::2] > threshold).sum()), int((out[1::2] > threshold).sum())
    power, level = clopper_pearson(hits, len(inside[1::2])), clopper_pearson(alarms, len(out[1::2]))
    epsilon = math.log((power.low - ledger.delta) / level.high) if power.low > ledger.delta else 0.0
    mu = float(ndtri(power.low) - ndtri(level.high)) if power.low > 0 and level.high < 1 else 0.0
    return PairAudit(
        power=power.point,
        level=level.point,
        least_power=power.low,
        most_level=level.high,
        epsilon=max(epsilon, 0.0),
        gaussian_epsilon=gaussian_dp_epsilon(mu, ledger.delta),
        allowed=most_power(ledger, level.high),
    )


def most_power(ledger: Ledger, level: float) -> float:
    """The most power that a test of one unit's presence can have at `level`.

    min over delta of exp(epsilon(delta)) level + delta; for Gaussian noise alone, Phi(PhiInv(level) + mu).
    """
    if all(entry.sample_rate == 1 for entry in ledger.entries):
        return float(ndtr(ndtri(level) + ledger.mu))
    deltas = np.geomspace(ledger.delta, 0.95, 60)
    bounds = [math.exp(min(replace(ledger, delta=float(delta)).epsilon, 50.0)) * level + delta for delta in deltas]
    return float(min(1.0, *bounds))


def audit_inserted(made: Generator, data: Path, *, epsilon: float, seed: int) -> dict[str, Any]:
    """1,000 canaries join pbmc3k's cells by coins; what one fit proves of epsilon."""
    setting = COHORTS["pbmc3k"](data)
    cells, genes = setting.private, setting.private.genes
    rng = np.random.default_rng(seed)
    canaries = make_cohort(
        1_000 * np.eye(len(genes), dtype=np.float32),
        genes=genes,
        labels=rng.choice(cells.types, len(genes)).tolist(),
        label=str(cells.label),
        cells=[f"canary-{place}" for place in range(len(genes))],
    )
    coins = flip_coins(len(genes), seed=seed)
    private = Listening(
        joined(cells, canaries.subset(coins)),
        known=cells,
        suspects=canaries,
        types=cells.types,
        epsilon=epsilon,
        delta=DELTA,
        noise_seed=seed,
    )
    made.fit(private, grn=collectri(data), public=setting.public, seed=seed)
    found = audit_canaries(private.scores, coins, delta=DELTA, seed=seed)
    bounds = {bound.name: round(bound.epsilon, 3) for bound in found.bounds}
    return {"canaries": found.canaries, "included": found.included, "bounds": bounds}


def joined(first: Cohort, second: Cohort) -> Cohort:
    """The cells of both, on the first's panel."""
    label = str(first.label)
    return make_cohort(
        np.vstack([to_dense(first.counts), to_dense(second.counts)]),
        genes=first.genes,
        labels=[*first.labels, *second.labels],
        label=label,
        cells=[*first.names, *second.names],
    )


def quick(name: str) -> Generator:
    """The method with settings that a thousand fits can be made with."""
    return replace(generator(name), **QUICK.get(name, {}))  # type: ignore[type-var]


def _separation(power: float, level: float, fits: int) -> float:
    """How far apart two shares are, away from 0 and 1 by what so few fits can tell."""
    least = 1.0 / fits
    return float(ndtri(np.clip(power, least, 1 - least)) - ndtri(np.clip(level, least, 1 - least)))


def main(arguments: Sequence[str] | None = None) -> None:
    private = [method.name for method in methods() if method.units and "cells" in method.cohorts]
    parser = argparse.ArgumentParser(
        prog="python -m bench.generator_privacy", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--audits", nargs="+", choices=["pair", "canaries"], default=["pair", "canaries"])
    parser.add_argument("--methods", nargs="+", default=private)
    parser.add_argument("--epsilons", nargs="+", type=float, default=[1.0, 10.0])
    parser.add_argument("--fits", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--table", action="store_true", help="only show what --out has")
    asked = parser.parse_args(arguments)
    rows = _rows(asked.out)
    done = {tuple(row[name] for name in KEY) for row in rows}
    wanted = [(a, m, e, asked.seed) for a in asked.audits for m in asked.methods for e in asked.epsilons]
    for run in wanted if not asked.table else []:
        if run in done:
            continue
        started = time.perf_counter()
        kind, method, epsilon, seed = run
        found = (
            asdict(audit_pair(quick(method), epsilon=epsilon, fits=asked.fits, seed=seed)) | {"fits": asked.fits}
            if kind == "pair"
            else audit_inserted(quick(method), asked.data, epsilon=epsilon, seed=seed)
        )
        row = dict(zip(KEY, run, strict=True)) | found | {"seconds": round(time.perf_counter() - started, 1)}
        rows.append(row)
        with asked.out.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(row) + "\n")
    for line in table(rows):
        sys.stdout.write(line + "\n")


def table(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Both audits, a line for each method and epsilon."""
    yield "| method | epsilon | fits | power | level | epsilon >= | Gaussian | least power / allowed |"
    yield "|---|---|---|---|---|---|---|---|"
    for row in rows:
        if row["audit"] == "pair":
            rates = f"{row['power']:.3f} | {row['level']:.3f}"
            bounds = f"{row['epsilon']:.2f} | {row['gaussian_epsilon']:.2f}"
            curve = f"{row['least_power']:.3f} / {row['allowed']:.3f}"
            yield f"| `{row['method']}` | {row['epsilon_claimed']:g} | {row['fits']} | {rates} | {bounds} | {curve} |"
    yield ""
    yield "| method | epsilon | canaries in | one run | one run, f-DP | Clopper-Pearson | Gaussian |"
    yield "|---|---|---|---|---|---|---|"
    for row in rows:
        if row["audit"] == "canaries":
            names = ("one_run", "one_run_fdp", "clopper_pearson", "gaussian")
            bounds = " | ".join(f"{row['bounds'][name]:.2f}" for name in names)
            size = f"{row['included']} of {row['canaries']}"
            yield f"| `{row['method']}` | {row['epsilon_claimed']:g} | {size} | {bounds} |"


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


if __name__ == "__main__":
    main()
