"""What a token costs: a small dated table, and what to do where a model is not in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from grn_extract.chat.providers import server_of, split_name
from prisyn_base import InputError, Problem

PRICES = Path(__file__).with_name("prices.yaml")
_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens, read and written, and where that is from (with its date)."""

    tokens_in: float
    tokens_out: float
    source: str

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """US dollars of a call."""
        return (tokens_in * self.tokens_in + tokens_out * self.tokens_out) / 1e6


def find_price(name: str, base_url: str | None = None) -> Price | None:
    """The price of `provider:model`, or None where it is not known.

    A model on this machine (ollama, a server on loopback) costs nothing. A model that a server elsewhere offers under
    a known name has that server's price, so it is not known. `gpt-4o-2024-08-06` has the price of `gpt-4o`.
    """
    provider, model = split_name(name)
    server = server_of(provider, base_url)
    if provider == "ollama" or Path(model).is_dir() or (server and _is_loopback(server)):
        return Price(0.0, 0.0, "runs on this machine")
    if server is not None:
        return None
    listed = _table().get(provider, {})
    known = [base for base in listed if model == base or _is_dated(model, base)]
    return listed[max(known, key=len)] if known else None


def parse_price(text: str) -> Price:
    """The price written `IN,OUT`, US dollars for a million tokens each. Raises InputError for anything else."""
    parts = text.split(",")
    try:
        tokens_in, tokens_out = map(float, parts)
    except ValueError:
        tokens_in = tokens_out = -1.0
    if not (0 <= tokens_in < 1e6 and 0 <= tokens_out < 1e6):
        expected = "IN,OUT: US dollars for a million tokens read and written"
        raise InputError([Problem("price", repr(text), expected, "write, say, 0.15,0.60")])
    return Price(tokens_in, tokens_out, "given")


def price_note(name: str, price: Price | None) -> str:
    """Where the cost of a reader's calls comes from, in a sentence."""
    if price is None:
        return f"the price of {name} is not known, so its cost is counted as 0; --price IN,OUT gives it"
    return (
        f"{name}: {price.tokens_in:g} US dollars for a million tokens read, {price.tokens_out:g} for as many written "
        f"({price.source})"
    )


def _is_dated(model: str, base: str) -> bool:
    rest = model.removeprefix(base)
    return (rest != model and rest.startswith("-") and rest[1:].replace("-", "").isdigit()) or rest == "-latest"


def _is_loopback(server: str) -> bool:
    host = urlsplit(server if "://" in server else f"http://{server}").hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


@cache
def _table() -> Mapping[str, Mapping[str, Price]]:
    found: dict[str, Any] = yaml.safe_load(PRICES.read_text(encoding="utf-8"))
    if found["schema"] != _SCHEMA:
        raise ValueError(f"{PRICES}: schema {found['schema']!r}, where {_SCHEMA} is known")
    return {
        provider: {
            model: Price(float(pair[0]), float(pair[1]), f"{entry['source']}, {entry['date']}")
            for model, pair in entry["models"].items()
        }
        for provider, entry in found["providers"].items()
    }
