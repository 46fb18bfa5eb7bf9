"""Any table of regulations, by naming its columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from grn_extract.databases import register
from grn_extract.databases._rows import DatabaseResult, Fact, collect, read_rows
from kg import Effect
from prisyn_base import Problems

_ACTIVATION = "activation activates activate activator stimulation stimulates induces increase up positive + 1 1.0 +1"
_REPRESSION = "repression represses repress repressor inhibition inhibits decrease down negative - -1 -1.0"
_UNKNOWN = "unknown regulation regulates ambiguous 0 0.0 ? na nan none"
_EFFECTS = {
    word: effect
    for words, effect in (
        (_ACTIVATION, Effect.ACTIVATION),
        (_REPRESSION, Effect.REPRESSION),
        (_UNKNOWN, Effect.UNKNOWN),
    )
    for word in words.split()
} | {"": Effect.UNKNOWN}


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Which column of the header holds what; `effect` and `papers` may be missing from the table."""

    regulator: str
    target: str
    effect: str | None = None
    papers: str | None = None


@register("table")
def read_table(
    path: Path, *, columns: ColumnMap, species: str = "human", name: str = "table", delimiter: str | None = None
) -> DatabaseResult:
    """The rows of a TSV or CSV with a header, gzipped or not; `name` is what evidence calls the database.

    Effects may be words (activation, represses) or signs (+1, -1). Raises InputError naming columns not there.
    """
    return collect(_facts(path, columns, delimiter), database=name, species=species)


def _facts(path: Path, columns: ColumnMap, delimiter: str | None) -> Iterator[Fact]:
    rows = read_rows(path, delimiter)
    _, header = next(rows, (0, ()))
    problems = Problems()
    for role, column in asdict(columns).items():
        if column is not None and column not in header:
            problems.add(
                f"{path}: {role}", f"no column {column!r}", f"one of {', '.join(header)}", "mend the column map"
            )
    problems.raise_if_any()
    for line, fields in rows:
        cell = dict(zip(header, fields, strict=False))
        effect = cell.get(columns.effect, "") if columns.effect else ""
        papers = cell.get(columns.papers, "") if columns.papers else ""
        yield Fact(
            line,
            fields,
            cell.get(columns.regulator, ""),
            cell.get(columns.target, ""),
            _EFFECTS.get(effect.lower()),
            papers,
        )
