"""The run file: what `prisyn run` is asked to do, every problem of it reported at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag

EXAMPLE: Literal["example"] = "example"
NO_READER = "none"
NAME = "run.yaml"


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("a finite number")
    return value


Positive = Annotated[float, AfterValidator(_finite), Field(gt=0)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Strings = Annotated[list[str], Field(min_length=1)]

WORD, LIST = "<word>", "<list>"
"""Marks of the two sides of "a word or a list" in pydantic's error locations; no key of a file looks like them."""

_side = Discriminator(lambda value: LIST if isinstance(value, list) else WORD)


class Section(BaseModel):
    """Every part of a run file: no unknown keys, no silent conversions, and not changed once read."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Database(Section):
    """A table of known regulations: the importer's name, the file, and the species its symbols belong to."""

    name: str
    file: str
    species: str = "human"


class Extract(Section):
    """What is read: texts (`corpus`) by a reader, and databases."""

    corpus: Annotated[Annotated[Literal["example", None], Tag(WORD)] | Annotated[Strings, Tag(LIST)], _side] = None
    reader: str = "embedded"
    databases: Annotated[Annotated[Literal["example"], Tag(WORD)] | Annotated[list[Database], Tag(LIST)], _side] = []
    screen: bool = True


class Graph(Section):
    """Which edges condition the generator: those believed at least this much."""

    min_belief: Annotated[float, Field(ge=0, le=1)] = 0.5


class CohortPart(Section):
    """The private cells, the columns that say what they are, and what is public about them.

    `types` is the public list of cell types; `public` a file of public cells. `fractions` are the shares of members
    (trained on), holdout (never trained on) and reference (what an attacker may know).
    """

    file: str
    label: str | None = None
    donor: str | None = None
    types: Strings | None = None
    public: str | None = None
    fractions: Annotated[list[Fraction], Field(min_length=3, max_length=3)] = [0.6, 0.25, 0.15]


class Generate(Section):
    """The generator and its privacy budget. `n` is how many cells to make; null means its own noisy estimate."""

    method: str = "grn_subspace"
    epsilon: Positive
    delta: Annotated[float, AfterValidator(_finite), Field(gt=0, lt=1)]
    unit: Literal["cell", "donor"] = "cell"
    rare: Literal["refuse", "keep", "merge", "public"] = "refuse"
    n: Annotated[int, Field(gt=0)] | None = None
    noise_seed: Seed | None = None


class Audit(Section):
    """Which attacks and metrics; `all` or a list of names."""

    attacks: Annotated[Annotated[Literal["all"], Tag(WORD)] | Annotated[Strings, Tag(LIST)], _side] = "all"
    metrics: Annotated[Annotated[Literal["all"], Tag(WORD)] | Annotated[Strings, Tag(LIST)], _side] = "all"


class RunFile(Section):
    """A whole run file, read and checked. Paths in it are relative to the folder it lies in (`base`)."""

    out: str = "out"
    seed: Seed = 0
    extract: Extract
    graph: Graph = Graph()
    cohort: CohortPart
    generate: Generate
    audit: Audit = Audit()


class Run(BaseModel):
    """A run file together with where it lies."""

    model_config = ConfigDict(frozen=True)

    settings: RunFile
    base: Path

    @property
    def out(self) -> Path:
        return self.path(self.settings.out)

    def path(self, name: str) -> Path:
        """A path of the run file, absolute."""
        return (self.base / Path(name).expanduser()).absolute()

    def corpus_paths(self) -> tuple[Path, ...]:
        corpus = self.settings.extract.corpus
        return () if corpus is None or corpus == EXAMPLE else tuple(self.path(name) for name in corpus)

    def database_tables(self) -> Sequence[Database]:
        databases = self.settings.extract.databases
        return () if databases == EXAMPLE else databases


def read_run(path: Path, *, out: Path | None = None) -> Run:
    """Read and check a run file, the files it names included. `out` takes the place of the file's own.

    Raises InputError with everything that is wrong, each with file, field, what was found and how to mend it.
    """
    from prisyn._runcheck import checked
    from prisyn._yaml import read_yaml

    return checked(read_yaml(path), where=str(path), base=path.parent.absolute(), out=out)
