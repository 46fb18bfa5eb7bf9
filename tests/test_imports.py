"""Imports between the packages point one way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]

ARROWS = {
    "prisyn_base": set(),
    "kg": {"prisyn_base"},
    "cohort": {"prisyn_base"},
    "grn_extract": {"prisyn_base", "kg"},
    "conditioned_gen": {"prisyn_base", "kg", "cohort"},
    "audit": {"prisyn_base", "cohort"},
    "prisyn": {"prisyn_base", "kg", "cohort", "grn_extract", "conditioned_gen", "audit"},
}
"""Each package, and the packages of ours it may import. `audit` works on anybody's data, so it knows no generator."""


def imported_packages(source: str) -> Iterator[tuple[int, str]]:
    """Line and top-level name of every import of a module's source, wherever in the file it stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.lineno, node.module.partition(".")[0]
        elif isinstance(node, ast.Call) and _dynamic(node):
            yield node.lineno, str(node.args[0].value).partition(".")[0]  # type: ignore[attr-defined]


def _dynamic(call: ast.Call) -> bool:
    """`require("x")`, `import_module("x")`, `__import__("x")` with the name written out."""
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    literal = bool(call.args) and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
    return literal and name in {"require", "import_module", "__import__"}


def forbidden(package: str, source: str) -> list[tuple[int, str]]:
    allowed = ARROWS[package] | {package}
    return [(line, name) for line, name in imported_packages(source) if name in ARROWS and name not in allowed]


@pytest.mark.parametrize("package", sorted(ARROWS))
def test_a_package_imports_only_what_lies_before_it(package: str) -> None:
    files = sorted((REPOSITORY / package).rglob("*.py"))
    assert files, f"no source of {package}"
    wrong = [
        f"{file.relative_to(REPOSITORY)}:{line} imports {name}"
        for file in files
        for line, name in forbidden(package, file.read_text(encoding="utf-8"))
    ]
    assert wrong == []


def test_nothing_imports_the_front_door() -> None:
    assert [package for package, allowed in ARROWS.items() if "prisyn" in allowed] == []


def test_the_attack_module_knows_no_generator() -> None:
    assert "conditioned_gen" not in ARROWS["audit"]


def test_every_package_of_the_house_is_held_to_the_arrows() -> None:
    found = {path.parent.name for path in REPOSITORY.glob("*/py.typed")}
    assert found == set(ARROWS)


@pytest.mark.parametrize(
    "source",
    [
        "import conditioned_gen",
        "from conditioned_gen.barrier import PrivateCohort",
        "def f():\n    import conditioned_gen.ledger as l",
        "from importlib import import_module\nimport_module('conditioned_gen.ledger')",
        "from prisyn_base import require\nrequire('conditioned_gen', extra='train')",
    ],
)
def test_an_import_against_the_arrows_is_seen_wherever_it_hides(source: str) -> None:
    assert [name for _, name in forbidden("audit", source)] == ["conditioned_gen"]


def test_relative_imports_and_foreign_packages_are_free() -> None:
    assert forbidden("audit", "import numpy\nfrom . import target\nfrom audit.target import AuditTarget") == []
