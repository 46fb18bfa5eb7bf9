"""Pictures of intervals: who is exposed, in which type, along which curve, at what cost to the attacker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from audit._drawing import COLOURS, DASHES, FAINT, GRID, MARKERS, canvas, short, svg
from audit.document import Figure

Json = Mapping[str, Any]
ARROW = "\u2192"


def suspicion_figure(exposure: Json) -> Figure:
    """The most exposed members by attack: the darker, the fewer outsiders look as suspect."""
    records, attacks = exposure["records"], exposure["attacks"]
    shares = np.array([record["suspicion"] for record in records], dtype=float)
    with canvas(2.6 + 0.52 * len(attacks), 2.2 + 0.24 * len(records)) as drawn:
        axes = drawn.add_subplot()
        floor = 1 / (exposure["of_nonmembers"] + 1)
        image = axes.imshow(
            -np.log10(shares), aspect="auto", cmap="cividis_r", vmin=0, vmax=-np.log10(floor), interpolation="nearest"
        )
        axes.set_xticks(
            range(len(attacks)), [short(name) for name in attacks], rotation=40, ha="right", rotation_mode="anchor"
        )
        axes.set_yticks(range(len(records)), [str(record["number"]) for record in records])
        axes.set_ylabel("Member (pseudonymous number)")
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        ticks = [t for t in (0, 1, 2, 3, 4) if t <= -np.log10(floor) + 1e-9]
        bar = drawn.colorbar(image, ax=axes, ticks=ticks, shrink=0.8)
        bar.ax.set_yticklabels([f"{10.0**-t:.4g}" for t in ticks])
        bar.set_label("Share of outsiders as suspect")
        bar.outline.set_visible(False)
        picture = svg(drawn)
    alt = f"Heat map of the {len(records)} most exposed members by {len(attacks)} attacks; the table has the numbers."
    caption = "Each row is a member, each column an attack. Dark: hardly an outsider looks as suspect to that attack."
    return Figure(alt, picture, caption)


def subgroups_figure(groups: Sequence[Json], harm: float) -> Figure:
    """AUC within each type, with intervals, and the least AUC that its numbers could have shown."""
    judged = [group for group in groups if group["auc"] is not None]
    with canvas(7.2, 1.4 + 0.36 * len(judged)) as drawn:
        axes = drawn.add_subplot()
        axes.axvline(0.5, color=FAINT, linewidth=1.2)
        places = np.arange(len(judged))
        for place, group in zip(places, judged, strict=True):
            _interval(axes, group["auc"], float(place), COLOURS[0], "o", along="x")
        mark: Any = {"color": COLOURS[5], "markersize": 12, "markeredgewidth": 2}
        visible = [(v, p) for p, group in zip(places, judged, strict=True) if (v := group["visible"]) is not None]
        if visible:
            axes.plot(*zip(*visible, strict=True), "|", **mark)
        axes.plot([], [], "o", color=COLOURS[0], label="AUC of the attack that saw most, 95 %")
        axes.plot([], [], "|", label="Least AUC seen with 80 % power", **mark)
        axes.axvline(harm, color=COLOURS[5], linewidth=0.8, linestyle=":", label=f"Harm ({harm:g})")
        axes.set_yticks(places, [f"{short(group['name'])} ({group['n']} / {group['m']})" for group in judged])
        axes.set_ylim(len(judged) - 0.5, -0.5)
        axes.set_xlim(0, 1.02)
        axes.set_xlabel("AUC among members and non-members of the type")
        axes.grid(True, axis="x", color=GRID, linewidth=0.8)
        drawn.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
        picture = svg(drawn)
    said = "; ".join(f"{group['name']}: {group['auc']['point']:.2f}" for group in judged)
    caption = "Members and non-members of each type in brackets. A bar to the right of the harm line: too few to judge."
    return Figure(f"AUC within each type. {said}.", picture, caption)


def edges_figure(leaks: Json, level: float) -> Figure:
    """AUC of the edges that leak most, each by itself; marked are those significant at `level`."""
    edges = leaks["most"]
    names = [f"{edge['regulator']} {ARROW} {edge['target']}" for edge in edges]
    with canvas(6.4, 1.2 + 0.26 * len(edges)) as drawn:
        axes = drawn.add_subplot()
        axes.axvline(0.5, color=FAINT, linewidth=1.2)
        places = np.arange(len(edges))
        for place, edge in zip(places, edges, strict=True):
            found = edge["adjusted"] <= level
            _interval(axes, edge["auc"], float(place), COLOURS[5 if found else 0], "D" if found else "o", along="x")
        axes.plot([], [], "D", color=COLOURS[5], label="significant after Holm")
        axes.plot([], [], "o", color=COLOURS[0], label="not")
        axes.set_yticks(places, [short(name) for name in names])
        axes.set_ylim(len(edges) - 0.5, -0.5)
        axes.set_xlabel("AUC of the edge's own term")
        axes.grid(True, axis="x", color=GRID, linewidth=0.8)
        drawn.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
        picture = svg(drawn)
    said = "; ".join(f"{name} {edge['auc']['point']:.3f}" for name, edge in zip(names[:8], edges, strict=False))
    caption = "Of all edges those that tell members best, with 95 % intervals."
    return Figure(f"Edges that leak most: {said}.", picture, caption)


def curve_figure(curve: Json) -> Figure:
    """AUC of each attack along the curve's axis, with intervals."""
    lines: dict[str, list[Json]] = {}
    for point in curve["points"]:
        lines.setdefault(point["label"], []).append(point)
    with canvas(7.2, 4.6) as drawn:
        axes = drawn.add_subplot()
        axes.axhline(0.5, color=FAINT, linewidth=1.2, label="Chance")
        for place, (label, points) in enumerate(lines.items()):
            at = np.array([point["at"] for point in points], dtype=float)
            low, middle, high = (np.array([p["auc"][end] for p in points]) for end in ("low", "point", "high"))
            colour = COLOURS[place % len(COLOURS)]
            dash: Any = DASHES[place % len(DASHES)]
            axes.fill_between(at, low, high, color=colour, alpha=0.12, linewidth=0)
            axes.plot(at, middle, color=colour, linestyle=dash, marker=_marker(place), markersize=4, label=short(label))
        axes.set_xscale("log")
        ticks = sorted({int(point["at"]) for point in curve["points"]})
        axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
        axes.minorticks_off()
        axes.set_xlabel(curve["axis"])
        axes.set_ylabel("AUC")
        axes.grid(True, color=GRID, linewidth=0.8)
        drawn.legend(loc="outside right center", frameon=False, fontsize=9)
        picture = svg(drawn)
    ends = "; ".join(
        f"{label}: {p[0]['auc']['point']:.2f} to {p[-1]['auc']['point']:.2f}" for label, p in lines.items()
    )
    return Figure(f"{curve['label']}. From the first to the last point, {ends}.", picture, curve["explanation"])


