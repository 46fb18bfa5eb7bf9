"""The command line as users meet it: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """The environment in which a child process finds this checkout's packages."""
    path = os.pathsep.join(part for part in (str(REPOSITORY), os.environ.get("PYTHONPATH")) if part)
    return {**os.environ, "PYTHONPATH": path}


@pytest.fixture(scope="session")
def prisyn(environment: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`prisyn("kg", "names", "HBB")` runs the command and hands back what it said and its exit code."""

    def run(
        *arguments: str | Path, cwd: Path | None = None, timeout: float = 300, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "prisyn", *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=cwd,
            env={**environment, **variables},
            timeout=timeout,
            check=False,
        )

    return run
