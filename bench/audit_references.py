"""Our attacks beside the published implementations, where those are right, and what the closed form of Gen-LRA saves.

    python -m bench.audit_references --seeds 3

Per seed: 1,000 members, 1,000 others and 1,000 reference records from a normal law in 10 dimensions, and a synthetic
set of the members with half a standard deviation of noise. Spearman's correlation of scores with those of

- Synth-MIA (github.com/joshward96/Synth-MIA), if `synth_mia` can be imported: it is on no package index, so put a
  checkout on PYTHONPATH. Otherwise with its formulas, transcribed plainly here; the report says which.

Gen-LRA has 200 neighbours in both (ours are 5 by default). DPI leaves equal counts tied where ours orders them.

Seconds are processor time of one thread, the best of three. Refitting is timed on `--records` of the 2,000 records and
multiplied, since each record is fitted anew and costs the same; ours are timed on all 2,000, with and without the
search for neighbours, which an audit does once for all attacks.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist
from scipy.stats import gaussian_kde, spearmanr

from audit.attacks import ATTACKS, AttackView
from audit.attacks.gen_lra import log_gain
from audit.neighbours import nearest

RECORDS, AXES, NOISE = 1000, 10, 0.5
NEIGHBOURS = 200
Values = npt.NDArray[np.float64]
Scoring = Callable[[Values, Values, Values], Values]


def main(arguments: Sequence[str] | None = None) -> None:
    first_line = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m bench.audit_references", description=first_line)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--records", type=int, default=100, help="records to refit Gen-LRA for")
    options = parser.parse_args(arguments)
    runs = []
    for seed in range(options.seeds):
        runs.append(compare(seed, options.records))
        sys.stderr.write(json.dumps(runs[-1]) + "\n")
    report = {
        "command": f"python -m bench.audit_references --seeds {options.seeds} --records {options.records}",
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "reference": "synth_mia" if published("DCR") else "formulas transcribed; synth_mia is not installed",
        "summary": {key: spread([run[key] for run in runs]) for key in runs[0] if key != "seed"},
        "runs": runs,
    }
    sys.stdout.write(json.dumps(report, indent=1) + "\n")


def compare(seed: int, records: int) -> dict[str, float]:
    """Correlations and processor seconds on one draw."""
    rng = np.random.default_rng(seed)
    members, others, reference = (rng.standard_normal((RECORDS, AXES)) for _ in range(3))
    synthetic = members + NOISE * rng.standard_normal(members.shape)
    queries = np.concatenate([members, others])
    view = AttackView(queries, synthetic, reference)
    own = {name: ATTACKS[name].scores(view) for name in ("dcr", "dpi")}
    their_dcr, their_dpi = (
        (published(name) or plain)(queries, synthetic, reference) for name, plain in (("DCR", dcr), ("DPI", dpi))
    )
    near, search_seconds = timed(lambda *sets: nearest(sets[0], sets[1], NEIGHBOURS).indices, queries, synthetic)
    ours, our_seconds = timed(lambda *sets: log_gain(*sets, near), queries, synthetic, reference)
    some = np.sort(rng.permutation(len(queries))[:records])
    theirs, their_seconds = timed(published("GenLRA") or gen_lra, queries[some], synthetic, reference)
    whole = their_seconds * len(queries) / records
    return {
        "seed": seed,
        "dcr": correlation(own["dcr"], their_dcr),
        "dpi": correlation(own["dpi"], their_dpi),
        "gen_lra": correlation(ours[some], theirs),
        "gen_lra seconds, closed form": our_seconds,
        "gen_lra seconds, search": search_seconds,
        "gen_lra seconds, refitting": whole,
        "gen_lra times faster": whole / our_seconds,
        "gen_lra times faster, search included": whole / (our_seconds + search_seconds),
    }


def published(name: str) -> Scoring | None:
    """Synth-MIA's own attack as a function, or None where it cannot be imported."""
    if importlib.util.find_spec("synth_mia") is None:
        return None
    kind = getattr(importlib.import_module("synth_mia.attackers"), name)

    def score(queries: Values, synthetic: Values, reference: Values) -> Values:
        return np.asarray(kind().attack(queries, queries[:0], synthetic, reference)[1], dtype=np.float64)

    return score


def dcr(queries: Values, synthetic: Values, reference: Values) -> Values:
    """-min over s of |x - s|."""
    return np.asarray(-cdist(queries, synthetic).min(axis=1))


def dpi(queries: Values, synthetic: Values, reference: Values) -> Values:
    """Synthetic over reference records among the 20 nearest of both."""
    near = np.argsort(cdist(queries, np.concatenate([synthetic, reference])), axis=1)[:, :20]
    made = (near < len(synthetic)).sum(axis=1)
    return np.asarray(made / np.maximum(20 - made, 1e-20))


def gen_lra(queries: Values, synthetic: Values, reference: Values) -> Values:
    """The log likelihood ratio of the 200 nearest synthetic records, the density fitted again with each record."""
    before, scores = gaussian_kde(reference.T, "silverman"), []
    for record in queries:
        after = gaussian_kde(np.vstack([reference, record]).T, "silverman")
        near = synthetic[np.argsort(cdist(record[None], synthetic)[0])[:NEIGHBOURS]].T
        scores.append(np.log(after(near) + 1e-20).sum() - np.log(before(near) + 1e-20).sum())
    return np.array(scores)


def timed(function: Callable[..., Any], *sets: Values) -> tuple[Any, float]:
    """What it gives, and the least processor time of three calls."""
    seconds = []
    for _ in range(3):
        start = time.process_time()
        result = function(*sets)
        seconds.append(time.process_time() - start)
    return result, min(seconds)


def correlation(first: Values, second: Values) -> float:
    return float(spearmanr(first, second).statistic)


def spread(values: list[float]) -> str:
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.4g} +- {deviation:.2g}"


if __name__ == "__main__":
    main()
