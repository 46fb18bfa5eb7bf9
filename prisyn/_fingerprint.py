"""Hashes of what a stage depends on: files, folders and the source code of packages."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from prisyn_base import sha256_file, sha256_text


def fingerprint(path: Path) -> str | None:
    """SHA-256 of a file's bytes, or of a folder's names and contents; None when nothing is there.

    Hidden files and byte code are no part of a folder.
    """
    if path.is_file():
        return sha256_file(path)
    if not path.is_dir():
        return None
    return sha256_text("\n".join(f"{p.relative_to(path).as_posix()} {sha256_file(p)}" for p in _files(path)))


def json_fingerprint(value: Any) -> str:
    """SHA-256 of JSON data, written with sorted keys."""
    return sha256_text(json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False))


def code_fingerprint(modules: Sequence[str]) -> str:
    """SHA-256 of the files of these packages and modules, data files of packages included, without importing them."""
    return sha256_text("\n".join(f"{name} {fingerprint(_location(name))}" for name in sorted(modules)))


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in parts):
            yield path


def _location(module: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"no source for {module}", name=module)
    origin = Path(spec.origin)
    return origin.parent if spec.submodule_search_locations else origin
