"""The graph drawn: regulators on an inner ring, their targets around them; sign by colour and by shape."""

from __future__ import annotations

import io
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kg.model import Edge, Effect

REGULATORS = 14
"""The most regulators drawn; past that, names overlap at the size of a page."""
TARGETS = 64
"""The most targets on the outer ring, for the same reason."""

_INK = "#222222"
_PAPER = "white"


@dataclass(frozen=True, slots=True)
class _Look:
    colour: str
    line: Any
    arrow: str
    words: str


# Blue and vermilion stay apart for every common kind of colour blindness (Okabe and Ito, 2008).
_LOOKS = {
    Effect.ACTIVATION: _Look("#0072B2", "solid", "-|>,head_length=5,head_width=2.4", "activates (arrow)"),
    Effect.REPRESSION: _Look("#D55E00", (0, (5, 1.5)), "|-|,widthA=0,widthB=3", "represses (bar, dashed)"),
    Effect.UNKNOWN: _Look("#777777", (0, (1, 1.5)), "-|>,head_length=3,head_width=1.5", "effect unknown (dotted)"),
}

Point = tuple[float, float]


def choose_edges(edges: Sequence[Edge]) -> list[Edge]:
    """The edges that can be drawn readably: of the regulators with most belief going out, the best believed first."""
    weight: defaultdict[str, float] = defaultdict(float)
    for edge in edges:
        weight[edge.regulator.symbol] += edge.belief
    regulators = {name for name, _ in sorted(weight.items(), key=lambda item: (-item[1], item[0]))[:REGULATORS]}
    chosen: list[Edge] = []
    targets: set[str] = set()
    for edge in sorted(edges, key=lambda e: (-e.belief, e.regulator.symbol, e.target.symbol)):
        if edge.regulator.symbol not in regulators:
            continue
        name = edge.target.symbol
        if name in regulators or name in targets or len(targets) < TARGETS:
            chosen.append(edge)
            targets |= {name} - regulators
    return chosen


def draw_network(edges: Sequence[Edge]) -> str:
    """The edges as an SVG picture; the same edges give the same text."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 9), facecolor=_PAPER)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(-1.45, 1.45)
    axes.set_ylim(-1.45, 1.45)
    axes.set_axis_off()
    places = _places(edges)
    regulators = {edge.regulator.symbol for edge in edges}
    for edge in sorted(edges, key=lambda e: e.belief):
        _draw_edge(axes, edge, places)
    for name, place in places.items():
        _draw_name(axes, name, place, regulator=name in regulators)
    _draw_legend(axes)
    with mpl.rc_context({"svg.hashsalt": "prisyn"}):
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def _places(edges: Sequence[Edge]) -> dict[str, Point]:
    """Regulators that share targets beside each other, and each target at the mean direction of its regulators."""
    targets: dict[str, set[str]] = defaultdict(set)
    sources: dict[str, set[str]] = defaultdict(set)
    for edge in edges:
        targets[edge.regulator.symbol].add(edge.target.symbol)
        sources[edge.target.symbol].add(edge.regulator.symbol)
    ring = _chain(targets)
    angles = {name: 2 * math.pi * position / len(ring) for position, name in enumerate(ring)}
    radius = 0.0 if len(ring) == 1 else 0.55
    places = {name: (radius * math.cos(angle), radius * math.sin(angle)) for name, angle in angles.items()}
    outer = sorted(set(sources) - set(ring), key=lambda name: (_mean_angle([angles[s] for s in sources[name]]), name))
    for position, name in enumerate(outer):
        angle = 2 * math.pi * position / len(outer)
        places[name] = (math.cos(angle), math.sin(angle))
    return places


def _chain(targets: dict[str, set[str]]) -> list[str]:
    """Regulators in an order in which each follows the one it shares most targets with."""
    left = sorted(targets, key=lambda name: (-len(targets[name]), name))
    chain = left[:1]
    left = left[1:]
    while left:
        last = targets[chain[-1]]
        best = max(left, key=lambda name: (len(last & targets[name]), len(targets[name]), name))
        left.remove(best)
        chain.append(best)
    return chain


def _mean_angle(angles: Sequence[float]) -> float:
    mean = math.atan2(sum(map(math.sin, angles)), sum(map(math.cos, angles)))
    return round(mean % (2 * math.pi), 9)


def _draw_edge(axes: Any, edge: Edge, places: dict[str, Point]) -> None:
    from matplotlib.patches import FancyArrowPatch

    look = _LOOKS[edge.effect]
    start, end = places[edge.regulator.symbol], places[edge.target.symbol]
    if start == end:
        start = (start[0] - 0.06, start[1] + 0.02)
        end = (end[0] + 0.06, end[1] + 0.02)
    axes.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle=look.arrow,
            connectionstyle="arc3,rad=-1.6" if edge.regulator == edge.target else "arc3,rad=0.08",
            linestyle=look.line,
            linewidth=0.4 + 2.2 * edge.belief**2,
            color=look.colour,
            alpha=0.35 + 0.6 * edge.belief,
            shrinkA=16,
            shrinkB=16 if math.hypot(*end) < 0.9 else 5,
            zorder=1,
        )
    )


def _draw_name(axes: Any, name: str, place: Point, *, regulator: bool) -> None:
    x, y = place
    if regulator:
        box = {"boxstyle": "round,pad=0.25", "facecolor": _PAPER, "edgecolor": _INK, "linewidth": 1.0}
        axes.text(x, y, name, ha="center", va="center", fontsize=10, weight="bold", color=_INK, bbox=box, zorder=3)
        return
    angle = math.degrees(math.atan2(y, x))
    flipped = abs(angle) > 90
    axes.text(
        x * 1.02,
        y * 1.02,
        name,
        rotation=angle + 180 if flipped else angle,
        rotation_mode="anchor",
        ha="right" if flipped else "left",
        va="center",
        fontsize=8,
        color=_INK,
        zorder=2,
    )


def _draw_legend(axes: Any) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=look.colour, linestyle=look.line, linewidth=2, label=look.words)
        for look in _LOOKS.values()
    ]
    axes.legend(handles=handles, loc="lower left", frameon=False, fontsize=9, title="The wider, the better believed")
