"""BEL script (Biological Expression Language 2): one line for each statement, under its citation and its sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kg._lookup import is_retracted
from kg.formats._edges import Claim, evidence_of, papers_of
from kg.formats._format import Format, ImportResult, Loss
from kg.formats._names import PREFIXES, Names
from kg.formats._text import LONGEST_LINE, collect, lines, one_line
from kg.grn import GRN
from kg.model import Effect, Evidence, Gene, Provenance, SourceKind

_RELATIONS = {Effect.ACTIVATION: "increases", Effect.REPRESSION: "decreases", Effect.UNKNOWN: "regulates"}
_EFFECTS = {
    **dict.fromkeys(("increases", "directlyIncreases", "->", "=>"), Effect.ACTIVATION),
    **dict.fromkeys(("decreases", "directlyDecreases", "-|", "=|"), Effect.REPRESSION),
    **dict.fromkeys(("regulates", "reg"), Effect.UNKNOWN),
}
_PREAMBLE = """\
SET DOCUMENT Name = "Gene regulatory network"
SET DOCUMENT Version = "1.0.0"
SET DOCUMENT Description = "Regulation of expression, written by PriSyn"
SET DOCUMENT Authors = "PriSyn"
SET DOCUMENT ContactInfo = "none"

"""
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_ENTITY = rf'(?:[A-Za-z][\w.-]*:)?(?:{_QUOTED}|[^\s()",!]+)(?:\s*!\s*(?:{_QUOTED}|[^\s()",!]+))?'
_ACTIVITY = r"(?:,\s*(?:ma|molecularActivity)\([^()]*\)\s*)?"
_TERM = re.compile(
    rf"\s*(?:(?P<act>act|activity|tscript|transcriptionalActivity)\(\s*)?"
    rf"(?P<of>p|proteinAbundance|r|rnaAbundance|g|geneAbundance)\(\s*(?P<entity>{_ENTITY})\s*\)\s*(?(act){_ACTIVITY}\)\s*)"
)
_RELATION = re.compile(r"\s*(" + "|".join(map(re.escape, sorted(_EFFECTS, key=len, reverse=True))) + r")(?=\s)")
_SET = re.compile(r"(SET|UNSET)\s+(\w+)\s*(?:=\s*(.*))?", re.DOTALL)
_WHAT = "a BEL script with statements on genes"


def write(grn: GRN, path: Path) -> None:
    """`p(HGNC:4170 ! GATA1) increases r(HGNC:4827 ! HBB)` for each statement that affirms, sorted by its source.

    A citation is a PubMed number, or, of type `Other`, the document. White space within a sentence becomes spaces.
    """
    said = [item for item in grn.evidence if not item.negated and not item.retracted]
    namespaces = sorted({gene.curie.partition(":")[0] for item in said for gene in (item.regulator, item.target)})
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(_PREAMBLE)
        stream.writelines(f'DEFINE NAMESPACE {name} AS PATTERN ".+"\n' for name in namespaces)
        before = ("", "")
        for citation, quote, statement in sorted({_lines(item) for item in said}):
            if citation != before[0]:
                stream.write(f"\nSET Citation = {citation}\n")
            if (citation, quote) != before:
                stream.write(f"SET SupportingText = {quote}\n")
            stream.write(statement + "\n")
            before = citation, quote


def read(path: Path, names: Names) -> ImportResult:
    """One statement a line. Terms are proteins, RNAs, genes or activities of these; the object is an amount.

    Terms of other kinds (complexes, modifications, processes) are refused, as are relations that are no regulation.
    """
    return collect(path, _statements(path), lambda row: _parse(row, names), _WHAT)


@dataclass(frozen=True, slots=True)
class _Statement:
    """A statement's text with the citation and the sentence it stands under."""

    text: str
    citation: tuple[str, ...]
    quote: str

    def __str__(self) -> str:
        return self.text


def _statements(path: Path) -> Iterator[tuple[int, _Statement | None]]:
    citation: tuple[str, ...] = ()
    quote = ""
    for number, line in _joined(path):
        if line is None:
            yield number, None
        elif given := _SET.fullmatch(line):
            word, value = given[2].lower(), (given[3] or "") if given[1] == "SET" else ""
            if word in ("citation", "all", "statement_group"):
                citation, quote = tuple(map(_unquoted, re.findall(_QUOTED, value))), ""
            elif word in ("evidence", "supportingtext"):
                quote = _unquoted(value)
        elif not line.startswith(("DEFINE ", "SET DOCUMENT ")):
            yield number, _Statement(line, citation, quote)


