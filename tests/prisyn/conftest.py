"""The command line as users meet it: in a process of its own."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

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


@pytest.fixture(scope="session")
def load_double() -> Callable[[str], Any]:
    """The module of a double of a server, by the name of its file."""

    def load(name: str) -> Any:
        file = REPOSITORY / "tests" / "grn_extract" / "servers" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(f"{name}_double", file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[f"{name}_double"] = module
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture
def server(load_double: Callable[[str], Any]) -> Iterator[tuple[str, Any]]:
    """A chat model's server that answers as it should: its address, and the double, which knows what it was asked."""
    module = load_double("openai_double")
    double = module.Double()
    with module.running(double) as url:
        yield url, double
