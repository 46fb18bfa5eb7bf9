"""Where the file of a database can be had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Address:
    """Where a file can be had; with `form` it is asked for by filling in a form (POST). `licence` is upstream's."""

    url: str
    form: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    licence: str = ""
    suffix: str = ".tsv"
