"""Texts with answers: documents and the regulations they state, for measuring readers."""

from __future__ import annotations

import gzip
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grn_extract.document import Document, GivenMention
from grn_extract.sources import read_documents
from kg import Effect, Gene
from prisyn_base import InputError, Problem, Problems

GIVEN = "GIVEN"
"""CURIE prefix of a gene known only by the name an annotator marked."""


@dataclass(frozen=True, slots=True)
class GoldEdge:
    """A regulation a document speaks of, genes by CURIE; denied or merely supposed ones are marked."""

    regulator: str
    target: str
    effect: Effect
    negated: bool = False
    hypothetical: bool = False

    @property
    def asserted(self) -> bool:
        return not (self.negated or self.hypothetical)


@dataclass(frozen=True, slots=True)
class GoldDocument:
    """A document and every regulation it speaks of; `phenomenon` says what its wording tests, `split` which half."""

    document: Document
    edges: tuple[GoldEdge, ...]
    phenomenon: str = ""
    split: str = ""


GoldRow = Callable[[Mapping[str, Any], Mapping[str, Document]], GoldDocument]


def gold_formats() -> tuple[str, ...]:
    """The formats `read_gold` knows, sorted."""
    return tuple(sorted(_FORMATS))


def read_gold(
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    corpus: str | os.PathLike[str] | None = None,
    split: str | None = None,
) -> list[GoldDocument]:
    """The gold documents of a file, `.jsonl` or `.jsonl.gz`.

    `own-jsonl` has a line per document: `document`, `edges`, `phenomenon`, and `text` unless the texts lie in `corpus`
    (default: `corpus.jsonl` beside the file). `ge-jsonl` has `doc`, `text`, `proteins` and `edges` by protein name;
    its names are given to the reader as mentions. `format` None decides by the first line. `split` keeps that half.
    Raises InputError listing every bad line.
    """
    file = Path(path)
    rows = list(_rows(file))
    name = format or ("ge-jsonl" if rows and "proteins" in rows[0][1] else "own-jsonl")
    if name not in _FORMATS:
        raise InputError([Problem("gold format", repr(name), "one of " + ", ".join(gold_formats()), "choose one")])
    texts = _texts(file, rows, corpus) if name == "own-jsonl" else {}
    gold, problems = [], Problems()
    for line, row in rows:
        try:
            gold.append(_FORMATS[name](row, texts))
        except KeyError as error:
            problems.add(f"{file}:{line}", f"no {error.args[0]!r}", f"a row of {name}", "mend the line")
        except (TypeError, ValueError, AttributeError) as error:
            problems.add(f"{file}:{line}", str(error), f"a row of {name}", "mend the line")
    problems.raise_if_any()
    return [item for item in gold if split is None or item.split == split]


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    line = 0
    try:
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8") as stream:
            for line, text in enumerate(stream, 1):
                if text.strip():
                    row = json.loads(text)
                    if not isinstance(row, dict):
                        raise ValueError("not a JSON object")
                    yield line, row
    except (OSError, EOFError) as error:
        found = getattr(error, "strerror", None) or str(error)
        raise InputError([Problem(str(path), found, "a file of texts with answers", "check the path")]) from error
    except ValueError as error:
        raise InputError([Problem(f"{path}:{line or 1}", str(error), "one JSON object a line", "mend it")]) from error
    if not line:
        raise InputError([Problem(str(path), "an empty file", "texts with answers", "see the format's example")])


def _texts(file: Path, rows: list[tuple[int, Mapping[str, Any]]], corpus: Any) -> dict[str, Document]:
    if all("text" in row for _, row in rows):
        return {}
    documents = read_documents(Path(corpus) if corpus is not None else file.parent / "corpus.jsonl")
    return {document.id: document for document in documents}


def _own(row: Mapping[str, Any], texts: Mapping[str, Document]) -> GoldDocument:
    name = row["document"]
    if "text" not in row and name not in texts:
        raise ValueError(f"the corpus has no text {name!r}")
    document = Document(name, "", row["text"], "gold") if "text" in row else texts[name]
    edges = tuple(
        GoldEdge(
            _identifier(edge["regulator"]),
            _identifier(edge["target"]),
            Effect(edge["effect"]),
            bool(edge.get("negated", False)),
            bool(edge.get("hypothetical", False)),
        )
        for edge in row["edges"]
    )
    return GoldDocument(document, edges, row.get("phenomenon", ""), row.get("split", ""))


def _identifier(gene: str) -> str:
    """A symbol in a CURIE's place would match nothing a reader says, and be counted as missed without a word."""
    if ":" not in gene:
        raise ValueError(f"{gene!r} is no CURIE such as HGNC:4170; `prisyn kg names` gives it")
    return gene


def _ge(row: Mapping[str, Any], _: Mapping[str, Document]) -> GoldDocument:
    text = row["text"]
    document = Document(
        id=f"GE:{row['doc']}", title="", text=text, source="bionlp-ge", mentions=tuple(_marks(text, row["proteins"]))
    )
    edges = tuple(
        GoldEdge(given_gene(edge["source"]).curie, given_gene(edge["target"]).curie, Effect(edge["sign"]))
        for edge in row["edges"]
    )
    return GoldDocument(document, edges, split=row.get("split", ""))


_FORMATS: dict[str, GoldRow] = {"own-jsonl": _own, "ge-jsonl": _ge}


def given_gene(name: str) -> Gene:
    """A gene known only by its name."""
    return Gene(f"{GIVEN}:{name}", name, "any")


def _marks(text: str, names: list[str]) -> Iterator[GivenMention]:
    """Every occurrence of the names, the longest first where they overlap."""
    if not names:
        return
    longest_first = "|".join(re.escape(name) for name in sorted(names, key=lambda name: (-len(name), name)))
    for match in re.finditer(rf"(?<!\w)(?:{longest_first})(?!\w)", text):
        yield GivenMention(match.start(), match.end(), given_gene(match.group()))