def _joined(path: Path) -> Iterator[tuple[int, str | None]]:
    """Lines without comments and blank ones, those that end in a backslash joined with the next."""
    start, held = 0, ""
    for number, line in lines(path):
        if line is None or len(held) + len(line) > LONGEST_LINE:
            start, held = 0, ""
            yield number, None
            continue
        start, text = start or number, line.rstrip("\r\n")
        if text.endswith("\\"):
            held += f"{text[:-1].strip()} "
            continue
        whole = (held + text).strip()
        if whole and not whole.startswith("#"):
            yield start, whole
        start, held = 0, ""


def _parse(row: _Statement, names: Names) -> list[Evidence]:
    subject = _TERM.match(row.text)
    relation = _RELATION.match(row.text, subject.end()) if subject else None
    target = _TERM.fullmatch(row.text, relation.end()) if relation else None
    if subject is None or relation is None or target is None:
        raise ValueError("is no statement that one gene increases, decreases or regulates another")
    if target["act"] or target["of"] in ("g", "geneAbundance"):
        raise ValueError("the object is an activity or a gene, not an amount of RNA or protein")
    genes = _gene(subject["entity"], "regulator", names), _gene(target["entity"], "target", names)
    effect = _EFFECTS[relation[1]]
    is_pubmed = bool(row.citation) and row.citation[0].lower() in ("pubmed", "pmid")
    paper = next(iter(papers_of(row.citation[-1:] if is_pubmed else ())), "")
    if not row.quote:
        return list(evidence_of(Claim(*genes, effect, (paper,) if paper else ()), "bel"))
    return [
        Evidence(
            regulator=genes[0],
            target=genes[1],
            effect=effect,
            document=paper or (row.citation[-1] if row.citation else f"bel:{genes[0].symbol}>{genes[1].symbol}"),
            quote=row.quote,
            provenance=Provenance(reader="bel"),
            kind=SourceKind.TEXT,
            paper=paper,
            retracted=is_retracted(paper),
        )
    ]


def _gene(entity: str, role: str, names: Names) -> Gene:
    """`HGNC:4170 ! GATA1`, `HGNC:GATA1` or `GATA1`; the names of another namespace may be those of other genes."""
    identifier, _, name = (_unquoted(part.strip()) for part in entity.partition("!"))
    prefix, _, local = identifier.partition(":")
    if not local:
        return names.gene(identifier, role)
    if found := names.on_file(f"{prefix}:{_unquoted(local)}"):
        return names.checked(found, role)
    if prefix.upper() not in PREFIXES:
        raise ValueError(f"{role} {identifier[:60]} is not on file")
    return names.gene(name or _unquoted(local), role)


def _lines(item: Evidence) -> tuple[str, str, str]:
    pubmed = item.paper.startswith("PMID:")
    cited = ("PubMed", item.paper.removeprefix("PMID:")) if pubmed else ("Other", item.witness)
    statement = f"p({_entity(item.regulator)}) {_RELATIONS[item.effect]} r({_entity(item.target)})"
    return "{" + ", ".join(map(_quoted, cited)) + "}", _quoted(item.quote), statement


def _entity(gene: Gene) -> str:
    prefix, _, number = gene.curie.partition(":")
    return f"{prefix}:{_word(number)} ! {_word(gene.symbol)}"


def _word(text: str) -> str:
    return text if re.fullmatch(r"\w+", text, re.ASCII) else _quoted(text)


def _quoted(text: str) -> str:
    escaped = " ".join(one_line(text).split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _unquoted(text: str) -> str:
    text = text.strip()
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if len(text) > 1 and text[0] == text[-1] == '"' else text


FORMAT = Format(
    "bel",
    "PyBEL, BEL tools",
    (Loss.IDENTIFIERS, Loss.DENIALS, Loss.HEDGES, Loss.RETRACTIONS, Loss.BELIEFS, Loss.DOCUMENTS, Loss.READERS),
    write,
    read,
)
