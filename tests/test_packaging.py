"""Installed from a wheel, from an sdist or in place, PriSyn is whole: prompts, tables, texts and the command."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import prisyn

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGES = {"audit", "cohort", "conditioned_gen", "grn_extract", "kg", "prisyn", "prisyn_base"}
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "__pycache__", "*_cache", "demo-out", "dist", "build", ".hypothesis")

pytestmark = pytest.mark.slow

INSTALL = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--target")

LOOK_INSIDE = """
import json, pathlib
import grn_extract, kg, prisyn
from grn_extract import example_corpus, example_gold
from kg.names import explain
from kg import demo_table
print(json.dumps({
    "where": str(pathlib.Path(prisyn.__file__).parents[1]),
    "version": prisyn.__version__,
    "texts": len(example_corpus()),
    "gold": len(example_gold()),
    "prompts": sorted(grn_extract.prompt_names()),
    "demo_rows": len(demo_table().read_text(encoding="utf-8").splitlines()),
    "PU.1": str(explain("PU.1")),
}))
"""


def _run(*command: str | Path, cwd: Path, **variables: str) -> str:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **variables}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, the wheel made from it, and the checkout they were made from (a copy)."""
    folder = tmp_path_factory.mktemp("built")
    shutil.copytree(REPOSITORY, folder / "checkout", ignore=LEFT_OUT)
    build = (sys.executable, "-m", "build", "--no-isolation", "--outdir", folder)
    _run(*build, folder / "checkout", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (found,) = built.glob("prisyn-*.whl")
    return found


@pytest.fixture(scope="module")
def sdist(built: Path) -> Path:
    (found,) = built.glob("prisyn-*.tar.gz")
    return found


def _look_inside(target: Path, cwd: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(_run(sys.executable, "-c", LOOK_INSIDE, cwd=cwd, PYTHONPATH=str(target)))
    return found


def _check(target: Path, cwd: Path) -> None:
    found = _look_inside(target, cwd)
    assert found["where"] == str(target), "another installation was looked at"
    assert found["version"] == prisyn.__version__
    assert found["prompts"] == sorted(path.stem for path in (REPOSITORY / "prompts").glob("*.md"))
    assert isinstance(found["texts"], int)
    assert found["texts"] >= 40
    assert isinstance(found["gold"], int)
    assert found["gold"] > 0
    assert isinstance(found["demo_rows"], int)
    assert found["demo_rows"] > 100
    assert "SPI1" in str(found["PU.1"])
    said = _run(sys.executable, "-m", "prisyn", "--version", cwd=cwd, PYTHONPATH=str(target))
    assert said == f"prisyn {prisyn.__version__}\n"


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_an_installed_prisyn_is_whole(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    archive: Path = request.getfixturevalue(kind)
    target = tmp_path / "site"
    _run(*INSTALL, target, archive, cwd=tmp_path)
    _check(target, tmp_path)
    assert (target / "bin" / "prisyn").is_file()


def test_an_editable_install_is_whole(built: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    _run(*INSTALL, target, "-e", built / "checkout", cwd=tmp_path)
    lines = [line for file in target.glob("*.pth") for line in file.read_text().splitlines()]
    assert lines == [str(built / "checkout")]
    _check(built / "checkout", tmp_path)


def test_the_wheel_holds_our_packages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(names)
    assert {Path(name).name for name in names if "/licenses/" in name} == {"LICENSE", "NOTICE"}
    assert [name for name in names if name.endswith((".pkl", ".pickle", ".gguf", ".pyc"))] == []


def test_every_packaged_table_says_where_it_comes_from(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tables = {name for name in archive.namelist() if name.endswith((".tsv", ".tsv.gz", ".csv", ".csv.gz"))}
        sources = {
            folder: archive.read(name).decode("utf-8")
            for name in archive.namelist()
            if (folder := name.rpartition("/")[0]) and name.endswith("SOURCES.md")
        }
    assert tables
    silent = [name for name in tables if Path(name).name not in sources.get(str(Path(name).parent), "")]
    assert silent == []


def test_the_sdist_carries_what_is_needed_to_test_and_rebuild(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    needed = {"pyproject.toml", "LICENSE", "NOTICE", "README.md", "CHANGELOG.md", "Makefile", "constraints.txt"}
    assert needed <= names
    assert {path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / "prompts").glob("*.md")} <= names
    assert "tests/test_packaging.py" in names


def test_what_we_depend_on_is_pinned_to_one_version_each() -> None:
    pins = [
        line
        for line in (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    assert all(line.count("==") == 1 for line in pins)
    pinned = {line.partition("==")[0].lower().replace("_", "-") for line in pins}
    assert len(pinned) == len(pins)
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["llm"], *extras["train"], *extras["dev"]]
    names = {line.partition(">")[0].partition("[")[0].strip().lower() for line in wanted}
    assert names <= pinned
