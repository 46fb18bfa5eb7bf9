"""Evidence of the kind a reader hands over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from kg import Effect, Evidence, Provenance, resolve

Say = Callable[..., Evidence]


@pytest.fixture(scope="session")
def say() -> Say:
    """`say("GATA1", "HBB", paper="PMID:1")`: one statement; any field of Evidence may be set."""

    def statement(regulator: str, target: str, reader: str = "trrust", **fields: object) -> Evidence:
        genes = [resolve(name).gene for name in (regulator, target)]
        assert genes[0] is not None
        assert genes[1] is not None
        said = Evidence(
            genes[0],
            genes[1],
            Effect.ACTIVATION,
            "doc",
            f"{regulator} regulates {target}.",
            Provenance(reader),
        )
        return replace(said, **fields)  # type: ignore[arg-type]

    return statement
