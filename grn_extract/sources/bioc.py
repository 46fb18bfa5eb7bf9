"""BioC, as XML and as JSON (Comeau et al. 2013): collections of documents of passages that know their offsets."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grn_extract.document import Document
from grn_extract.sources import register
from grn_extract.sources._annotations import Annotation, with_annotations
from grn_extract.sources._xml import open_unpacked, stream_elements
from grn_extract.sources.pubmed_xml import LARGEST_TEXT
from prisyn_base import Problems

LARGEST_JSON = 256 << 20
"""Bytes; JSON is held as a whole, a larger collection is to be had as XML."""

_OF_PUBMED = frozenset({"", "pubmed", "pubtator", "pubtator3"})
_IDENTIFIERS = "identifier", "NCBI Gene", "NCBI GENE", "ncbi_gene", "NCBI Taxonomy"
_MEND = "download or export it again"


@dataclass(frozen=True, slots=True)
class _Passage:
    offset: int
    text: str
    infons: dict[str, str]
    follows: str
    """What stands between it and the one before: a line break, or a blank between sentences of a passage."""

    marks: tuple[Annotation, ...] = ()


class _Wrong(ValueError):
    """A document that is not BioC's."""


def _xml_root(head: bytes) -> bool:
    root = re.search(rb"<([A-Za-z][\w.-]*)", head)
    return root is not None and root[1] == b"collection"


def _json_head(head: bytes) -> bool:
    return re.search(rb'"(documents|passages|PubTator3)"\s*:\s*\[', head) is not None


@register(".bioc.xml", ".bioc.xml.gz", among=".xml", looks_like=_xml_root)
def read_bioc_xml(path: Path, problems: Problems) -> Iterator[Document]:
    """The documents of a BioC collection, their passages at their own offsets into the text.

    A gap between two passages is filled with line breaks; lists of references are left out and filled likewise. A
    numeric id of PubMed or PubTator is a PubMed number. Marked genes become the document's mentions
    (`_annotations`); in a text without one, genes are found anew.
    """
    number, source = 0, ""
    documents = stream_elements(
        path,
        problems,
        roots={"collection"},
        wanted={"document", "source"},
        expected="BioC XML (collection)",
        mend=_MEND,
    )
    for element in documents:
        if element.tag == "source":
            source = element.text or ""
            continue
        number += 1
        identity = (element.findtext("id") or "").strip()
        try:
            document = _document(identity, source, [_of_xml(p) for p in element.iter("passage")])
        except _Wrong as error:
            problems.add(f"{path}: document {number} ({identity[:40]})", str(error), "BioC", _MEND)
            continue
        if document:
            yield document


@register(".bioc.json", ".bioc.json.gz", among=".jsonl", looks_like=_json_head)
def read_bioc_json(path: Path, problems: Problems) -> Iterator[Document]:
    """As `read_bioc_xml`, of JSON: collections, or documents alone, one or several behind each other."""
    number = 0
    for row, source in _rows(path, problems):
        number += 1
        identity = str(row.get("pmid") or row.get("id") or "") if isinstance(row, dict) else ""
        try:
            document = _document(identity.strip(), "" if _has_pmid(row) else source, _of_json(row))
        except _Wrong as error:
            problems.add(f"{path}: document {number} ({identity[:40]})", str(error), "BioC", _MEND)
            continue
        if document:
            yield document


def _has_pmid(row: Any) -> bool:
    return isinstance(row, dict) and bool(row.get("pmid"))


def _rows(path: Path, problems: Problems) -> Iterator[tuple[Any, str]]:
    """The documents of all JSON values in a file, each with its collection's source."""
    text, position = "", 0
    try:
        with open_unpacked(path) as stream:
            raw = stream.read(LARGEST_JSON + 1)
        if len(raw) > LARGEST_JSON:
            problems.add(str(path), f"more than {LARGEST_JSON} bytes", "less", "split it, or take BioC XML")
            return
        text = raw.decode("utf-8-sig").strip()
        while position < len(text):
            value, end = json.JSONDecoder().raw_decode(text, position)
            yield from _collected(value)
            position = end + len(text[end : end + 4096]) - len(text[end : end + 4096].lstrip())
    except json.JSONDecodeError as error:
        problems.add(f"{path}:{error.lineno}", f"not JSON ({error.msg})", "BioC JSON", _MEND)
    except (UnicodeDecodeError, RecursionError) as error:
        problems.add(str(path), f"not JSON ({error})", "BioC JSON in UTF-8", _MEND)
    except (OSError, EOFError, zlib.error) as error:
        problems.add(str(path), str(error), "a whole file", "download it again")


def _collected(value: Any) -> Iterator[tuple[Any, str]]:
    if isinstance(value, list):
        for item in value:
            yield from _collected(item) if isinstance(item, dict) else [(item, "")]
        return
    for key in ("documents", "PubTator3"):
        if isinstance(value, dict) and isinstance(value.get(key), list):
            yield from ((row, str(value.get("source") or "")) for row in value[key])
            return
    yield value, ""


