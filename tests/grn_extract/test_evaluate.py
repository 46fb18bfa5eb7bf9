"""Readers are measured on texts with answers; the packaged example texts have them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grn_extract import (
    CooccurrenceReader,
    Document,
    EmbeddedReader,
    GoldDocument,
    compare,
    evaluate,
    example_corpus,
    example_gold,
    find_mistakes,
    find_passages,
    read_gold,
    without_entities,
    write_mistakes,
)
from grn_extract.reader import Progress
from kg import Effect, Evidence, Gene, Provenance, find_mentions, resolve
from prisyn_base import InputError

PHENOMENA = {
    "plain",
    "negated",
    "hedged",
    "reversed-order",
    "family-name",
    "mouse-gene",
    "two-sentence",
    "nothing-here",
    "several-edges",
}


class GoldReader:
    """States what the gold says, and nothing else."""

    name = "gold"
    calls = 0
    cost = 0.0

    def __init__(self, gold: Iterable[GoldDocument], *, backwards: bool = False) -> None:
        self._gold = {item.document.id: item for item in gold}
        self._backwards = backwards

    def read(self, documents: Iterable[Document], progress: Progress | None = None) -> Iterator[Evidence]:
        for document in documents:
            for edge in self._gold[document.id].edges:
                genes = [Gene(curie, curie, "any") for curie in (edge.regulator, edge.target)]
                one, other = genes[::-1] if self._backwards else genes
                yield Evidence(
                    one,
                    other,
                    edge.effect,
                    document.id,
                    document.text,
                    Provenance("gold"),
                    negated=edge.negated,
                    hypothetical=edge.hypothetical,
                )


def test_the_example_corpus_has_every_phenomenon_and_unique_texts() -> None:
    gold = example_gold()
    assert len(gold) >= 48
    assert {item.phenomenon for item in gold} == PHENOMENA
    assert len({item.document.text for item in gold}) == len({item.document.id for item in gold}) == len(gold)
    assert [item.document for item in gold] == example_corpus()


def test_the_gold_says_what_its_phenomenon_means() -> None:
    for item in example_gold():
        flags = {(edge.negated, edge.hypothetical) for edge in item.edges}
        expected = {"negated": {(True, False)}, "hedged": {(False, True)}, "nothing-here": set()}
        assert flags == expected.get(item.phenomenon, {(False, False)}), item.document.id
        assert (len(item.edges) > 1) == (item.phenomenon == "several-edges")


def test_every_gold_gene_is_found_where_the_text_names_it() -> None:
    for item in example_gold():
        found = {mention.gene.curie for mention in find_mentions(item.document.text) if mention.gene}
        assert {curie for edge in item.edges for curie in (edge.regulator, edge.target)} <= found, item.document.id


def test_mouse_texts_have_mouse_genes_and_family_texts_families() -> None:
    for item in example_gold():
        curies = {curie for edge in item.edges for curie in (edge.regulator, edge.target)}
        if item.phenomenon == "mouse-gene":
            assert all(curie.startswith("MGI:") for curie in curies)
        if item.phenomenon == "family-name":
            assert any(resolve(curie).gene.kind == "family" for curie in curies)  # type: ignore[union-attr]


def test_passages_of_the_example_corpus_stand_at_their_offsets() -> None:
    for document in example_corpus():
        for passage in find_passages(document):
            assert document.text[passage.start : passage.end] == passage.text
            assert all(passage.start <= m.start < m.end <= passage.end for m in passage.mentions)


def test_cooccurrence_finds_everything_and_is_mostly_wrong() -> None:
    result = evaluate(CooccurrenceReader(), example_gold())
    assert result.recall == 1.0
    assert result.precision < 0.4
    assert result.by_phenomenon["nothing-here"].wrong > 0


def test_saying_the_gold_is_perfect_and_saying_it_backwards_is_all_reversed() -> None:
    gold = example_gold()
    perfect = evaluate(GoldReader(gold), gold)
    assert (perfect.precision, perfect.recall, perfect.f1, perfect.sign_accuracy) == (1.0, 1.0, 1.0, 1.0)
    assert perfect.f1_ci == (1.0, 1.0)
    backwards = evaluate(GoldReader(gold, backwards=True), gold)
    assert backwards.f1 == 0.0
    assert backwards.reversed == backwards.stated == perfect.pairs


def test_a_reader_that_says_nothing_scores_nothing() -> None:
    silent = compare([], example_gold(), reader="silent")
    assert (silent.precision, silent.recall, silent.f1, silent.sign_accuracy) == (0.0, 0.0, 0.0, None)


def test_an_evaluation_is_json_with_the_promised_keys() -> None:
    values = json.loads(json.dumps(evaluate(CooccurrenceReader(), example_gold()).to_json(), allow_nan=False))
    assert {"precision", "recall", "f1", "f1_ci", "sign_accuracy", "pairs", "documents", "seconds", "calls"} <= set(
        values
    )
    assert values["f1_ci"][0] <= values["f1"] <= values["f1_ci"][1]


def test_the_bootstrap_repeats_with_its_seed() -> None:
    gold = example_gold()
    one, same, other = (evaluate(CooccurrenceReader(), gold, seed=seed).f1_ci for seed in (1, 1, 2))
    assert one == same != other


def test_a_bad_line_of_gold_is_named(tmp_path: Path) -> None:
    file = tmp_path / "gold.jsonl"
    good = {"document": "d", "text": "GATA1 activates KLF1.", "edges": []}
    bad = {"document": "e", "text": "x", "edges": [{"regulator": "HGNC:1", "target": "HGNC:2", "effect": "up"}]}
    file.write_text(json.dumps(good) + "\n" + json.dumps(bad) + "\n")
    with pytest.raises(InputError, match=r"gold\.jsonl:2"):
        read_gold(file)


def test_cooccurrence_on_annotated_abstracts_is_what_was_computed_from_them(shared_data: Path) -> None:
    gold = read_gold(shared_data / "gold" / "ge2011_regulation_edges.jsonl.gz", split="devel")
    assert len(gold) == 259
    result = evaluate(CooccurrenceReader(), gold)
    assert 0.02 < result.precision < 0.035
    assert 0.9 < result.recall < 0.97


@pytest.mark.slow
def test_the_embedded_reader_is_more_often_right_than_cooccurrence_and_repeats_itself(
    embedded: EmbeddedReader,
) -> None:
    gold = example_gold()
    one, again = (list(embedded.read(item.document for item in gold)) for _ in range(2))
    assert one == again
    result = compare(one, gold, reader="embedded")
    assert result.stated > 0
    assert result.precision > evaluate(CooccurrenceReader(), gold).precision


def test_signs_are_judged_only_where_the_gold_knows_them() -> None:
    gold = [item for item in example_gold() if item.phenomenon == "plain"][:2]
    wrong_sign = [
        Evidence(
            Gene(edge.regulator, "a", "any"),
            Gene(edge.target, "b", "any"),
            Effect.REPRESSION,
            item.document.id,
            "",
            Provenance("r"),
        )
        for item in gold
        for edge in item.edges
    ]
    result = compare(wrong_sign, gold, reader="r")
    assert (result.recall, result.sign_accuracy) == (1.0, 0.0)


def test_gold_that_could_match_nothing_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "gold.jsonl"
    edge = {"regulator": "GATA1", "target": "HGNC:6345", "effect": "activation"}
    file.write_text(json.dumps({"document": "d", "text": "x", "edges": [edge]}) + "\n")
    with pytest.raises(InputError, match="'GATA1' is no CURIE"):
        read_gold(file)
    file.write_text("")
    with pytest.raises(InputError, match="an empty file"):
        read_gold(file)
    file.write_text(json.dumps({"document": "d", "edges": []}) + "\n")
    (tmp_path / "corpus.jsonl").write_text(json.dumps({"id": "e", "text": "x"}) + "\n")
    with pytest.raises(InputError, match="no text 'd'"):
        read_gold(file)


def test_of_a_marked_sentence_only_the_marked_pairs_are_judged(tmp_path: Path) -> None:
    file = tmp_path / "tri.tsv"
    rows = ["label\tTF\tTG\ttext", "1\tGATA1\tKLF1\t<TF>GATA1</TF> but not SPI1 activates <TG>KLF1</TG>."]
    rows.append("0\tSPI1\tKLF1\tGATA1 but not <TF>SPI1</TF> activates <TG>KLF1</TG>.")
    file.write_text("\n".join(rows) + "\n")
    (item,) = read_gold(file)
    assert item.document.text == "GATA1 but not SPI1 activates KLF1."
    assert [item.document.text[m.start : m.end] for m in item.document.mentions or ()] == ["GATA1", "SPI1", "KLF1"]
    everything = [
        Evidence(one.gene, other.gene, Effect.UNKNOWN, item.document.id, "", Provenance("r"))
        for one in item.document.mentions or ()
        for other in item.document.mentions or ()
        if one.gene != other.gene
    ]
    result = compare(everything, [item], reader="r")
    assert (result.stated, result.pairs, result.precision, result.recall) == (2, 1, 0.5, 1.0)


def test_where_a_corpus_marks_no_denials_a_flagged_statement_is_a_statement(tmp_path: Path) -> None:
    file = tmp_path / "tri.tsv"
    file.write_text("label\tTF\tTG\ttext\n1\tGATA1\tKLF1\t<TF>GATA1</TF> may activate <TG>KLF1</TG>.\n")
    unmarked = read_gold(file)
    (statement,) = (item for item in CooccurrenceReader().read([unmarked[0].document]) if item.target.symbol == "KLF1")
    assert statement.hypothetical
    assert compare([statement], unmarked, reader="r").recall == 1.0
    marked = [replace(unmarked[0], marks_flagged=True)]
    assert compare([statement], marked, reader="r").stated == 0


def test_placeholders_are_filled_in_and_signed(tmp_path: Path) -> None:
    file = tmp_path / "mor.tsv"
    file.write_text("tri_id\ttext\tTF\tTG\ttype\tvalidated\n1\t[TF] silences [TG].\tSPI1\tLYZ\tREPRESSION\tTrue\n")
    (item,) = read_gold(file)
    assert item.document.text == "SPI1 silences LYZ."
    assert [edge.effect for edge in item.edges] == [Effect.REPRESSION]


def test_a_row_whose_tags_and_columns_disagree_is_named(tmp_path: Path) -> None:
    file = tmp_path / "tri.tsv"
    file.write_text("label\tTF\tTG\ttext\n1\tGATA1\tKLF1\tGATA1 activates <TG>KLF1</TG>.\n")
    with pytest.raises(InputError, match=r"tri\.tsv:2"):
        read_gold(file)


def test_end_to_end_the_answers_are_put_into_identifiers_and_the_names_taken_away(tmp_path: Path) -> None:
    file = tmp_path / "tri.tsv"
    file.write_text("label\tTF\tTG\ttext\n1\tPU.1\tLYZ\t<TF>PU.1</TF> activates <TG>LYZ</TG>.\n")
    item = without_entities(read_gold(file)[0])
    assert item.document.mentions is None
    assert [(edge.regulator, edge.target) for edge in item.edges] == [("HGNC:11241", "HGNC:6740")]
    assert evaluate(CooccurrenceReader(), [item]).recall == 1.0


def test_relations_without_direction_match_in_either_order(tmp_path: Path) -> None:
    file = tmp_path / "a.pubtator"
    lines = ["1|t|On factors.", "1|a|GATA1 activates KLF1 and binds SPI1.", "1\t12\t17\tGATA1\tGeneOrGeneProduct\t2623"]
    lines += ["1\t28\t32\tKLF1\tGeneOrGeneProduct\t10661", "1\t43\t47\tSPI1\tGeneOrGeneProduct\t6688"]
    lines += ["1\tPositive_Correlation\t10661\t2623\tNovel", "1\tBind\t2623\t6688\tNovel"]
    file.write_text("\n".join(lines) + "\n")
    (item,) = read_gold(file)
    given, found = (evaluate(CooccurrenceReader(), [one]) for one in (item, without_entities(item)))
    assert not given.directed
    for result in (given, found):
        assert (result.pairs, result.recall, result.by_document["PMID:1"].wrong) == (1, 1.0, 1)


def test_every_mistake_is_listed_with_its_kind(tmp_path: Path) -> None:
    gold = [item for item in example_gold() if item.phenomenon == "plain"][:2]
    backwards = list(GoldReader(gold, backwards=True).read(item.document for item in gold))
    mistakes = find_mistakes(backwards, gold)
    assert sorted({row.kind for row in mistakes}) == ["missed", "reversed"]
    assert not find_mistakes(GoldReader(gold).read(item.document for item in gold), gold)
    write_mistakes(mistakes, tmp_path / "errors.tsv")
    lines = (tmp_path / "errors.tsv").read_text().splitlines()
    assert lines[0].split("\t") == ["document", "sentence", "regulator", "target", "gold", "said", "kind"]
    assert len(lines) == 1 + len(mistakes)


def test_the_marked_sentences_of_extri_are_read_whole(shared_data: Path) -> None:
    gold = read_gold(shared_data / "gold" / "extri2" / "TRI_dev_span.tsv")
    assert sum(len(item.judged or ()) for item in gold) == 2164
    for item in gold:
        assert all(item.document.text[m.start : m.end] == m.gene.symbol for m in item.document.mentions or ())


def test_genes_of_species_without_numbers_are_not_held_against_a_reader(tmp_path: Path) -> None:
    file = tmp_path / "a.pubtator"
    lines = ["1|t|In mice.", "1|a|Gata1 activates Klf1 in mice.", "1\t9\t14\tGata1\tGeneOrGeneProduct\t14460"]
    lines += ["1\t25\t29\tKlf1\tGeneOrGeneProduct\t16596", "1\tPositive_Correlation\t14460\t16596\tNovel"]
    file.write_text("\n".join(lines) + "\n")
    (item,) = read_gold(file)
    result = evaluate(CooccurrenceReader(), [without_entities(item)])
    assert (item.edges != (), result.pairs, result.stated) == (True, 0, 0)
