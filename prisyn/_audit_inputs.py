"""What the audit's commands are handed beside sets of records: a claim, regulations, finished audits."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prisyn._audit_sets import read_frame
from prisyn_base import InputError, Problem, Problems

if TYPE_CHECKING:
    from audit import Claim, Plugins
    from audit.edges import Edge
    from conditioned_gen import Ledger
    from kg import GRN

SIGNS = {
    **dict.fromkeys(("1", "+1", "+", "activation"), 1),
    **dict.fromkeys(("-1", "-", "repression"), -1),
    **dict.fromkeys(("", "0", "unknown"), 0),
}


def read_claim(
    *, epsilon: float | None, delta: float | None, unit: str, ledger: Path | None, coins: bool = False
) -> Claim | None:
    """What was promised: in numbers, by a ledger, or nothing; `coins` as for `Claim`.

    Raises InputError for halves and for both.
    """
    from audit import Claim

    if ledger is not None:
        if epsilon is not None or delta is not None:
            mend = "leave --claim-epsilon and --claim-delta out: the ledger says both"
            raise InputError([Problem("--ledger", "a claim in numbers beside it", "one of the two", mend)])
        return _claim_of(ledger, coins=coins)
    if epsilon is None and delta is None:
        return None
    if epsilon is None or delta is None:
        mend = "give both --claim-epsilon and --claim-delta"
        raise InputError([Problem("claim", "half a guarantee", "epsilon and delta", mend)])
    statement = (
        f"Stated by whoever ran the audit: ({epsilon:g}, {delta:g})-differential privacy, unit {unit}. "
        "No ledger was shown, so the audit takes it as said."
    )
    return Claim(epsilon, delta, unit, statement, coins=coins)


def _claim_of(path: Path, *, coins: bool) -> Claim | None:
    """The claim of a saved ledger, of a `model.json` or of a model's folder; epsilon is composed anew."""
    from conditioned_gen import Ledger

    file = path / "model.json" if path.is_dir() else path
    record = read_json(file)
    try:
        ledger = Ledger.from_json(record.get("ledger", record))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        mend = "write it with `prisyn generate ledger --model DIR --format json`"
        raise InputError([Problem(str(file), f"no ledger ({error})", "a ledger's JSON", mend)]) from error
    return claim_of(ledger, coins=coins)


def claim_of(ledger: Ledger, *, coins: bool = False) -> Claim | None:
    """What a ledger promises, None where it promises nothing; `coins` as for `Claim`."""
    from audit import Claim

    if math.isinf(ledger.budget_epsilon):
        return None
    said = ledger.statement()
    return Claim(ledger.epsilon, ledger.delta, ledger.unit, said, is_private=ledger.private, coins=coins)