def cost_figure(attacks: Sequence[Json], seconds: Mapping[str, float]) -> Figure:
    """AUC of each attack against the seconds that it took, by what the attacker needs."""
    with canvas(7.6, 4.6) as drawn:
        axes = drawn.add_subplot()
        axes.axhline(0.5, color=FAINT, linewidth=1.2)
        for place, attack in enumerate(attacks):
            at = max(seconds[attack["name"]], 1e-3)
            label = short(attack["label"]) + (" (instrument failed)" if attack["fault"] else "")
            _interval(axes, attack["auc"], at, COLOURS[place % len(COLOURS)], _marker(place), along="y", label=label)
        spent = [max(seconds[attack["name"]], 1e-3) for attack in attacks]
        axes.set_xscale("log")
        axes.set_xlim(10 ** np.floor(np.log10(min(spent)) - 0.1), 10 ** np.ceil(np.log10(max(spent)) + 0.1))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.set_xlabel("Seconds that the attack and its controls took here")
        axes.set_ylabel("AUC")
        axes.grid(True, color=GRID, linewidth=0.8)
        drawn.legend(loc="outside right center", frameon=False, fontsize=9)
        picture = svg(drawn)
    said = "; ".join(f"{a['label']}: {seconds[a['name']]:.2g} s, AUC {a['auc']['point']:.2f}" for a in attacks)
    return Figure(f"AUC against computing time. {said}.", picture, "What more computing bought the attacker.")


