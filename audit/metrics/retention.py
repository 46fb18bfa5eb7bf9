"""Which types are still there, and in what share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.document import Table
from audit.metrics._draws import labels_of
from audit.metrics._protocol import Measured, MetricView, Score, register
from audit.statistics import Estimate, clopper_pearson

RESAMPLES = 500
Counts = npt.NDArray[np.int64]


@register
@dataclass(frozen=True)
class Retention:
    """Synthetic share / real share of each type, and the overlap 1 - TV of both tables of shares.

    The interval of a ratio divides the far ends of two 97.5 % Clopper-Pearson intervals, so it holds at 95 % or more.
    Real records are members and non-members together.
    """

    name: str = "retention"
    label: str = "Types kept"
    explanation: str = (
        "Compares how often each type occurs among synthetic and among real records; rare types go first."
    )
    reference: str = "Clopper and Pearson, Biometrika 1934"
    needs_labels: bool = True
    default: bool = True

    def measure(self, view: MetricView) -> Measured:
        members, nonmembers, made = (labels_of(view, name) for name in ("members", "nonmembers", "synthetic"))
        real = np.concatenate([members, nonmembers])
        types = np.unique(np.concatenate([real, made]))
        of_real, of_made = _count(real, types), _count(made, types)
        score = Score(
            key="overlap",
            label="Overlap of type shares",
            goal="maximise",
            low=0.0,
            high=1.0,
            target=1.0,
            estimate=_overlap(of_made, of_real, view.seed),
            control=_overlap(_count(nonmembers, types), _count(members, types), view.seed),
            control_label="non-members against members",
            reading="1: every type in its real share; 0: no type in common.",
        )
        lost = types[(of_real > 0) & (of_made == 0)]
        new = types[(of_real == 0) & (of_made > 0)]
        return Measured((score,), (_table(types, of_real, of_made),), tuple(_notes(lost, new)))


def _count(labels: npt.NDArray[np.str_], types: npt.NDArray[np.str_]) -> Counts:
    return np.asarray([(labels == kind).sum() for kind in types], dtype=np.int64)


def _overlap(first: Counts, second: Counts, seed: int) -> Estimate:
    """1 - total variation of two tables of shares, with an interval of 1.96 bootstrap deviations."""
    rng = np.random.default_rng(seed)
    n, m = int(first.sum()), int(second.sum())
    draws = np.minimum(rng.multinomial(n, first / n, RESAMPLES) / n, rng.multinomial(m, second / m, RESAMPLES) / m)
    point = float(np.minimum(first / n, second / m).sum())
    # Resampling can only lower an overlap near 1, so the draws lend their spread and not their place.
    reach = 1.96 * float(draws.sum(axis=1).std())
    return Estimate(point, max(point - reach, 0.0), min(point + reach, 1.0), n + m)


def _table(types: npt.NDArray[np.str_], real: Counts, made: Counts) -> Table:
    rows = []
    for kind, count, of_made in zip(types, real, made, strict=True):
        share, synthetic = clopper_pearson(int(count), int(real.sum())), clopper_pearson(int(of_made), int(made.sum()))
        ratio, interval = _ratio(int(count), int(real.sum()), int(of_made), int(made.sum()))
        rows.append(
            (
                *(str(kind), int(count), share.point, share.low, share.high),
                *(int(of_made), synthetic.point, synthetic.low, synthetic.high, ratio, interval),
            )
        )
    columns = ("Type", "Real", "Share", "Low", "High", "Synthetic", "Share ", "Low ", "High ", "Kept", "95 %")
    return Table(
        "Share of each type among real and synthetic records, and synthetic share / real share", columns, tuple(rows)
    )


def _ratio(real: int, reals: int, made: int, mades: int) -> tuple[float | None, str]:
    """Synthetic share over real share and its interval in words; no ratio where the type is not real."""
    if real == 0:
        return None, "not a real type"
    top, bottom = clopper_pearson(made, mades, level=0.975), clopper_pearson(real, reals, level=0.975)
    return top.point / bottom.point, f"{top.low / bottom.high:.2f} to {top.high / bottom.low:.2f}"


def _notes(lost: npt.NDArray[np.str_], new: npt.NDArray[np.str_]) -> list[str]:
    notes = [f"Lost: no synthetic record of {', '.join(map(str, lost))}."] if len(lost) else ["No type was lost."]
    return notes + ([f"Invented: {', '.join(map(str, new))} is no real type here."] if len(new) else [])
