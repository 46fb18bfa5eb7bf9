"""MEDLINE, PubTator and BioC: what curators have on their disks becomes documents, character by character."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from grn_extract import Document, read_documents
from kg import GeneKind, gene_by_entrez
from prisyn_base import InputError, Problems

MEDLINE = "PMID- {pmid}\nDP  - 2001 Sep\nTI  - GATA1 activates\n      KLF1.\nAB  - AIM: To look.\nPT  - {type}\n"
TITLE, ABSTRACT = "On GATA1.", "GATA1 binds."


def one(path: Path) -> Document:
    (document,) = read_documents(path)
    return document


def found(path: Path) -> str:
    with pytest.raises(InputError) as error:
        list(read_documents(path))
    return str(error.value)


def bioc(*passages: tuple[int, str], head: str = "", identity: str = "7", source: str = "PubTator") -> str:
    texts = "".join(f"<passage><offset>{at}</offset><text>{text}</text></passage>" for at, text in passages)
    document = f"<document><id>{identity}</id>{texts}</document>"
    return f'<?xml version="1.0"?>{head}<collection><source>{source}</source>{document}</collection>'


@pytest.mark.parametrize("name", ["search.txt", "search.nbib", "search"])
def test_a_search_saved_as_medline_is_its_articles(tmp_path: Path, name: str) -> None:
    records = (MEDLINE.format(pmid=1, type="Journal Article"), MEDLINE.format(pmid=2, type="Retracted Publication"))
    (tmp_path / name).write_text("\n" + "\n".join(records))
    first, second = read_documents(tmp_path / name)
    assert (first.id, first.title, first.year) == ("PMID:1", "GATA1 activates KLF1.", 2001)
    assert first.text == "GATA1 activates KLF1.\nAIM: To look."
    assert [first.retracted, second.retracted] == [False, True]


def test_medline_says_what_was_retracted_corrected_and_translated(tmp_path: Path) -> None:
    file = tmp_path / "a.nbib"
    records = {
        "RIN - J. 2002 Jan;1(1):1. PMID: 99": ((), True),
        "EIN - J. 2002 Jan;1(1):1. PMID: 99": (("corrected by PMID:99",), False),
        "UIN - J. 2002;(1):1. PMID: 99": (("updated by PMID:99",), False),
        "LA  - ger": (("language: ger",), False),
    }
    for line, (notes, retracted) in records.items():
        file.write_text(MEDLINE.format(pmid=1, type="x") + line + "\n")
        assert (one(file).notes, one(file).retracted) == (notes, retracted)
    for notice in (MEDLINE.format(pmid=1, type="Retraction of Publication"), MEDLINE + "ROF - J. PMID: 99\n"):
        file.write_text(notice.format(pmid=1, type="x"))
        assert list(read_documents(file)) == []
    file.write_text("PMID- 1\nTI  - [On GATA1].\nTT  - Von GATA1.\n")
    assert one(file).title == "On GATA1."


def test_what_is_no_medline_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "a.nbib"
    file.write_text(MEDLINE.format(pmid=1, type="x") + "\nnonsense\n")
    problems = Problems()
    assert [document.id for document in read_documents(file, problems=problems)] == ["PMID:1"]
    assert "a.nbib:8" in found(file)
    file.write_text("      goes on\n")
    assert "a.nbib:1" in found(file)
    file.write_text("TI  - no number\n")
    assert "PMID" in found(file)
    file.write_bytes(b"PMID- 1\nTI  - na\xefve\n")
    assert "a.nbib:2" in found(file)


def test_real_medline_files_give_whole_abstracts(shared_data: Path) -> None:
    counts = {}
    for number in (1, 2, 3):
        documents = list(read_documents(shared_data / "pubmed" / f"pubmed_result{number}.txt"))
        counts[number] = len(documents)
        assert all(document.year and document.text.startswith(document.title) for document in documents)
    assert counts == {1: 1, 2: 4, 3: 1}
    document = one(shared_data / "pubmed" / "pubmed_result1.txt")
    assert document.id == "PMID:12230038"
    assert document.text.endswith("point of view of the beginning biologist programmer.")


@pytest.mark.parametrize("name", ["a.PubTator", "a.txt", "a"])
def test_a_pubtator_file_keeps_its_offsets(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(f"7|t|{TITLE}\n7|a|{ABSTRACT}\n7\t10\t15\tGATA1\tGene\t2623\n\nx-8|t|T\nx-8|a|\n")
    first, second = read_documents(tmp_path / name)
    assert (first.id, first.text[10:15], first.title) == ("PMID:7", "GATA1", TITLE)
    assert (second.id, second.text) == ("pubtator:x-8", "T")


def test_lines_that_are_no_pubtator_are_all_named(tmp_path: Path) -> None:
    (tmp_path / "a.pubtator").write_text("1|t|one\nhello\n1|a|x\n2\t0\t3\tone\tGene\t1\n3|a|lost\n4|t|last\n")
    message = found(tmp_path / "a.pubtator")
    assert all(f"a.pubtator:{line}" in message for line in (2, 4, 5, 6))


def marked(folder: Path, words: str, identifier: str, *others: str, start: int = 0) -> Document:
    """A text that begins with `words`, marked as a gene, with other lines of marks."""
    mark = f"7\t{start}\t{start + len(words)}\t{words}\tGene\t{identifier}"
    (folder / "a.pubtator").write_text("\n".join([f"7|t|{words} binds.", "7|a|", mark, *others]) + "\n")
    return one(folder / "a.pubtator")


def test_a_marked_gene_is_the_one_of_its_number_whatever_its_words(tmp_path: Path) -> None:
    document = marked(tmp_path, "the factor", "2623")
    assert [(m.start, m.end, m.gene.symbol) for m in document.mentions or ()] == [(0, 10, "GATA1")]
    assert [m.gene.symbol for m in marked(tmp_path, "GATA1/2", "2623;2624").mentions or ()] == ["GATA1", "GATA2"]


def test_words_that_name_a_family_stay_the_family(tmp_path: Path) -> None:
    assert [m.gene.curie for m in marked(tmp_path, "NF-kappaB", "4790").mentions or ()] == ["FPLX:NFkappaB"]


def test_a_gene_of_mouse_is_read_by_its_words_and_one_of_rat_is_left_out_and_counted(tmp_path: Path) -> None:
    mouse, rat = "7\t0\t1\tm\tSpecies\t10090", "7\t0\t1\tr\tSpecies\t10116"
    assert [m.gene.species for m in marked(tmp_path, "Gata1", "14460", mouse).mentions or ()] == ["mouse"]
    for others in ((rat,), (mouse, rat), ()):
        document = marked(tmp_path, "Gata1", "25172", *others)
        assert document.mentions == ()
        assert document.notes == ("1 marks of genes are of no human or mouse gene on file, and are left out",)


def test_a_mark_whose_words_are_not_there_is_left_out_and_counted(tmp_path: Path) -> None:
    document = marked(tmp_path, "GATA1", "2623", start=3)
    assert document.mentions == ()
    assert "where the text says otherwise" in document.notes[0]


def test_a_text_without_marked_genes_has_its_genes_still_to_be_found(tmp_path: Path) -> None:
    (tmp_path / "a.pubtator").write_text("7|t|GATA1 binds.\n7|a|\n7\t0\t5\tGATA1\tDisease\tD1\n")
    assert one(tmp_path / "a.pubtator").mentions is None


def test_bioc_carries_the_same_marks_in_xml_and_json(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(
        bioc((0, "On GATA1.")).replace(
            "</passage>",
            '<annotation id="1"><infon key="identifier">2623</infon><infon key="type">Gene</infon>'
            '<location offset="3" length="5"/><text>GATA1</text></annotation></passage>',
        )
    )
    mark = {"infons": {"identifier": "2623", "type": "Gene"}, "locations": [{"offset": 3, "length": 5}]}
    passage = {"offset": 0, "text": "On GATA1.", "annotations": [{**mark, "text": "GATA1"}]}
    (tmp_path / "b.bioc.json").write_text(json.dumps({"id": "7", "passages": [passage]}))
    first, second = one(tmp_path / "a.xml"), one(tmp_path / "b.bioc.json")
    assert first.mentions == second.mentions
    assert [(m.start, m.end, m.gene.symbol) for m in first.mentions or ()] == [(3, 8, "GATA1")]


def test_marks_of_biored_are_read_by_their_numbers(shared_data: Path) -> None:
    file = shared_data / "gold" / "biored" / "Dev.PubTator"
    documents = {document.id: document for document in read_documents(file)}
    rows = [line.split("\t") for line in file.read_text("utf-8").splitlines()]
    genes = [row for row in rows if len(row) == 6 and row[4] == "GeneOrGeneProduct"]
    human = 0
    for pmid, start, end, _, _, number in genes:
        there = {
            mention.gene
            for mention in documents[f"PMID:{pmid}"].mentions or ()
            if (mention.start, mention.end) == (int(start), int(end))
        }
        gene = gene_by_entrez(number)
        human += gene is not None
        assert gene is None or gene in there or {found.kind for found in there} == {GeneKind.FAMILY}
    assert human > 500


def test_every_annotation_of_biored_stands_where_it_says(shared_data: Path) -> None:
    file = shared_data / "gold" / "biored" / "Dev.PubTator"
    texts = {document.id: document.text for document in read_documents(file)}
    rows = [line.split("\t") for line in file.read_text("utf-8").splitlines()]
    marks = [row for row in rows if len(row) == 6 and row[1].isdecimal()]
    assert len(texts) == 100
    assert len(marks) > 3000
    assert all(texts[f"PMID:{pmid}"][int(start) : int(end)] == mark for pmid, start, end, mark, *_ in marks)


def test_biored_is_the_same_texts_in_both_its_formats(shared_data: Path) -> None:
    folder = shared_data / "gold" / "biored"
    xml = {document.id: document for document in read_documents(folder / "Dev.BioC.XML.gz")}
    assert xml == {document.id: document for document in read_documents(folder / "Dev.PubTator")}


@pytest.mark.parametrize("name", ["a.xml", "a.bioc.xml", "a"])
def test_passages_stand_at_their_offsets(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(bioc((0, TITLE), (12, ABSTRACT)))
    document = one(tmp_path / name)
    assert (document.id, document.text) == ("PMID:7", f"{TITLE}\n\n\n{ABSTRACT}")


def test_passages_that_overlap_or_have_no_offset_are_named(tmp_path: Path) -> None:
    for passages in (((0, TITLE), (3, ABSTRACT)), ((-1, TITLE),), ((0, TITLE), (999999999, ABSTRACT))):
        (tmp_path / "a.xml").write_text(bioc(*passages))  # type: ignore[arg-type]
        assert "document 1 (7)" in found(tmp_path / "a.xml")


def test_an_entity_in_bioc_is_refused_and_a_cut_file_named(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(bioc((0, "&e;"), head='<!DOCTYPE collection [<!ENTITY e "x">]>'))
    assert "entity 'e'" in found(tmp_path / "a.xml")
    (tmp_path / "b.xml").write_text(bioc((0, TITLE))[:-20])
    assert "b.xml:1" in found(tmp_path / "b.xml")
    (tmp_path / "c.xml.gz").write_bytes(gzip.compress(bioc((0, TITLE)).encode())[:-9])
    assert "c.xml.gz" in found(tmp_path / "c.xml.gz")


def test_bioc_of_another_archive_is_a_paper_of_pubmed_only_where_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(bioc((0, TITLE), identity="123", source="PMC"))
    assert one(tmp_path / "a.xml").id == "bioc:123"
    infon = '<infon key="article-id_pmid">9</infon><offset>'
    (tmp_path / "a.xml").write_text(bioc((0, TITLE), identity="123", source="PMC").replace("<offset>", infon))
    assert one(tmp_path / "a.xml").id == "PMID:9"


def test_bioc_json_is_read_in_every_wrapping(tmp_path: Path) -> None:
    passages = [{"offset": 0, "text": TITLE, "infons": {"type": "title"}}, {"offset": 10, "text": ABSTRACT}]
    documents = [{"id": str(number), "passages": passages} for number in (7, 8)]
    lines = "\n".join(json.dumps(document) for document in documents)
    whole = [{"source": "PubTator", "documents": documents}, {"PubTator3": documents}]
    for text in (lines, *map(json.dumps, whole)):
        (tmp_path / "a.json").write_text(text)
        first, second = read_documents(tmp_path / "a.json")
        assert (first.id, second.id, first.title) == ("PMID:7", "PMID:8", TITLE)
        assert first.text == f"{TITLE}\n{ABSTRACT}"


def test_broken_bioc_json_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.bioc.json"
    for text, named in (('{"documents": [\n{]}', "a.bioc.json:2"), ('{"documents": [3]}', "document 1")):
        file.write_text(text)
        assert named in found(file)
    file.write_text("[" * 200000)
    assert "not JSON" in found(file)
    row = {"id": "7", "passages": [{"offset": "x", "text": TITLE}]}
    file.write_text(json.dumps(row))
    assert "document 1 (7)" in found(file)


def test_references_at_the_end_of_a_paper_are_not_read(tmp_path: Path) -> None:
    row = {
        "id": "7",
        "passages": [
            {"offset": 0, "text": TITLE},
            {"offset": 10, "text": "SPI1 represses it.", "infons": {"section_type": "REF"}},
            {"offset": 30, "sentences": [{"offset": 30, "text": "One."}, {"offset": 35, "text": "Two."}]},
        ],
    }
    (tmp_path / "a.bioc.json").write_text(json.dumps(row))
    text = one(tmp_path / "a.bioc.json").text
    assert "SPI1" not in text
    assert (text[:9], text[30:]) == (TITLE, "One. Two.")
