from __future__ import annotations

import pytest

from cohort import PBMC68K_TYPES, Cohort, pbmc68k, split_cohort
from conditioned_gen import PrivateCohort
from kg import GRN, Effect, Evidence, Gene, Provenance, SourceKind


def known(regulator: str, target: str, effect: Effect = Effect.ACTIVATION, *, species: str = "human") -> Evidence:
    """A database row saying that one gene regulates another."""
    return Evidence(
        Gene(f"X:{regulator}", regulator, species),
        Gene(f"X:{target}", target, species),
        effect,
        document=f"table:{regulator}>{target}",
        quote=f"{regulator}\t{target}\t{effect}",
        provenance=Provenance("trrust"),
        kind=SourceKind.DATABASE,
        paper=f"PMID:{regulator}{target}",
    )


@pytest.fixture(scope="session")
def cells() -> Cohort:
    return pbmc68k()


@pytest.fixture(scope="session")
def members(cells) -> Cohort:
    return split_cohort(cells, fractions=(0.6, 0.4), seed=0)[0]


@pytest.fixture(scope="session")
def others(cells) -> Cohort:
    return split_cohort(cells, fractions=(0.6, 0.4), seed=0)[1]


@pytest.fixture(scope="session")
def grn() -> GRN:
    """A small graph over the panel, with a chain, a repression, a feedback loop and a regulator outside it."""
    return GRN.from_evidence(
        [
            known("SPI1", "FCER1A"),
            known("SPI1", "IL1B"),
            known("FCER1A", "LYZ"),
            known("GATA2", "SPI1", Effect.REPRESSION),
            known("SPI1", "GATA2", Effect.REPRESSION),
            known("CEBPA", "CST3"),
            known("CEBPA", "LYZ"),
            known("SPI1", "SPI1"),
            known("FOS", "CD40LG", Effect.UNKNOWN),
        ]
    )


@pytest.fixture
def barrier(members):
    """Makes a fresh barrier around the members, with seeded noise."""

    def make(cohort: Cohort = members, **options) -> PrivateCohort:
        settings = {"epsilon": 5.0, "delta": 1e-5, "types": PBMC68K_TYPES, "noise_seed": 7, **options}
        return PrivateCohort(cohort, **settings)

    return make


@pytest.fixture(scope="session")
def edge():
    return known
