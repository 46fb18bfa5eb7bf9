"""Finished parts of an audit under way, on disk, so that the same audit goes on where it was stopped."""

from __future__ import annotations

import dataclasses
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from prisyn_base import atomic_path

Result = TypeVar("Result")


@dataclass(frozen=True)
class Kept:
    """Results of single instruments, each a JSON file of `folder`; as confidential as the audit itself.

    Nothing in them says of what audit they are. Whoever makes one sees to it that a folder serves one audit alone: the
    same sets, seed, claim, instruments and code.
    """

    folder: Path

    def get(self, name: str, kind: type[Result]) -> Result | None:
        """The dataclass that was put under `name`; None where there is none, or none that can be read."""
        try:
            value = json.loads(self._path(name).read_text(encoding="utf-8"))
            thawed: Result = _thaw(kind, value)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return thawed

    def put(self, name: str, result: object) -> None:
        """Keep a dataclass, whole or not at all."""
        with atomic_path(self._path(name)) as temporary:
            temporary.write_text(json.dumps(_freeze(result)), encoding="utf-8")

    def forget(self) -> None:
        """Remove everything: the audit is finished."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.json"


def _freeze(value: Any) -> Any:
    """JSON data; arrays become lists, and numbers keep all their digits."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {part.name: _freeze(getattr(value, part.name)) for part in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [_freeze(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return value


def _thaw(kind: Any, value: Any) -> Any:
    """What `_freeze` made JSON of, by its declared type. Raises KeyError or TypeError for other data."""
    origin, parts = get_origin(kind), get_args(kind)
    if value is None:
        return None
    if dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind)
        make: Any = kind
        return make(**{part.name: _thaw(hints[part.name], value[part.name]) for part in dataclasses.fields(kind)})
    if origin is tuple:
        each = parts[:1] * len(value) if parts[1:] == (Ellipsis,) else parts
        return tuple(_thaw(part, item) for part, item in zip(each, value, strict=True))
    if origin is np.ndarray:
        return np.asarray(value)
    if origin in (Union, UnionType):
        some = [part for part in parts if part is not type(None)]
        return _thaw(some[0], value) if len(some) == 1 else value
    return value