def _of_xml(passage: ET.Element) -> list[_Passage]:
    infons = {str(infon.get("key")): infon.text or "" for infon in passage.findall("infon")}
    parts = [passage] if passage.find("text") is not None else passage.findall("sentence")
    marks = tuple(mark for annotation in passage.iter("annotation") for mark in _marks_of_xml(annotation))
    return _parts([(part.findtext("offset"), part.findtext("text") or "") for part in parts], infons, marks)


def _marks_of_xml(annotation: ET.Element) -> Iterator[Annotation]:
    infons = {str(infon.get("key")): infon.text or "" for infon in annotation.findall("infon")}
    for location in annotation.findall("location"):
        yield from _mark(location.get("offset"), location.get("length"), annotation.findtext("text"), infons)


def _marks_of_json(row: Any) -> Iterator[Annotation]:
    if not isinstance(row, dict) or not isinstance(row.get("infons"), dict):
        return
    infons = {str(key): str(value) for key, value in row["infons"].items()}
    for location in row.get("locations") or ():
        if isinstance(location, dict):
            yield from _mark(location.get("offset"), location.get("length"), row.get("text"), infons)


def _mark(offset: Any, length: Any, text: Any, infons: dict[str, str]) -> Iterator[Annotation]:
    """A mark that says where it is; of one in several places, whose words stand in none of them, nothing comes."""
    if str(offset).isdecimal() and str(length).isdecimal() and isinstance(text, str):
        identifier = next((infons[key] for key in _IDENTIFIERS if infons.get(key)), "")
        yield Annotation(int(offset), int(offset) + int(length), text, infons.get("type", ""), identifier)


def _of_json(row: Any) -> list[list[_Passage]]:
    if not isinstance(row, dict) or not isinstance(row.get("passages"), list):
        raise _Wrong("no list of passages")
    found = []
    for passage in row["passages"]:
        if not isinstance(passage, dict):
            raise _Wrong("a passage that is no object")
        infons = passage.get("infons") if isinstance(passage.get("infons"), dict) else {}
        parts = [passage] if passage.get("text") else passage.get("sentences") or []
        if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
            raise _Wrong("sentences that are no objects")
        pairs = [(part.get("offset"), part.get("text") or "") for part in parts]
        rows = [row for holder in (passage, *parts) for row in holder.get("annotations") or () if parts]
        marks = dict.fromkeys(mark for row in rows for mark in _marks_of_json(row))
        found.append(_parts(pairs, {str(key): str(value) for key, value in (infons or {}).items()}, tuple(marks)))
    return found


def _parts(pairs: list[tuple[Any, Any]], infons: dict[str, str], marks: tuple[Annotation, ...]) -> list[_Passage]:
    """The passages of one that may be cut into sentences; the first carries the marks of all."""
    found = []
    for number, (offset, text) in enumerate(pairs):
        if not isinstance(text, str) or not re.fullmatch(r"\s*\d{1,9}\s*", str(offset)):
            raise _Wrong(f"a passage at offset {str(offset)[:20]!r}")
        first = number == 0
        found.append(_Passage(int(offset), text, infons, "\n" if first else " ", marks if first else ()))
    return found


def _document(identity: str, source: str, passages: list[list[_Passage]]) -> Document | None:
    parts = [part for passage in passages for part in passage]
    pmids = [part.infons.get("article-id_pmid", "") for part in parts[:1]]
    if source.strip().lower() in _OF_PUBMED:
        pmids.append(identity)
    pmid = next((pmid for pmid in pmids if pmid.isdecimal()), "")
    if not identity and not pmid:
        raise _Wrong("a document without an id")
    text = _joined(parts)
    if not text.strip():
        return None
    title = next((part.text for part in parts if part.infons.get("type") in ("title", "front")), "")
    years = [part.infons.get("year", "") for part in parts[:1]]
    document = Document(
        id=f"PMID:{pmid}" if pmid else f"bioc:{identity}",
        title=title.strip(),
        text=text,
        source="pubmed" if pmid else "bioc",
        year=next((int(year) for year in years if re.fullmatch(r"(1[89]|20)\d\d", year)), None),
    )
    return with_annotations(document, [mark for part in parts if not _of_references(part) for mark in part.marks])


def _joined(parts: list[_Passage]) -> str:
    """The passages, each at its own offset. References name genes in titles of other papers; they are left out."""
    found, length = [], 0
    for part in parts:
        if not part.text or _of_references(part):
            continue
        if part.offset < length:
            raise _Wrong(f"a passage at offset {part.offset} inside the one before, which ends at {length}")
        if part.offset + len(part.text) > LARGEST_TEXT:
            raise _Wrong(f"a text of more than {LARGEST_TEXT} characters")
        found += [part.follows * (part.offset - length), part.text]
        length = part.offset + len(part.text)
    return "".join(found)


def _of_references(part: _Passage) -> bool:
    return part.infons.get("section_type", "").upper() == "REF"
