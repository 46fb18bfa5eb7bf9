"""A fitted model on disk: `model.json` describes it, `model.safetensors` holds its numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from conditioned_gen.ledger import Ledger
from prisyn_base import InputError, Problem, Problems, atomic_folder, sha256_file, write_json

SCHEMA = 1
Arrays = dict[str, npt.NDArray[Any]]
_FIELDS = {"method": str, "genes": list, "types": list, "label": str, "settings": dict, "ledger": dict}
_REMAKE = "fit the model again, or copy the whole folder again"


def write_model(
    folder: str | Path,
    *,
    method: str,
    genes: tuple[str, ...],
    types: tuple[str, ...],
    label: str,
    ledger: Ledger,
    settings: Mapping[str, Any],
    arrays: Mapping[str, npt.NDArray[Any]],
) -> None:
    """Write a model folder, whole or not at all; the description carries the checksum of the numbers."""
    with atomic_folder(folder) as temporary:
        weights = temporary / "model.safetensors"
        save_file({name: np.ascontiguousarray(value) for name, value in sorted(arrays.items())}, weights)
        weights.chmod(0o644)
        write_json(
            temporary / "model.json",
            {
                "schema": SCHEMA,
                "method": method,
                "genes": list(genes),
                "types": list(types),
                "label": label,
                "settings": dict(settings),
                "ledger": ledger.to_json(),
                "weights_sha256": sha256_file(weights),
            },
        )


def read_description(folder: Path) -> dict[str, Any]:
    """`model.json`, checked for version. Raises `InputError` when the folder is not a model of this version."""
    file = folder / "model.json"
    try:
        description = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _refused(folder, "no model.json", "a folder that `generate fit` wrote", "check the path") from None
    except (OSError, ValueError) as error:
        raise _refused(file, f"unreadable ({error})", "the JSON that `generate fit` wrote", _REMAKE) from error
    if not isinstance(description, dict) or description.get("schema") != SCHEMA:
        found = description.get("schema") if isinstance(description, dict) else type(description).__name__
        raise _refused(file, f"schema {found!r}", f"schema {SCHEMA}", "use the version of PriSyn that wrote it")
    problems = Problems()
    for key, kind in _FIELDS.items():
        if not isinstance(description.get(key), kind):
            problems.add(f"{file}: {key}", repr(description.get(key))[:60], f"a {kind.__name__}", _REMAKE)
    problems.raise_if_any()
    return description


def read_arrays(folder: Path, description: Mapping[str, Any], shapes: Mapping[str, tuple[int | None, ...]]) -> Arrays:
    """The numbers, checked against their checksum and the expected shapes (None: any length)."""
    file = folder / "model.safetensors"
    try:
        if sha256_file(file) != description.get("weights_sha256"):
            raise _refused(file, "contents that do not match model.json", "the file as it was written", _REMAKE)
        arrays: Arrays = load_file(file)
    except (OSError, SafetensorError) as error:
        raise _refused(file, f"unreadable ({error})", "safetensors", _REMAKE) from error
    problems = Problems()
    for name, shape in shapes.items():
        found = arrays[name].shape if name in arrays else None
        if (
            found is None
            or len(found) != len(shape)
            or any(s not in (None, f) for s, f in zip(shape, found, strict=True))
        ):
            problems.add(f"{file}: {name}", f"shape {found}", f"shape {shape}", _REMAKE)
        elif not np.all(np.isfinite(arrays[name])):
            problems.add(f"{file}: {name}", "values that are not finite", "finite numbers", _REMAKE)
    problems.raise_if_any()
    return arrays


def read_ledger(folder: Path, description: Mapping[str, Any]) -> Ledger:
    """The model's ledger."""
    try:
        return Ledger.from_json(description["ledger"])
    except (KeyError, TypeError, ValueError) as error:
        raise _refused(
            folder / "model.json", f"a damaged ledger ({error})", "the ledger as written", _REMAKE
        ) from error


def _refused(where: Path, found: str, expected: str, mend: str) -> InputError:
    return InputError([Problem(str(where), found, expected, mend)])
