"""Sentences keep every character at its place, and stops inside names end nothing."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grn_extract import split_sentences

PIECES = st.sampled_from(
    [
        "PU.1",
        "Fig. 2",
        "et al.",
        "e.g.",
        "2.5",
        "c-Myc",
        "It",
        "binds",
        ". ",
        "? ",
        "\n",
        "\n\n",
        " ",
        "(",
        ")",
        "\u03b1",
        "\u2003",
        "🧬",
    ]
)


def texts(text: str) -> list[str]:
    return [sentence.text for sentence in split_sentences(text)]


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
def test_every_sentence_stands_at_its_offsets_and_no_character_is_lost(text: str) -> None:
    sentences = split_sentences(text)
    assert all(text[s.start : s.end] == s.text and s.text == s.text.strip() for s in sentences)
    assert all(a.end <= b.start for a, b in pairwise(sentences))
    assert "".join("".join(s.text.split()) for s in sentences) == "".join(text.split())


@pytest.mark.parametrize(
    "whole",
    [
        "PU.1 binds the site.",
        "As Fig. 2 shows, it rises.",
        "Smith et al. found it.",
        "Cytokines, e.g. IL6, rise.",
        "It rose 2.5-fold at 0.5 mM.",
        "It was found in H. sapiens alone.",
        "No. 7 was left out.",
    ],
)
def test_a_stop_inside_a_name_an_abbreviation_or_a_number_ends_nothing(whole: str) -> None:
    assert texts(whole) == [whole]


def test_a_sentence_may_begin_with_a_small_letter_of_a_gene() -> None:
    assert texts("It rises. c-Myc falls. p53 stays.") == ["It rises.", "c-Myc falls.", "p53 stays."]


def test_a_title_on_its_own_line_is_a_sentence() -> None:
    assert texts("GATA1 in red cells\nGATA1 binds. It acts.") == ["GATA1 in red cells", "GATA1 binds.", "It acts."]


def test_an_answer_of_no_ends_its_sentence() -> None:
    assert texts("The answer is no. We stop.") == ["The answer is no.", "We stop."]
