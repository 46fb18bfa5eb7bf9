"""Every statement passes the checks or is set aside with the reason."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grn_extract import CooccurrenceReader, Document, check_statements, example_corpus
from kg import Effect, Evidence, Gene, Provenance, SourceKind


def statement(text: str, *, start: int = 0, end: int | None = None) -> Evidence:
    """That the first gene the text names regulates the last one, quoted from `start` to `end`."""
    genes = [item.regulator for item in CooccurrenceReader().read([Document("d", "", text, "test")])]
    stop = len(text) if end is None else end
    return Evidence(genes[0], genes[-1], Effect.UNKNOWN, "d", text[start:stop], Provenance("r"), start=start, end=stop)


def reasons(item: Evidence, text: str) -> str:
    checked = check_statements([item], [Document("d", "", text, "test")])
    return "; ".join(reason for kept in checked.quarantined for reason in kept.reasons)


PLAIN = "GATA1 activates KLF1."


def test_a_verbatim_statement_passes() -> None:
    assert not reasons(statement(PLAIN), PLAIN)


@given(st.integers(0, len(PLAIN)), st.integers(0, len(PLAIN)))
def test_no_statement_passes_unless_its_quote_stands_at_its_offsets(start: int, end: int) -> None:
    item = replace(statement(PLAIN), start=start, end=end)
    assert bool(reasons(item, PLAIN)) == (PLAIN[start:end] != item.quote)


@given(st.integers(0, len(PLAIN)), st.integers(0, len(PLAIN)))
def test_no_statement_passes_whose_quote_cuts_a_name(start: int, end: int) -> None:
    item = statement(PLAIN, start=start, end=end)
    whole = start == 0 and end >= PLAIN.index("KLF1") + len("KLF1")
    assert bool(reasons(item, PLAIN)) != whole


def test_a_gene_that_is_not_named_or_not_grounded_is_set_aside() -> None:
    item = replace(statement(PLAIN), target=Gene("SPI1", "SPI1", "human"))
    assert "not grounded" in reasons(item, PLAIN)
    assert "not named" in reasons(item, PLAIN)


def test_a_sentence_that_leans_on_its_neighbour_may_be_quoted_with_it_but_no_more() -> None:
    two = "GATA1 is a factor. It activates KLF1."
    assert not reasons(statement(two), two)
    three = "GATA1 is a factor. Cells were stained. It activates KLF1."
    item = replace(statement(PLAIN), quote=three, end=len(three))
    assert "3 sentences" in reasons(item, three)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("GATA1 autoregulates in cells with KLF1.", True),
        ("GATA1 binds the GATA1 promoter near KLF1.", True),
        ("GATA1 is found beside KLF1.", False),
    ],
)
def test_self_regulation_is_kept_where_the_text_says_so(text: str, kept: bool) -> None:
    item = statement(text)
    assert bool(reasons(replace(item, target=item.regulator), text)) != kept


def test_a_denial_or_a_guess_is_flagged_though_the_reader_did_not_notice() -> None:
    for text, flags in (("GATA1 does not activate KLF1.", (True, False)), ("GATA1 may activate KLF1.", (False, True))):
        (passed,) = check_statements([statement(text)], [Document("d", "", text, "test")]).passed
        assert (passed.negated, passed.hypothetical) == flags


def test_a_regulator_on_no_list_of_factors_is_noted_and_not_set_aside() -> None:
    text = "LYZ activates KLF1."
    checked = check_statements([statement(text)], [Document("d", "", text, "test")])
    assert len(checked.passed) == 1
    assert [note.text for note in checked.notes] == ["LYZ is on no list of transcription factors"]
    assert not check_statements([statement(PLAIN)], [Document("d", "", PLAIN, "test")]).notes


def test_what_is_recalled_without_a_text_is_not_held_to_one_but_its_genes_are() -> None:
    recalled = replace(statement(PLAIN), quote="recalled without a text", kind=SourceKind.KNOWLEDGE, end=0)
    assert check_statements([recalled], []).passed == (recalled,)
    nameless = replace(recalled, target=Gene("SPI1", "SPI1", "human"))
    assert check_statements([nameless], []).quarantined[0].reasons == ("the target 'SPI1' is not grounded",)


def test_what_cooccurrence_says_of_the_example_passes_whole() -> None:
    corpus = example_corpus()
    said = list(CooccurrenceReader().read(corpus))
    checked = check_statements(said, corpus)
    assert not checked.quarantined
    assert list(checked.passed) == said
