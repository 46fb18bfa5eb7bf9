"""Real cells, and synthetic sets made from them whose answer is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from audit import AuditTarget
from cohort import Cohort, make_cohort, pbmc68k, split_cohort


@pytest.fixture(scope="session")
def cells() -> Cohort:
    return pbmc68k()


@pytest.fixture(scope="session")
def imitate() -> Callable[..., Cohort]:
    """Poisson counts around the mean profile of each type: a generator that has no privacy at all."""

    def imitate(source: Cohort, labels: Cohort, *, n: int, seed: int) -> Cohort:
        rng = np.random.default_rng(seed)
        profiles = {k: np.asarray(source.counts[source.labels == k].mean(axis=0)).ravel() for k in source.types}
        drawn = rng.choice(labels.labels, n)
        counts = np.stack([rng.poisson(profiles[kind]) for kind in drawn])
        return make_cohort(counts, genes=source.genes, labels=drawn.tolist(), label=str(source.label))

    return imitate


@pytest.fixture(scope="session")
def split(cells: Cohort) -> tuple[Cohort, Cohort]:
    members, nonmembers = split_cohort(cells, fractions=(0.7, 0.3), seed=0)
    return members, nonmembers


@pytest.fixture(scope="session")
def copied(split: tuple[Cohort, Cohort]) -> AuditTarget:
    """A "generator" that hands out 300 of its training records."""
    members, nonmembers = split
    return AuditTarget(members, nonmembers, members.subset(np.arange(300)))


@pytest.fixture(scope="session")
def harmless(cells: Cohort) -> AuditTarget:
    """Real cells that were never members stand in as the synthetic set; nothing can leak."""
    members, nonmembers, synthetic = split_cohort(cells, fractions=(0.35, 0.15, 0.4), seed=3)
    return AuditTarget(members, nonmembers, synthetic)
