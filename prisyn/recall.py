"""What `prisyn extract recall` does: the genes are checked, factors named once, regulators asked for gene by gene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from prisyn._command import Format, emit, say
from prisyn.extraction import SHOWN, Job, Request, check, open_job, say_price, tell
from prisyn.progress import reading
from prisyn_base import InputError, Problem, Problems

if TYPE_CHECKING:
    from grn_extract import Document
    from grn_extract.jobs import JobResult
    from grn_extract.readers.knowledge import GeneList, KnowledgeReader
    from kg.store import GraphStore


def listed_genes(genes: str, species: str) -> tuple[str, GeneList]:
    """The list that `genes` is (names parted by commas) or names (a file), and what its names stand for.

    Raises InputError where it holds no gene at all.
    """
    from grn_extract.reader import UnreadableDocument
    from grn_extract.readers.knowledge import read_genes

    path = Path(genes)
    try:
        is_file = path.is_file()
        text = path.read_text(encoding="utf-8-sig") if is_file else genes
        listed = read_genes(text, species)
    except (OSError, UnicodeDecodeError, UnreadableDocument) as error:
        found = getattr(error, "strerror", None) or str(error)
        raise InputError([Problem("--genes", found, "names of genes in UTF-8", "check the file")]) from error
    if not listed.genes:
        found = f"{genes[:60]!r}: no gene" if is_file else f"{genes[:60]!r}: no gene, and no such file"
        mend = "give a file of names, a line each, or names parted by commas"
        raise InputError([Problem("--genes", found, "genes by name", mend)])
    for name, reason in listed.unknown[:SHOWN]:
        say(f"left out: {name!r}: {reason}")
    if len(listed.unknown) > SHOWN:
        say(f"left out: {len(listed.unknown) - SHOWN:,} more names that stand for no gene")
    return text, listed


def check_targets(targets: Sequence[str], species: str) -> None:
    """Raises InputError naming every target that is no gene."""
    from kg import resolve

    problems = Problems()
    for name in targets:
        resolution = resolve(name, species)
        if resolution.gene is None:
            problems.add("--target", resolution.reason, "a gene by name", "`prisyn kg names` knows how it is written")
    problems.raise_if_any()


def count(listed: GeneList, targets: int, repeats: int) -> None:
    """How many questions recalling comes to, at most."""
    from grn_extract.readers.knowledge import AT_ONCE

    naming = -(-len(listed.genes) // AT_ONCE) * repeats
    rows = [
        {"what": "genes", "number": len(listed.genes)},
        {"what": "questions for the factors among them", "number": naming},
        {"what": "questions for regulators", "number": targets},
    ]
    emit(rows, Format.TABLE)
    say("dry run: no model was asked, nothing written")


def recall(request: Request, text: str, targets: Sequence[str]) -> None:
    """Ask for the factors of a list, then for the regulators of each target; say what came of it.

    The factors are a document of their own, read first: a model that cannot name them is asked nothing more.
    """
    from kg import open_store

    documents = [_document("", text), *(_document(name, text) for name in targets)]
    check(replace(request, texts=tuple(documents)), opening=True)
    with open_job(request) as job, open_store(request.graph) as graph:
        say_price(job.reader)
        named = _run(job, documents[:1], graph, retry=request.retry)
        if not named.read + named.known:
            tell(job, named, 1, what="lists")
            return
        factors = _show_factors(job.reader, documents[0])  # type: ignore[arg-type]
        if factors:
            tell(job, _run(job, documents[1:], graph, retry=request.retry), len(targets), what="targets")
        else:
            say("NOT ONE OF THESE GENES WAS NAMED AS A TRANSCRIPTION FACTOR: no regulator was asked for")


def _run(job: Job, documents: Sequence[Document], graph: GraphStore, *, retry: bool) -> JobResult:
    with reading(len(documents)) as progress:
        return job.run(documents, graph=graph, retry=retry, progress=progress)


def _show_factors(reader: KnowledgeReader, document: Document) -> int:
    """Print the factors that were named, from the log of the job; how many there are."""
    factors, _ = reader.factors(reader.genes(document), document)
    rows = [{"factor": f.gene.symbol, "curie": f.gene.curie, "share of askings": round(f.share, 3)} for f in factors]
    emit(rows, Format.TABLE)
    return len(rows)


def _document(target: str, text: str) -> Document:
    from grn_extract import Document
    from grn_extract.readers.knowledge import RECALL

    return Document(RECALL + target, "", text, "recall")