def intervals_figure(measures: Sequence[Json], names: Sequence[str], *, axis: str, chance: float) -> Figure:
    """One row a measure, one marker with its interval for each of the compared sets."""
    with canvas(7.2, 1.6 + (0.2 + 0.17 * len(names)) * len(measures)) as drawn:
        axes = drawn.add_subplot()
        axes.axvline(chance, color=FAINT, linewidth=1.2)
        for place, name in enumerate(names):
            step = 0.7 * ((place + 0.5) / len(names) - 0.5)
            for row, measure in enumerate(measures):
                value = measure["values"].get(name)
                if value is not None and not value["fault"]:
                    _interval(axes, value, row + step, COLOURS[place % len(COLOURS)], _marker(place), along="x")
            axes.plot([], [], _marker(place), color=COLOURS[place % len(COLOURS)], label=short(name))
        axes.set_yticks(range(len(measures)), [short(measure["label"].partition(":")[0]) for measure in measures])
        axes.set_ylim(len(measures) - 0.5, -0.5)
        axes.set_xlabel(axis)
        axes.grid(True, axis="x", color=GRID, linewidth=0.8)
        drawn.legend(loc="outside lower center", ncols=min(len(names), 3), frameon=False, fontsize=9)
        picture = svg(drawn)
    alt = f"{axis} of {len(measures)} attacks on {', '.join(names)}, with 95 % intervals; the table has the numbers."
    return Figure(alt, picture, "Bars are 95 % intervals; attacks whose instrument failed are left out.")


def plane_figure(worst: Mapping[str, Json], use: Json) -> Figure:
    """Each set at the AUC of the attack that found most, and at its use."""
    with canvas(6.6, 4.4) as drawn:
        axes = drawn.add_subplot()
        axes.axvline(0.5, color=FAINT, linewidth=1.2)
        for place, (name, risk) in enumerate(worst.items()):
            value, colour = use["values"][name], COLOURS[place % len(COLOURS)]
            _interval(axes, risk, value["point"], colour, _marker(place), along="x", label=short(name))
            axes.plot([risk["point"]] * 2, [value["low"], value["high"]], color=colour, linewidth=1.2)
        axes.set_xlabel("AUC of the attack that found most")
        axes.set_ylabel(use["label"])
        axes.grid(True, color=GRID, linewidth=0.8)
        drawn.legend(loc="outside right center", frameon=False, fontsize=9)
        picture = svg(drawn)
    said = "; ".join(
        f"{name}: AUC {risk['point']:.2f}, {use['values'][name]['point']:.2f}" for name, risk in worst.items()
    )
    caption = f"Privacy against use ({use['label']}), with 95 % intervals. Safe lies left."
    return Figure(f"Risk and {use['label']}. {said}.", picture, caption)


def _interval(
    axes: Any, estimate: Json, at: float, colour: str, marker: str, *, along: str, label: str | None = None
) -> None:
    reach = [[max(estimate["point"] - estimate["low"], 0)], [max(estimate["high"] - estimate["point"], 0)]]
    style: Any = {"fmt": marker, "color": colour, "capsize": 3, "markersize": 5, "linewidth": 1.2, "label": label}
    if along == "x":
        axes.errorbar(estimate["point"], at, xerr=reach, **style)
    else:
        axes.errorbar(at, estimate["point"], yerr=reach, **style)


def _marker(place: int) -> str:
    return MARKERS[place % len(MARKERS)]
