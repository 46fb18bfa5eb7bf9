"""The report's pictures. Each is drawn on its own light card, so that it reads on dark pages too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from audit._drawing import COLOURS, DASHES, FAINT, GRID, INK, canvas, png, short, svg
from audit.document import Figure
from audit.embedding import embed
from audit.target import AuditTarget

Json = Mapping[str, Any]
UMAP_UP_TO = 20_000


def roc_figure(result: Json) -> Figure:
    """ROC of every attack on log axes, with the chance line and the intervals of the rates."""
    attacks = result["attacks"]
    with canvas(9.4, 5.4) as drawn:
        axes = drawn.add_subplot()
        least = 0.5 / max(a["m"] for a in attacks)
        axes.plot([least, 1], [least, 1], color=FAINT, linewidth=1.2, label="Chance")
        middle = (len(attacks) - 1) / 2
        for place, attack in enumerate(attacks):
            _roc_line(axes, attack, COLOURS[place % len(COLOURS)], DASHES[place % len(DASHES)], least, place - middle)
        axes.set(xscale="log", yscale="log", xlim=(least, 1), ylim=(least, 1.1))
        axes.set_xlabel("False positive rate: outsiders wrongly accused")
        axes.set_ylabel("True positive rate: members found")
        axes.grid(True, which="major", color=GRID, linewidth=0.8)
        drawn.legend(frameon=False, loc="outside right center", fontsize=9)
        image = svg(drawn)
    areas = ", ".join(f"{a['label']} {a['auc']['point']:.3f}" for a in attacks)
    caption = (
        "Each line is one attack: how many members it finds for how many outsiders it accuses wrongly, on log axes. "
        "Bars are 95 % intervals where the rate is resolvable. On the grey line an attack knows nothing."
    )
    return Figure(f"ROC curves of {len(attacks)} attacks on log axes. Area under the curve: {areas}.", image, caption)


def _roc_line(axes: Any, attack: Json, colour: str, dash: Any, least: float, step: float) -> None:
    false, true = np.asarray(attack["roc"], dtype=float).T
    line: Any = {
        "color": colour,
        "linestyle": dash,
        "linewidth": 1.8,
        "label": f"{attack['label']} ({attack['auc']['point']:.3f})",
    }
    axes.step(np.maximum(false, least), np.maximum(true, least), where="post", **line)
    for rate in attack["rates"]:
        if not rate["resolvable"]:
            continue
        tpr = rate["tpr"]
        reach = [[tpr["point"] - tpr["low"]], [tpr["high"] - tpr["point"]]]
        # Neighbouring attacks share their rates; a small step aside keeps their bars apart.
        at = rate["fpr"] * 1.03**step
        axes.errorbar(at, tpr["point"], yerr=reach, color=colour, capsize=3, fmt="none", linewidth=1.2)


def shares_figure(result: Json) -> Figure | None:
    """Share of each type among real and synthetic records, with 95 % intervals; None without types."""
    rows = _share_rows(result)
    if not rows:
        return None
    rows.sort(key=lambda row: row[2])
    with canvas(7.2, 1.2 + 0.36 * len(rows)) as drawn:
        axes = drawn.add_subplot()
        places = np.arange(len(rows))
        for start, name, colour, marker, step in (
            (2, "Real", INK, "o", 0.14),
            (6, "Synthetic", COLOURS[5], "D", -0.14),
        ):
            share, low, high = (np.array([100 * row[start + k] for row in rows]) for k in range(3))
            reach = np.maximum([share - low, high - share], 0)
            style: Any = {"fmt": marker, "color": colour, "capsize": 3, "markersize": 5, "linewidth": 1.2}
            axes.errorbar(share, places + step, xerr=reach, label=name, **style)
        axes.set_yticks(places, [short(row[0]) for row in rows])
        axes.set_xlabel("Share of records, %")
        axes.set_xlim(left=0)
        axes.grid(True, axis="x", color=GRID, linewidth=0.8)
        axes.legend(frameon=False, loc="lower right")
        image = svg(drawn)
    said = "; ".join(f"{row[0]}: real {row[2]:.1%}, synthetic {row[6]:.1%}" for row in reversed(rows))
    caption = "How often each type occurs, with 95 % intervals. Overlapping bars: no difference shown at these sizes."
    return Figure(f"Share of each type. {said}.", image, caption)


def _share_rows(result: Json) -> list[list[Any]]:
    tables = [table for metric in result["metrics"] if metric["name"] == "retention" for table in metric["tables"]]
    return [list(row) for row in tables[0]["rows"]] if tables else []


def map_figure(target: AuditTarget, *, seed: int) -> Figure:
    """Real and synthetic cells on one map, fitted once to all: UMAP up to 20,000 cells, two principal axes beyond."""
    space = embed(target, seed=seed)
    real = np.concatenate([space.members, space.nonmembers])
    both = np.concatenate([real, space.synthetic])
    places, method = _map(both, seed)
    labels = _labels(target, len(both))
    types = sorted(set(labels))
    with canvas(9.6, 4.6 + 0.2 * ((len(types) + 3) // 4)) as drawn:
        panels = drawn.subplots(1, 2, sharex=True, sharey=True)
        sides = (("Real", np.arange(len(both)) < len(real)), ("Synthetic", np.arange(len(both)) >= len(real)))
        for panel, (name, side) in zip(panels, sides, strict=True):
            _dots(panel, f"{name}, {side.sum():,} records", places, labels, types, side, seed)
        handles, names = panels[0].get_legend_handles_labels()
        if len(types) > 1:
            drawn.legend(
                handles, names, loc="outside lower center", ncols=min(4, len(types)), frameon=False, markerscale=2
            )
        image = png(drawn)
    caption = f"{method}, fitted once to real and synthetic records together; colour is the type."
    return Figure(
        f"{method} of {len(real):,} real and {len(space.synthetic):,} synthetic records, side by side.", image, caption
    )


def _map(both: npt.NDArray[np.float32], seed: int) -> tuple[npt.NDArray[np.float64], str]:
    if len(both) > UMAP_UP_TO or len(both) < 20:
        return both[:, :2].astype(float) if both.shape[1] > 1 else np.repeat(both, 2, axis=1), "Two principal axes"
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import umap

        fitted = umap.UMAP(random_state=seed, n_jobs=1, init="pca", n_neighbors=min(15, len(both) - 1))
        return np.asarray(fitted.fit_transform(both), dtype=float), "UMAP"


def _labels(target: AuditTarget, count: int) -> npt.NDArray[np.str_]:
    if not target.labelled:
        return np.full(count, "all")
    return np.concatenate([c.labels for c in (target.members, target.nonmembers, target.synthetic)])


def _dots(
    panel: Any,
    title: str,
    places: npt.NDArray[np.float64],
    labels: npt.NDArray[np.str_],
    types: Sequence[str],
    side: npt.NDArray[np.bool_],
    seed: int,
) -> None:
    panel.scatter(*places[~side].T, s=3, color="#e3e6eb", linewidths=0, rasterized=True)
    size = 9 if side.sum() < 3000 else 3
    for place, kind in enumerate(types):
        chosen = side & (labels == kind)
        style: Any = {"color": COLOURS[place % len(COLOURS)], "marker": "o" if place < len(COLOURS) else "^"}
        panel.scatter(*places[chosen].T, s=size, linewidths=0, label=short(kind), alpha=0.85, **style)
    panel.set_title(title, fontsize=11, loc="left")
    panel.set(xticks=[], yticks=[])
    for spine in panel.spines.values():
        spine.set_visible(False)
