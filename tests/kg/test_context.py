"""What a name stands for in one text."""

from __future__ import annotations

import pytest

from kg import Context, find_mentions, resolve


@pytest.mark.parametrize(
    ("text", "name", "symbol"),
    [
        ("The hormone C3adesArg, also acylation stimulating protein.", "ASP", None),
        ("We measured thymidylate synthetase (TS). TS was high.", "TS", "TYMS"),
        ("TAFI is what carboxypeptidase B2 is called in plasma.", "TAFI", "CPB2"),
        ("A growth arrest tuning agent 1 (GATA1) acts.", "growth arrest tuning agent 1", "GATA1"),
    ],
)
def test_the_text_decides_what_a_name_stands_for(text: str, name: str, symbol: str | None) -> None:
    resolution = Context(text).resolve(name)
    assert (resolution.gene and resolution.gene.symbol) == symbol


def test_what_the_text_decided_is_said_and_the_other_genes_stay_listed() -> None:
    assert resolve("TAFI").ambiguous
    resolution = Context("TAFI is what carboxypeptidase B2 is called in plasma.").resolve("TAFI")
    assert "the text has most words of its name" in resolution.reason
    assert {"CPB2", "SET"} <= {candidate.gene.symbol for candidate in resolution.candidates}


def test_a_text_that_favours_neither_gene_leaves_a_name_ambiguous() -> None:
    assert Context("TAFI rose.").resolve("TAFI").ambiguous


def test_a_name_that_is_plain_without_its_text_is_plain_in_it() -> None:
    assert Context("GATA1 activates KLF1.").resolve("GATA1") == resolve("GATA1")


def test_an_isoform_is_of_its_gene() -> None:
    assert [m.gene.symbol for m in find_mentions("NRG1-beta rose.") if m.gene] == ["NRG1"]
    assert "without the isoform" in resolve("NRG-1 beta").reason
    assert resolve("STAT5A").gene.symbol == "STAT5A"
