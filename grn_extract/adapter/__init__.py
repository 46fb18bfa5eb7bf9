"""The packaged adapter of the embedded model: its weights, `adapter.json`, and its model card in README.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from prisyn_base import InputError, Problem

CARD = "adapter.json"
WEIGHTS = "adapter.safetensors"
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class AdapterCard:
    """What an adapter is: its name, the layers of its base it keeps and leaves unchanged, the labels it tells apart,
    what its low-rank products are multiplied by, the hash of the prompt it was trained with, and the least probability
    of regulation that is stated.
    """

    name: str
    base_sha256: str
    layers: int
    frozen: int
    labels: tuple[str, ...]
    scale: float
    prompt: str
    threshold: float


def adapter_dir() -> Path:
    """The folder of the packaged adapter."""
    return Path(__file__).parent


@cache
def read_card(folder: Path) -> AdapterCard:
    """The card of an adapter. Raises InputError where it is missing, torn or of another schema."""
    path = folder / CARD
    try:
        card: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if card["schema"] != SCHEMA:
            raise ValueError(f"schema {card['schema']}")
        return AdapterCard(
            name=str(card["name"]),
            base_sha256=str(card["base_sha256"]),
            layers=int(card["layers"]),
            frozen=int(card["frozen"]),
            labels=tuple(card["labels"]),
            scale=float(card["scale"]),
            prompt=str(card["prompt"]),
            threshold=float(card["threshold"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        found = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
        mend = "install prisyn again, or train it: python -m grn_extract.training"
        raise InputError([Problem(str(path), found, f"the card of an adapter, schema {SCHEMA}", mend)]) from error
