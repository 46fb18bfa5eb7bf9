"""What m canaries prove about a Gaussian mechanism whose epsilon is known.

    python -m bench.audit_bounds --canaries 500 --repetitions 200 --seed 0

Each canary is in by a fair coin; its score is N(mu, 1) if it is in and N(0, 1) if it is not, which is what the best
attack on a mu-GDP mechanism sees. For every mu and every bound: the median, the central 90 %, and how often the bound
lay above the true epsilon (at mu = 0: above zero), with a 95 % Clopper-Pearson interval. The repetitions of all mu are
independent, from one seed.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from audit.statistics import (
    CanaryAudit,
    audit_canaries,
    clopper_pearson,
    default_plans,
    flip_coins,
    gaussian_dp_epsilon,
)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.audit_bounds", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--canaries", type=int, default=500)
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--mu", type=float, nargs="+", default=[0.0, 1.0, 2.0])
    parser.add_argument("--delta", type=float, default=1e-5)
    parser.add_argument("--error", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    sys.stdout.write(json.dumps(measure(options), indent=2) + "\n")


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """The table, the settings, and the machine."""
    started = time.perf_counter()
    seeds = np.random.SeedSequence(options.seed).spawn(len(options.mu))
    rows = [
        row
        for mu, seed in zip(options.mu, seeds, strict=True)
        for row in _rows(mu, [_experiment(mu, one, options) for one in seed.spawn(options.repetitions)])
    ]
    return {
        "settings": vars(options),
        "plans": [[plan.top, plan.bottom] for plan in default_plans(options.canaries)],
        "rows": rows,
        "seconds": round(time.perf_counter() - started, 1),
        "machine": platform.processor() or platform.machine(),
    }


def _experiment(mu: float, seed: np.random.SeedSequence, options: argparse.Namespace) -> CanaryAudit:
    coins_seed, ties_seed = map(int, seed.generate_state(2))
    coins = flip_coins(options.canaries, seed=coins_seed)
    scores = np.random.default_rng(seed).standard_normal(options.canaries) + mu * coins
    return audit_canaries(scores, coins, delta=options.delta, seed=ties_seed, error=options.error)


def _rows(mu: float, audits: Sequence[CanaryAudit]) -> list[dict[str, Any]]:
    truth = gaussian_dp_epsilon(mu, audits[0].delta)
    rows = []
    for bound in audits[0].bounds:
        values = np.array([audit.epsilon(bound.name) for audit in audits])
        above = clopper_pearson(int((values > truth).sum()), len(values))
        low, middle, high = (round(float(value), 2) for value in np.quantile(values, [0.05, 0.5, 0.95]))
        row = {"mu": mu, "true_epsilon": round(truth, 2), "bound": bound.name}
        spread = {"median": middle, "from_5%": low, "to_95%": high}
        share = {"above_truth": above.point, "above_truth_95%": [round(above.low, 4), round(above.high, 4)]}
        rows.append(row | spread | share)
    return rows


if __name__ == "__main__":
    main()
