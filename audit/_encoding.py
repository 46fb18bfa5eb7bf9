"""Scores of thousands of records in JSON: small, exact to single precision, and readable by anybody."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

DTYPE = "<f4"


def pack(values: npt.ArrayLike) -> dict[str, Any]:
    """Numbers, shape (n,), as base64 of little-endian float32, with what it takes to read them."""
    array = np.asarray(values, dtype=DTYPE)
    return {"dtype": DTYPE, "n": len(array), "base64": base64.b64encode(array.tobytes()).decode("ascii")}


def unpack(packed: Mapping[str, Any]) -> npt.NDArray[np.float64]:
    """What `pack` wrote, shape (n,). Raises ValueError where it is something else."""
    if packed.get("dtype") != DTYPE:
        raise ValueError(f"scores of type {packed.get('dtype')!r}, not {DTYPE!r}")
    values = np.frombuffer(base64.b64decode(packed["base64"], validate=True), dtype=DTYPE)
    if len(values) != packed["n"]:
        raise ValueError(f"{len(values)} scores where {packed['n']} were written")
    return values.astype(np.float64)
