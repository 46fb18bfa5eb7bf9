"""Pictures of what `bench.generators` measured: utility against epsilon, against numbers of cells, against time.

    python -m bench.generator_figures --runs runs.jsonl --out docs/pictures

A point is the mean over seeds and its bar their standard deviation. The grey line is a classifier trained on the real
cells. Methods that protect nobody stand at the right end, where epsilon is infinite.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

Row = Mapping[str, Any]
NOWHERE = 30.0
"""Where an infinite epsilon is drawn."""
_MARKERS = "osD^v<>PX*hdp"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.generator_figures", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--runs", type=Path, nargs="+", required=True, help="files that bench.generators wrote")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args(arguments)
    asked.out.mkdir(parents=True, exist_ok=True)
    rows = [json.loads(line) for file in asked.runs for line in file.read_text(encoding="utf-8").splitlines()]
    whole = [row for row in rows if not row.get("cells")]
    against(whole, _epsilon, "epsilon (right end: no promise)", asked.out / "utility-by-epsilon.svg")
    against(whole, lambda row: max(row["fit_seconds"], 0.01), "seconds to fit", asked.out / "utility-by-time.svg")
    limited = [row for row in rows if row.get("cells")]
    if limited:
        against(limited, lambda row: row["cells"], "private cells", asked.out / "utility-by-cells.svg")


def against(rows: Sequence[Row], place: Callable[[Row], float], label: str, file: Path) -> None:
    """A panel for each cohort: accuracy of a classifier trained on synthetic cells, against `place` of a run."""
    cohorts = list(dict.fromkeys(row["cohort"] for row in rows))
    methods = sorted({row["method"] for row in rows})
    figure, panels = plt.subplots(
        1, len(cohorts), figsize=(4.6 * len(cohorts), 4.2), sharey=True, squeeze=False, layout="constrained"
    )
    for panel, cohort in zip(panels[0], cohorts, strict=True):
        here = [row for row in rows if row["cohort"] == cohort]
        real = statistics.mean(row["real_accuracy"] for row in here)
        panel.axhline(real, color="0.6", linewidth=1)
        panel.annotate("real cells", (0.02, real), xycoords=("axes fraction", "data"), va="bottom", color="0.4")
        for number, method in enumerate(methods):
            _line(panel, [row for row in here if row["method"] == method], place, number, method)
        panel.set(xscale="log", xlabel=label, title=cohort)
        panel.grid(alpha=0.25)
    panels[0][0].set(ylabel="accuracy, trained on synthetic cells", ylim=(0, 1))
    figure.legend(*_handles(panels[0]), loc="outside lower center", ncols=6, frameon=False, fontsize=8)
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)


def _line(panel: Axes, rows: Sequence[Row], place: Callable[[Row], float], number: int, method: str) -> None:
    settings: defaultdict[tuple[float, float], list[Row]] = defaultdict(list)
    for row in rows:
        settings[_epsilon(row), float(row.get("cells") or 0)].append(row)
    points = sorted(
        (
            statistics.geometric_mean([place(row) for row in runs]),
            statistics.mean(row["accuracy"] for row in runs),
            statistics.stdev([row["accuracy"] for row in runs]) if len(runs) > 1 else 0.0,
        )
        for runs in settings.values()
    )
    if points:
        where, means, spreads = zip(*points, strict=True)
        panel.errorbar(
            where,
            means,
            spreads,
            label=method,
            color=f"C{number % 10}",
            marker=_MARKERS[number % len(_MARKERS)],
            markersize=5,
            linewidth=1,
            capsize=2,
        )


def _handles(panels: Sequence[Axes]) -> tuple[list[Any], list[str]]:
    found: dict[str, Any] = {}
    for panel in panels:
        handles, labels = panel.get_legend_handles_labels()
        found |= dict(zip(labels, handles, strict=True))
    return [found[name] for name in sorted(found)], sorted(found)


def _epsilon(row: Row) -> float:
    epsilon = float(row["epsilon"])
    return epsilon if math.isfinite(epsilon) else NOWHERE


if __name__ == "__main__":
    main()
