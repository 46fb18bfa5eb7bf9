"""What the values of a run file mean: files that are there, names that exist, a cohort and a budget that fit."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from prisyn.runfile import EXAMPLE, NO_READER
from prisyn_base import InputError, Problem, Problems


def check_meaning(sections: dict[str, Any], *, where: str, base: Path, seed: int, problems: Problems) -> None:
    """Add to `problems` what is wrong with the sections. A field that is None was not given, or is wrong already."""
    check = _Check(where, base, seed, problems)
    check.extract(sections["extract"])
    check.reader(sections["extract"])
    check.generate(sections["generate"])
    check.audit(sections["audit"])
    check.cohort(sections["cohort"], sections["generate"])


class _Check:
    def __init__(self, where: str, base: Path, seed: int, problems: Problems) -> None:
        self._where = where
        self._base = base
        self._seed = seed
        self._problems = problems
        self._evidence: list[Any] = []

    def extract(self, section: Any) -> None:
        from grn_extract import database_names

        corpus = section.corpus
        for number, name in enumerate(corpus if isinstance(corpus, list) else ()):
            self._file(f"extract.corpus[{number}]", name, folder=True)
        tables = section.databases if isinstance(section.databases, list) else []
        for number, table in enumerate(tables):
            self._database(f"extract.databases[{number}]", table, database_names())
        if section.corpus is None and section.databases == []:
            self._add("extract", "nothing to read", "a corpus, databases, or both", "name files, or write `example`")

    def reader(self, section: Any) -> None:
        from grn_extract import available_models, reader_names

        if section.reader is not None:
            self._known("extract.reader", section.reader, (*reader_names(), NO_READER))
        fetched = {model.name for model in available_models() if model.fetched}
        if section.corpus is not None and section.reader == "embedded" and "embedded" not in fetched:
            found = "embedded, whose weights are not on this machine"
            mend = "run `prisyn models fetch embedded`, or write `reader: none`"
            self._add("extract.reader", found, "a reader that is ready", mend)

    def _database(self, field: str, table: Any, names: Sequence[str]) -> None:
        """A table is read here as well, so that one of another layout or species is told before anything runs."""
        from grn_extract import read_database

        there = self._file(f"{field}.file", table.file)
        known = self._known(f"{field}.name", table.name, names)
        if not self._known(f"{field}.species", table.species, ("human", "mouse")) or not (there and known):
            return
        try:
            found = read_database(table.name, self._base / Path(table.file).expanduser(), species=table.species)
        except InputError as error:
            self._problems.extend(
                Problem(f"{self._where}: {field}", f"{p.where}: {p.found}", p.expected, p.mend) for p in error.problems
            )
        else:
            self._evidence.extend(found.evidence)

    def generate(self, section: Any) -> None:
        from conditioned_gen import methods

        if section.method is not None:
            self._known("generate.method", section.method, (method.name for method in methods()))

    def audit(self, section: Any) -> None:
        from audit import ATTACKS, METRICS

        for field, known in (("attacks", ATTACKS), ("metrics", METRICS)):
            chosen = getattr(section, field)
            for number, name in enumerate(chosen if isinstance(chosen, list) else ()):
                self._known(f"audit.{field}[{number}]", name, known)

    def cohort(self, section: Any, generate: Any) -> None:
        if section.fractions and abs(sum(section.fractions) - 1) > 1e-6:
            total = f"{sum(section.fractions):g}"
            self._add(
                "cohort.fractions", f"a sum of {total}", "three shares that sum to 1", "for example [.6, .25, .15]"
            )
        if generate.unit == "donor" and section.donor is None:
            self._add(
                "cohort.donor", "nothing", "the donor column, since unit is donor", "name it, or write unit: cell"
            )
        public = None
        if section.public is not None and self._file("cohort.public", section.public):
            label = section.label if generate.rare == "public" else None
            public = self._read("cohort.public", section.public, label=label, donor=None)
        if section.file is None:
            return
        if section.file != EXAMPLE and not self._file("cohort.file", section.file):
            return
        cohort = self._read("cohort.file", section.file, label=section.label, donor=section.donor)
        if cohort is not None:
            self._request(cohort, public, section, generate)

    def _read(self, field: str, name: str, *, label: str | None, donor: str | None) -> Any:
        from prisyn._cohorts import open_cohort

        try:
            return open_cohort(name, base=self._base, label=label, donor=donor)
        except InputError as error:
            for problem in error.problems:
                self._add(field, f"{problem.where}: {problem.found}", problem.expected, problem.mend)
            return None

    def _request(self, cohort: Any, public: Any, section: Any, generate: Any) -> None:
        """What the generator's own checks say, told about the members, who are all it will see."""
        from cohort import split_cohort
        from conditioned_gen import check_request
        from kg import GRN

        known = (section.fractions, generate.epsilon, generate.delta, generate.unit)
        if any(value is None for value in known) or abs(sum(section.fractions) - 1) > 1e-6:
            return
        if generate.unit == "donor" and section.donor is None:
            return
        members = split_cohort(cohort, fractions=section.fractions, seed=self._seed)[0]
        for problem in check_request(
            members,
            epsilon=generate.epsilon,
            delta=generate.delta,
            unit=generate.unit,
            types=tuple(section.types) if section.types else None,
            rare=generate.rare or "refuse",
            grn=GRN.from_evidence(self._evidence) if self._evidence else None,
            public=public,
        ):
            self._add("generate", f"{problem.where}: {problem.found}", problem.expected, problem.mend)

    def _file(self, field: str, name: str, *, folder: bool = False) -> bool:
        path = self._base / Path(name).expanduser()
        if path.is_file() or (folder and path.is_dir()):
            return True
        found = f"{name!r}, {'which is a folder' if path.is_dir() else 'which is not there'}"
        self._add(
            field, found, "a file or folder" if folder else "a file", f"check the path; it counts from {self._base}"
        )
        return False

    def _known(self, field: str, name: str, known: Iterable[str]) -> bool:
        names = sorted(known)
        if name in names:
            return True
        near = difflib.get_close_matches(name, names, n=1)
        mend = f"write {near[0]} instead" if near else "take one of these"
        self._add(field, repr(name), f"one of {', '.join(names)}", mend)
        return False

    def _add(self, field: str, found: str, expected: str, mend: str) -> None:
        self._problems.add(f"{self._where}: {field}", found, expected, mend)
