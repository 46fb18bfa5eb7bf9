"""How alike are two vectors?"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

Floats = npt.NDArray[np.floating[Any]]


def cosine(first: Floats, second: Floats) -> float:
    """The cosine of the angle between two vectors; 0 where either has no length."""
    length = float(np.sqrt((first @ first) * (second @ second)))
    return float(np.clip(first @ second / length, -1.0, 1.0)) if length > 0 else 0.0


def pearson(first: Floats, second: Floats) -> float:
    """The correlation of two vectors; 0 where either does not vary."""
    return cosine(first - first.mean(), second - second.mean()) if len(first) else 0.0


def spearman(first: Floats, second: Floats) -> float:
    """The correlation of the ranks of two vectors; 0 where either does not vary."""
    return pearson(rankdata(first), rankdata(second))
