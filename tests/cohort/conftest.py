from __future__ import annotations

import pytest

from cohort import Cohort, pbmc68k


@pytest.fixture(scope="session")
def cells() -> Cohort:
    return pbmc68k()
