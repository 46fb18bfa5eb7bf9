"""What is installed, what is missing, and the line that installs it."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

EXTRAS = {
    "llm": ("torch", "transformers", "gguf", "peft", "langchain"),
    "train": ("torch", "opacus"),
    "neo4j": ("neo4j",),
    "cypher": ("ladybug",),
    "web": ("fastapi", "uvicorn", "python_multipart"),
    "pdf": ("playwright",),
    "scale": ("ray",),
    "federated": ("nvflare",),
    "fpga": ("brevitas", "qonnx", "onnx", "onnxruntime", "onnxoptimizer"),
    "dev": ("build", "hypothesis", "mypy", "pytest", "ruff"),
}
"""The modules that tell whether an extra is there."""

CORE = {
    "anndata": "anndata",
    "dp-accounting": "dp_accounting",
    "networkx": "networkx",
    "numpy": "numpy",
    "pandas": "pandas",
    "scanpy": "scanpy",
    "scikit-learn": "sklearn",
    "scipy": "scipy",
}
"""Distributions every installation has, and the module each of them brings."""


class State(StrEnum):
    """`optional` parts are missing without harm; `missing` ones keep something from working."""

    OK = "ok"
    OPTIONAL = "optional"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what it is, its state, what was found, and the line that mends it ("" when none is due)."""

    what: str
    state: State
    found: str
    mend: str = ""


def examine(folder: Path | None = None) -> list[Finding]:
    """Look at this installation and machine. `folder` is where runs would be written; default the current one."""
    return [*_machine(folder or Path.cwd()), *_core(), *_extras(), *_models()]


def healthy(findings: list[Finding]) -> bool:
    """Whether nothing that `prisyn demo` needs is missing."""
    return all(finding.state is not State.MISSING for finding in findings)


def _machine(folder: Path) -> Iterator[Finding]:
    yield Finding("python", State.OK, f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    threads = os.environ.get("OMP_NUM_THREADS")
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    yield Finding("cores", State.OK, f"{usable} usable" + (f", OMP_NUM_THREADS={threads}" if threads else ""))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    low = memory < 6
    yield Finding(
        "memory", State.OPTIONAL if low else State.OK, f"{memory:.1f} GiB", "the demo needs up to 6 GiB" if low else ""
    )
    free = shutil.disk_usage(folder).free / 2**30
    full = free < 1
    yield Finding(
        "disk", State.MISSING if full else State.OK, f"{free:.1f} GiB free", f"make room under {folder}" if full else ""
    )


def _core() -> Iterator[Finding]:
    for distribution, module in CORE.items():
        if find_spec(module) is None:
            yield Finding(distribution, State.MISSING, "not installed", "pip install prisyn")
        else:
            yield Finding(distribution, State.OK, metadata.version(distribution))


def _extras() -> Iterator[Finding]:
    for extra, modules in EXTRAS.items():
        absent = [module for module in modules if find_spec(module) is None]
        # The demo reads its corpus with the embedded model, so that one extra is more than a nicety.
        missing = State.MISSING if extra == "llm" else State.OPTIONAL
        if absent:
            yield Finding(f"[{extra}]", missing, f"without {', '.join(absent)}", f"pip install 'prisyn[{extra}]'")
        else:
            yield Finding(f"[{extra}]", State.OK, ", ".join(f"{m} {_version(m)}" for m in modules))


def _version(module: str) -> str:
    """The version of the distribution that brings a module; some are called otherwise (onnxruntime-gpu)."""
    try:
        return metadata.version(module)
    except metadata.PackageNotFoundError:
        return "of unknown version"


def _models() -> Iterator[Finding]:
    from grn_extract import available_models

    for model in available_models():
        if model.fetched:
            yield Finding(f"model {model.name}", State.OK, f"{model.model} in {model.path}")
        else:
            mend = f"prisyn models fetch {model.name}"
            yield Finding(f"model {model.name}", State.MISSING, f"{model.model} not fetched", mend)
