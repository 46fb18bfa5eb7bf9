"""Passages, pairs, cues and prompts: what is asked of a model, before any model."""

from __future__ import annotations

import subprocess
import sys

import jinja2
import pytest

from grn_extract import (
    CooccurrenceReader,
    Document,
    could_state_regulation,
    find_candidates,
    find_cues,
    find_passages,
    load_prompt,
    prompt_names,
)
from prisyn_base import InputError


def pairs(text: str) -> list[tuple[str, str]]:
    passages = find_passages(Document("d", "", text, "test"))
    return [(c.regulator.gene.symbol, c.target.gene.symbol) for p in passages for c in find_candidates(p)]


def test_importing_the_package_loads_no_language_model() -> None:
    code = "import sys, grn_extract; sys.exit(bool({'torch', 'transformers'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_pair_is_asked_in_both_directions() -> None:
    assert pairs("GATA1 activates KLF1.") == [("GATA1", "KLF1"), ("KLF1", "GATA1")]


def test_one_gene_named_twice_is_no_pair() -> None:
    assert pairs("GATA1 binds GATA1.") == []


def test_a_family_is_one_gene() -> None:
    assert ("NFkappaB", "NFKBIA") in pairs("NF-kB induces NFKBIA.")


def test_a_sentence_that_leans_on_the_one_before_is_read_with_it() -> None:
    assert ("CEBPA", "SPI1") in pairs("CEBPA acts early. It activates SPI1.")
    assert pairs("CEBPA acts early. SPI1 acts late.") == []


def test_the_leaning_sentence_asks_only_about_what_it_leans_on() -> None:
    asked = pairs("CEBPA acts early. It activates SPI1 and GATA2.")
    assert asked.count(("SPI1", "GATA2")) == 1
    assert asked.count(("CEBPA", "GATA2")) == 1


def test_a_list_of_genes_is_left_alone() -> None:
    names = "GATA1 GATA2 GATA3 SPI1 KLF1 FLI1 RUNX1 MYB TAL1 LYL1 CEBPA IRF8 TBX21"
    assert pairs(", ".join(names.split()) + " were measured.") == []


@pytest.mark.parametrize(
    ("sentence", "negated", "hypothetical"),
    [
        ("A activates B.", False, False),
        ("A does not activate B.", True, False),
        ("A failed to activate B.", True, False),
        ("A had no effect on B.", True, False),
        ("A activates not only B but also C.", False, False),
        ("Without A, cells make more B.", False, False),
        ("A may activate B.", False, True),
        ("We asked whether A represses B.", False, True),
    ],
)
def test_cues_of_denial_and_of_doubt_are_flagged(sentence: str, negated: bool, hypothetical: bool) -> None:
    cues = find_cues(sentence)
    assert (cues.negated, cues.hypothetical) == (negated, hypothetical)


def test_a_denial_in_another_clause_denies_nothing_here() -> None:
    sentence = "A activates B, whereas C does not act."
    assert not find_cues(sentence, [(0, 1), (12, 13)]).negated
    assert find_cues(sentence, [(23, 24)]).negated


@pytest.mark.parametrize(
    ("sentence", "denied", "asserted"),
    [
        ("KLF1, but not KLF2, activates HBB.", ["KLF2 HBB"], ["KLF1 HBB"]),
        ("KLF1 but not the related KLF2 and KLF3 activates HBB.", ["KLF2 HBB", "KLF3 HBB"], ["KLF1 HBB"]),
        ("GATA1 is induced by KLF1, but not by KLF2.", ["GATA1 KLF2"], ["GATA1 KLF1"]),
        ("Induction of HBB by KLF1 is independent of GATA1.", ["HBB GATA1"], ["HBB KLF1"]),
        ("In a GATA1-independent manner KLF1 induces HBB.", [], ["KLF1 HBB"]),
        ("Cells from KLF1-deficient mice failed to express HBB.", [], ["KLF1 HBB"]),
        ("Loss of KLF1 did not affect HBB.", ["KLF1 HBB"], []),
        ("KLF1 does not bind to GATA2, indicating that KLF2 activates HBB.", ["KLF1 GATA2"], ["KLF2 HBB"]),
    ],
)
def test_a_denial_reaches_the_names_it_is_about(sentence: str, denied: list[str], asserted: list[str]) -> None:
    def negated(pair: str) -> bool:
        return find_cues(sentence, [(sentence.index(n), sentence.index(n) + len(n)) for n in pair.split()]).negated

    assert [pair for pair in denied if not negated(pair)] == []
    assert [pair for pair in asserted if negated(pair)] == []


def test_the_screen_keeps_regulation_and_drops_the_rest() -> None:
    assert could_state_regulation("GATA1 upregulates KLF1.")
    assert not could_state_regulation("CD14 and CD16 were stained in blood.")


@pytest.mark.parametrize("name", [name for name in prompt_names() if not load_prompt(name).parts])
def test_a_prompt_says_what_it_is_and_refuses_to_be_half_filled(name: str) -> None:
    prompt = load_prompt(name)
    filled = dict.fromkeys(prompt.fields, "{{ 7 * 7 }}")
    assert prompt.fields == ("regulator", "sentence", "target")
    assert "{{ 7 * 7 }}" in prompt.render(**filled)
    assert prompt.render(**filled).startswith(prompt.shared_prefix(sentence="{{ 7 * 7 }}"))
    assert len(prompt.render_labels(**filled)) == len(prompt.labels)
    assert prompt.reference == f"{name}@{prompt.version}"
    with pytest.raises(jinja2.UndefinedError):
        prompt.render(regulator="GATA1", target="KLF1")


def test_an_unknown_prompt_is_answered_with_those_there_are() -> None:
    with pytest.raises(InputError, match="pair-judgement"):
        load_prompt("nothing")


def marks(text: str) -> dict[tuple[str, str], bool]:
    found = CooccurrenceReader().read([Document("d", "", text, "test")])
    return {(item.regulator.symbol, item.target.symbol): item.negated for item in found}


def test_a_denial_of_the_same_subject_and_target_is_a_denial_though_another_clause_says_it() -> None:
    assert marks("SPI1 binds near LYZ but does not regulate LYZ expression.")["SPI1", "LYZ"]
    found = marks("SPI1 activates LYZ but does not activate CD14.")
    assert not found["SPI1", "LYZ"]
    assert found["SPI1", "CD14"]
    assert not marks("SPI1 activates LYZ, but IRF8 does not act on LYZ.")["SPI1", "LYZ"]