def read_json(path: Path) -> Any:
    """A JSON file. Raises InputError where it is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        found = error.strerror or "unreadable"
        raise InputError([Problem(str(path), found, "a JSON file", "check the path")]) from error
    except ValueError as error:
        raise InputError([Problem(str(path), f"no JSON ({error})", "a JSON file", "write it again")]) from error


def read_edges(*, file: Path | None, graph: str | None) -> tuple[Edge, ...]:
    """Regulations for the audit, from a table (regulator, target and perhaps sign) and from a graph."""
    from audit.edges import make_edges

    edges: list[Any] = []
    if file is not None:
        edges += _edges_of_table(file)
    if graph is not None:
        from prisyn._graphs import read_grn

        edges += edges_of(read_grn(graph))
    return make_edges(edges)


def edges_of(grn: GRN) -> list[tuple[str, str, int]]:
    """Regulator, target and sign of every regulation of a graph that anybody believes."""
    from kg import Effect

    signs = {Effect.ACTIVATION: 1, Effect.REPRESSION: -1}
    return [(e.regulator.symbol, e.target.symbol, signs.get(e.effect, 0)) for e in grn.edges() if e.belief > 0]


def _edges_of_table(file: Path) -> list[tuple[str, str, int]]:
    table = read_frame(file)
    lacking = [column for column in ("regulator", "target") if column not in table]
    if lacking:
        found = f"columns {', '.join(map(str, table.columns))}"
        mend = "name the columns regulator, target and, where known, sign"
        raise InputError([Problem(str(file), found, f"columns {' and '.join(lacking)}", mend)])
    words = table["sign"].map(_sign_word) if "sign" in table else [""] * len(table)
    problems = Problems()
    for word in sorted({word for word in words if word not in SIGNS}):
        problems.add(f"{file}: sign", repr(word), "+1, -1, 0, activation, repression or unknown", "correct the table")
    problems.raise_if_any()
    pairs = zip(table["regulator"].astype(str), table["target"].astype(str), words, strict=True)
    return [(regulator, target, SIGNS[word]) for regulator, target, word in pairs]


def _sign_word(value: Any) -> str:
    """A cell as text; a missing one is no sign, and 1.0 is how a column of numbers writes 1."""
    if value is None or value != value:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value).strip().lower()


def plugins_with(condition: str | None) -> Plugins:
    """The installed plug-ins; with `condition`, the column that names what was done to the cells, for its metric."""
    from audit import METRICS, load_plugins

    plugins = load_plugins()
    if condition is None:
        return plugins
    asked: Any = METRICS["perturbation"]
    return replace(plugins, metrics={**plugins.metrics, asked.name: replace(asked, column=condition)})


def is_audit(path: Path) -> bool:
    """True for a folder, and for a JSON file: both are taken for finished audits."""
    return path.is_dir() or path.suffix.lower() == ".json"


def read_audit(path: Path) -> dict[str, Any]:
    """A finished audit, from its folder or its JSON. Raises InputError where it is none of this version."""
    from audit.result import SCHEMA

    file = path / "audit.json" if path.is_dir() else path
    facts = read_json(file)
    found = facts.get("schema") if isinstance(facts, dict) else type(facts).__name__
    if found != SCHEMA:
        mend = "audit the synthetic set again with this version"
        raise InputError([Problem(str(file), f"schema {found!r}", f"schema {SCHEMA}", mend)])
    return dict(facts)


def read_claims(
    names: Collection[str],
    *,
    epsilon: float | None,
    delta: float | None,
    unit: str,
    ledgers: Sequence[str],
    coins: bool,
) -> dict[str, Claim | None]:
    """What was promised of each of `names`: by its own ledger (NAME=PATH), or in the same numbers for all the others.

    Raises InputError for ledgers of none of them, and for whatever is wrong with any.
    """
    problems, own = Problems(), {}
    for each in ledgers:
        name, given, path = each.partition("=")
        if not given or name not in names:
            problems.add("--ledger", each, f"NAME=PATH with a NAME of {', '.join(names)}", "name the set it belongs to")
        else:
            own[name] = Path(path)
    claims: dict[str, Claim | None] = {}
    for name in names:
        numbers = {"epsilon": None, "delta": None} if name in own else {"epsilon": epsilon, "delta": delta}
        try:
            claims[name] = read_claim(**numbers, unit=unit, ledger=own.get(name), coins=coins)
        except InputError as error:
            problems.extend(error.problems)
    problems.raise_if_any()
    return claims


def name_candidates(candidates: list[str]) -> dict[str, Path]:
    """`NAME=PATH` or `PATH` by name; a bare path is called by its file. Raises InputError for names used twice."""
    problems = Problems()
    named: dict[str, Path] = {}
    for candidate in candidates:
        name, given, path = candidate.rpartition("=")
        key = name if given else Path(candidate).name.partition(".")[0] or candidate
        if key in named or key in {"", ".", ".."} or "/" in key:
            problems.add(candidate, f"the name {key!r}", "a plain name, used once", "call it NAME=PATH")
        named[key] = Path(path)
        if not named[key].exists():
            problems.add(candidate, "no such file or folder", "an audit or a synthetic set", "check the path")
    problems.raise_if_any()
    return named


def required_sets(
    members: Path | None, nonmembers: Path | None, reference: Path | None, judged: Mapping[str, Path]
) -> dict[str, Path]:
    """The sets that candidates are audited against. Raises InputError where candidates need them and one is missing."""
    given = {"members": members, "nonmembers": nonmembers, "reference": reference}
    problems = Problems()
    for name in ("members", "nonmembers") if judged else ():
        if given[name] is None:
            mend = "name it, or name finished audits only"
            problems.add(f"--{name}", "nothing", f"the file that {', '.join(judged)} is audited against", mend)
    problems.raise_if_any()
    return {name: path for name, path in given.items() if path is not None}
