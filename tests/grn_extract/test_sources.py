"""What PubMed and people send becomes documents; what is broken is named with its line."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from pathlib import Path

import pytest

from grn_extract import read_all, read_documents, stream_all
from grn_extract.sources import pubmed_xml
from prisyn_base import InputError, Problems

ARTICLE = """<PubmedArticle><MedlineCitation><PMID>{pmid}</PMID><Article>
<Journal><JournalIssue><PubDate><Year>2001</Year></PubDate></JournalIssue></Journal>
<ArticleTitle>On <i>GATA1</i>.</ArticleTitle><Abstract>
<AbstractText Label="AIM">To look.</AbstractText><AbstractText Label="RESULT">GATA1 binds.</AbstractText></Abstract>
<PublicationTypeList><PublicationType UI="{type}">x</PublicationType></PublicationTypeList>
</Article></MedlineCitation></PubmedArticle>"""


def pubmed(*articles: str, head: str = "") -> str:
    return f'<?xml version="1.0"?>{head}<PubmedArticleSet>{"".join(articles)}</PubmedArticleSet>'


def found(path: Path) -> str:
    with pytest.raises(InputError) as error:
        list(read_documents(path))
    return str(error.value)


def test_a_structured_abstract_is_joined_under_its_title(tmp_path: Path) -> None:
    file = tmp_path / "a.xml"
    file.write_text(pubmed(ARTICLE.format(pmid=7, type="D016428")))
    (document,) = read_documents(file)
    assert document.text == "On GATA1.\nAIM: To look.\nRESULT: GATA1 binds."
    assert (document.id, document.title, document.year, document.retracted) == ("PMID:7", "On GATA1.", 2001, False)


def related(kind: str, pmid: int = 99) -> str:
    """An article 7 that names another."""
    entry = f'<CommentsCorrections RefType="{kind}"><RefSource>J</RefSource><PMID>{pmid}</PMID></CommentsCorrections>'
    article = ARTICLE.format(pmid=7, type="D016428")
    return article.replace("</Article>", f"</Article><CommentsCorrectionsList>{entry}</CommentsCorrectionsList>")


def test_a_retracted_publication_is_marked_and_a_notice_of_retraction_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "a.xml"
    file.write_text(pubmed(ARTICLE.format(pmid=1, type="D016441"), ARTICLE.format(pmid=2, type="D016440")))
    assert [(document.id, document.retracted) for document in read_documents(file)] == [("PMID:1", True)]
    file.write_text(pubmed(related("RetractionIn")))
    assert [document.retracted for document in read_documents(file)] == [True]
    file.write_text(pubmed(related("RetractionOf")))
    assert list(read_documents(file)) == []


def test_articles_that_are_left_out_are_counted_with_the_reason(tmp_path: Path) -> None:
    file, told = tmp_path / "a.xml", list[str]()
    bare = "<PubmedArticle><MedlineCitation><PMID>3</PMID><Article/></MedlineCitation></PubmedArticle>"
    twice = ARTICLE.format(pmid=1, type="D016441")
    file.write_text(pubmed(twice, twice, ARTICLE.format(pmid=2, type="D016440"), bare))
    assert len(list(stream_all([file], tell=told.append))) == 1
    reasons = "1 notices of retraction, 1 replaced or deleted later in the file, 1 without title and abstract"
    assert told == [f"{file}: 3 articles left out: {reasons}"]


def test_corrections_updates_and_languages_are_noted(tmp_path: Path) -> None:
    file = tmp_path / "a.xml"
    for kind, note in (("ErratumIn", "corrected by"), ("ErratumFor", "a correction of"), ("UpdateIn", "updated by")):
        file.write_text(pubmed(related(kind)))
        (document,) = read_documents(file)
        assert (document.notes, document.retracted) == ((f"{note} PMID:99",), False)
    file.write_text(pubmed(related("Cites").replace("<Abstract>", "<Language>ger</Language><Abstract>")))
    assert next(iter(read_documents(file))).notes == ("language: ger",)


@pytest.mark.parametrize(
    ("english", "vernacular", "title"),
    [
        ("[On GATA1 in mice].", "Von GATA1.", "On GATA1 in mice."),
        ("[Does GATA1 bind?].", "", "Does GATA1 bind?"),
        ("[Not Available].", "Von GATA1.", "Von GATA1."),
        ("", "Von GATA1.", "Von GATA1."),
        ("[GATA1] and [KLF1].", "", "[GATA1] and [KLF1]."),
    ],
)
def test_a_title_of_another_language_is_read_as_pubmed_has_it(
    tmp_path: Path, english: str, vernacular: str, title: str
) -> None:
    titles = f"<ArticleTitle>{english}</ArticleTitle><VernacularTitle>{vernacular}</VernacularTitle>"
    article = ARTICLE.format(pmid=7, type="x").replace("<ArticleTitle>On <i>GATA1</i>.</ArticleTitle>", titles)
    (tmp_path / "a.xml").write_text(pubmed(article))
    (document,) = read_documents(tmp_path / "a.xml")
    assert document.title == title
    assert document.text.startswith(f"{title}\nAIM")


def version(pmid: int, aim: str) -> str:
    return ARTICLE.format(pmid=pmid, type="x").replace("To look.", aim)


def test_of_several_versions_in_a_file_the_last_is_read_and_none_that_it_deletes(tmp_path: Path) -> None:
    gone = "<DeleteCitation><PMID>8</PMID><PMID>9</PMID></DeleteCitation>"
    file = tmp_path / "a.xml"
    file.write_text(pubmed(version(7, "One."), version(8, "Two."), version(7, "Three."), version(6, "Four."), gone))
    assert [(document.id, document.text.split("AIM: ")[1][:5]) for document in read_documents(file)] == [
        ("PMID:7", "Three"),
        ("PMID:6", "Four."),
    ]


def test_a_folder_of_pubmeds_files_holds_what_the_newest_says(tmp_path: Path) -> None:
    gone = "<DeleteCitation><PMID>8</PMID></DeleteCitation>"
    (tmp_path / "pubmed26n0001.xml").write_text(pubmed(version(7, "Old."), version(8, "Old."), version(9, "Old.")))
    (tmp_path / "pubmed26n1400.xml").write_text(pubmed(version(7, "New."), gone))
    texts = {document.id: document.text for document in read_documents(tmp_path)}
    assert sorted(texts) == ["PMID:7", "PMID:9"]
    assert "New." in texts["PMID:7"]


def test_one_article_twice_is_one_document(tmp_path: Path) -> None:
    for name in ("a.xml", "b.xml"):
        (tmp_path / name).write_text(pubmed(ARTICLE.format(pmid=7, type="D016428")))
    assert [document.id for document in read_documents(tmp_path)] == ["PMID:7"]


def test_an_entity_bomb_is_refused_before_it_is_expanded(tmp_path: Path) -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    file = tmp_path / "bomb.xml"
    file.write_text(pubmed("&l11;", head=f'<!DOCTYPE p [<!ENTITY l0 "ha">{levels}]>'))
    assert "entity 'l0'" in found(file)


def test_an_outside_file_is_never_read_into_a_document(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    file = tmp_path / "a.xml"
    article = ARTICLE.format(pmid=7, type="D016428").replace("To look.", "&s;")
    file.write_text(pubmed(article, head=f'<!DOCTYPE p [<!ENTITY s SYSTEM "{tmp_path / "secret.txt"}">]>'))
    assert "entity 's'" in found(file)


@pytest.mark.parametrize("text", ["<!DOCTYPE html><html><body>503</body></html>", "<html></html>", "<eSearchResult/>"])
def test_another_kind_of_page_is_no_article_set(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.xml"
    file.write_text(text)
    assert "PubMed" in found(file)


def test_a_truncated_download_yields_what_is_whole_and_names_the_file(tmp_path: Path) -> None:
    articles = [
        ARTICLE.format(pmid=n, type="D016428").replace("To look.", f"To look {n * 7919}.") for n in range(1, 3000)
    ]
    packed = gzip.compress(pubmed(*articles).encode(), mtime=0)
    file = tmp_path / "a.xml.gz"
    file.write_bytes(packed[: len(packed) // 2])
    problems = Problems()
    documents = list(read_documents(file, problems=problems))
    assert 0 < len(documents) < 2999
    assert len(problems) == 1


def test_broken_xml_names_its_line(tmp_path: Path) -> None:
    file = tmp_path / "a.xml"
    file.write_text(pubmed(ARTICLE.format(pmid=1, type="x"), "\n<oops>"))
    assert "a.xml:7" in found(file)


def test_bad_lines_are_all_named_and_good_ones_read(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    good = json.dumps({"id": "d", "text": "GATA1 binds.", "year": 1999})
    file.write_text("\n".join([good, "{", '{"id": 3, "text": "x"}', '{"text": "x"}', "[]", good]))
    problems = Problems()
    (document,) = read_documents(file, problems=problems)
    assert document.year == 1999
    assert len(problems) == 4
    message = found(file)
    assert all(f"a.jsonl:{line}" in message for line in (2, 3, 4, 5))


def test_a_file_without_a_suffix_is_known_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "lines").write_text('{"id": "d", "text": "t"}\n')
    (tmp_path / "article").write_text(pubmed(ARTICLE.format(pmid=7, type="D016428")))
    (tmp_path / "plain").write_text("GATA1 binds.")
    ids = [next(iter(read_documents(tmp_path / name))).id for name in ("lines", "article", "plain")]
    assert ids == ["d", "PMID:7", "text:plain"]


def test_text_in_another_encoding_and_empty_text_are_named(tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes("one\nna\xefve".encode("latin-1"))
    (tmp_path / "empty.txt").write_text(" ")
    message = found(tmp_path)
    assert "latin.txt:2" in message
    assert "an empty file" in message


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    assert "no such file" in found(tmp_path / "nothing.jsonl")


def test_a_real_baseline_excerpt_gives_all_its_articles_but_the_notices_of_retraction(shared_data: Path) -> None:
    file = shared_data / "pubmed" / "pubmed21n1298_generegulation_subset.xml.gz"
    documents = list(read_documents(file))
    articles = gzip.decompress(file.read_bytes()).split(b"</PubmedArticle>")[:-1]
    notices = sum(b'UI="D016440"' in article for article in articles)
    assert (len(articles), notices) == (630, 9)
    assert len(documents) == 630 - notices
    assert sum(document.retracted for document in documents) == 4
    assert all(document.id.startswith("PMID:") and document.text.startswith(document.title) for document in documents)


def test_real_answers_of_eutilities_are_read(shared_data: Path) -> None:
    counts = {
        file.name: len(list(read_documents(file))) for file in (shared_data / "pubmed").glob("*pubmed[1-7-]*.xml")
    }
    assert counts["biopython_pubmed1.xml"] == 2
    assert all(count >= 1 for count in counts.values())


def test_files_of_one_name_in_two_folders_are_two_texts(tmp_path: Path) -> None:
    for name in ("a.txt", "more/a.txt", "more/b.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"GATA1 binds in {name}.")
    assert [document.id for document in read_documents(tmp_path)] == ["text:a", "text:more/a", "text:more/b"]


def test_what_is_wrong_with_several_sources_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "page.xml").write_text("<html></html>")
    (tmp_path / "cut.jsonl").write_text("{")
    with pytest.raises(InputError) as error:
        read_all([tmp_path / "nothing.txt", tmp_path / "page.xml", tmp_path / "cut.jsonl"])
    assert len(error.value.problems) == 3


def test_two_different_texts_of_one_id_are_not_one_text(tmp_path: Path) -> None:
    for folder, text in (("one", "GATA1 binds."), ("two", "SPI1 binds."), ("same", "GATA1 binds.")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.txt").write_text(text)
    assert [document.text for document in read_all([tmp_path / "one", tmp_path / "same"])] == ["GATA1 binds."]
    with pytest.raises(InputError, match="text:a: found two different texts"):
        read_all([tmp_path / "one", tmp_path / "two"])


GOOD = {
    ".xml": pubmed(ARTICLE.format(pmid=7, type="x")),
    ".jsonl": '{"id": "d", "text": "GATA1 binds."}\n',
    ".txt": "GATA1 binds.\n",
    ".nbib": "PMID- 7\nTI  - GATA1 binds.\n",
    ".pubtator": "7|t|GATA1 binds.\n7|a|\n",
    ".bioc.json": '{"id": "7", "passages": [{"offset": 0, "text": "GATA1 binds."}]}',
    ".bioc.xml": "<collection><document><id>x</id><passage><offset>0</offset><text>GATA1.</text></passage>"
    "</document></collection>",
}


@pytest.mark.parametrize("suffix", GOOD)
def test_a_mark_of_utf8_at_the_start_is_no_part_of_the_text(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"a{suffix}"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD[suffix].encode())
    (document,) = read_documents(file)
    assert "GATA1" in document.text
    assert "\ufeff" not in document.text + document.id


@pytest.mark.parametrize("suffix", GOOD)
def test_utf16_is_read_where_the_format_names_its_encoding_and_else_named(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"a{suffix}"
    file.write_bytes(GOOD[suffix].replace('<?xml version="1.0"?>', "").encode("utf-16"))
    if suffix.endswith(".xml"):
        (document,) = read_documents(file)
        assert "GATA1" in document.text
    else:
        assert str(file) in found(file)


@pytest.mark.parametrize("suffix", GOOD)
def test_an_empty_file_is_named(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"a{suffix}"
    file.write_bytes(b"")
    problems = Problems()
    assert list(read_documents(file, problems=problems)) == []
    assert len(problems) == 1
    assert "empty" in str(next(iter(problems)))


@pytest.mark.parametrize("suffix", [suffix for suffix in GOOD if suffix != ".xml"])
def test_latin1_is_named_and_never_guessed(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"a{suffix}"
    file.write_bytes(GOOD[suffix].replace("GATA1", "na\xefve GATA1").encode("latin-1"))
    assert str(file) in found(file)


def test_latin1_is_read_where_xml_declares_it(tmp_path: Path) -> None:
    text = GOOD[".xml"].replace('"1.0"?', '"1.0" encoding="iso-8859-1"?').replace("To look.", "na\xefve")
    (tmp_path / "a.xml").write_bytes(text.encode("latin-1"))
    (document,) = read_documents(tmp_path / "a.xml")
    assert "na\xefve" in document.text


@pytest.mark.parametrize("suffix", GOOD)
def test_a_nul_byte_is_named_and_in_no_text(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"a{suffix}"
    file.write_bytes(GOOD[suffix].replace("GATA1", "GA\0TA1").encode())
    problems = Problems()
    documents = list(read_documents(file, problems=problems))
    assert len(problems) == 1
    assert documents == []


@pytest.mark.parametrize("suffix", GOOD)
def test_fifty_megabytes_of_abstract_are_named_and_the_next_text_is_read(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"a{suffix}").write_text(GOOD[suffix].replace("GATA1", "GATA1 " + "very " * 10_000_000))
    (tmp_path / "b.txt").write_text("KLF1 binds.")
    problems = Problems()
    assert [document.id for document in read_documents(tmp_path, problems=problems)] == ["text:b"]
    assert len(problems) == 1


def test_a_page_of_html_is_named_whatever_it_is_called(tmp_path: Path) -> None:
    for suffix in GOOD:
        if suffix != ".txt":
            file = tmp_path / f"a{suffix}"
            file.write_text("<!DOCTYPE html>\n<html><body>503</body></html>")
            assert str(file) in found(file)


def test_memory_does_not_grow_with_the_number_of_articles(tmp_path: Path) -> None:
    peaks = []
    for number in (500, 4_000):
        (tmp_path / "a.xml").write_text(pubmed(*(ARTICLE.format(pmid=n, type="x") for n in range(1, number + 1))))
        tracemalloc.start()
        assert sum(1 for _ in pubmed_xml.read_pubmed_xml(tmp_path / "a.xml", Problems())) == number
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # What grows is the table of numbers, some hundred bytes an article; as a tree an article takes thousands.
    assert peaks[1] < peaks[0] + 3_500 * 250
