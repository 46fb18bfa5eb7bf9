"""What all pictures of the report share: ink, colours most readers tell apart, and how a canvas becomes an image."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

PAPER, INK, FAINT, GRID = "#ffffff", "#1d2530", "#8a94a3", "#e6e9ee"
# Okabe and Ito's colours and six more at other lightness, told apart by most colour-blind readers.
COLOURS = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00",
    "#7a5ea8", "#9a8b00", "#5f6b7a", "#8c3b2e", "#2f7f86", "#b0568f",
)  # fmt: skip
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (8, 2)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "h")
_STYLE: Any = {
    "svg.hashsalt": "prisyn",
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "savefig.facecolor": PAPER,
}


@contextmanager
def canvas(width: float, height: float) -> Iterator[Canvas]:
    """An empty canvas, in inches, in the report's style as long as the block lasts."""
    import matplotlib as mpl
    from matplotlib.figure import Figure as Canvas

    with mpl.rc_context(_STYLE):
        yield Canvas(figsize=(width, height), layout="constrained")


def short(name: str) -> str:
    """A name as plain text of bearable length; `$` would start a formula and `_` hide it from the legend."""
    plain = str(name).replace("$", r"\$").lstrip("_") or "unnamed"
    return plain if len(plain) <= 32 else plain[:31] + "…"


def svg(drawn: Canvas) -> str:
    """The canvas as SVG source, the same for the same drawing."""
    stream = io.StringIO()
    drawn.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return stream.getvalue()


def png(drawn: Canvas) -> bytes:
    """The canvas as PNG bytes, the same for the same drawing."""
    stream = io.BytesIO()
    drawn.savefig(stream, format="png", dpi=160, metadata={"Software": None})
    return stream.getvalue()
