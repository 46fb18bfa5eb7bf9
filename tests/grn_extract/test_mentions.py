"""Which species a text's genes are of."""

from __future__ import annotations

from pathlib import Path

import pytest

from grn_extract import CooccurrenceReader, Document, check_statements, document_species, find_passages, gene_mentions
from kg import find_mentions
from kg._lookup import table


def species_of(text: str) -> dict[str, str]:
    return {text[m.start : m.end]: m.gene.species for m in gene_mentions(Document("d", "", text, "test"))}


@pytest.mark.parametrize(
    ("text", "species"),
    [
        ("In mice, PU.1 induces LYZ.", "mouse"),
        ("In patients with anaemia, PU.1 induces LYZ.", "human"),
        ("In mice and in patients, PU.1 induces LYZ.", None),
        ("In nude mice that bear xenografts, PU.1 induces LYZ.", None),
        ("PU.1 induces LYZ.", "human"),
        ("Sp1 and PU.1 induce LYZ.", "human"),
        ("Gata1 and Klf1 act before PU.1 does.", "mouse"),
        ("Gata1 acts.", None),
    ],
)
def test_words_for_a_species_decide_and_then_the_way_genes_are_written(text: str, species: str | None) -> None:
    assert document_species(text) == species


def test_a_protein_in_capitals_is_of_the_mouse_the_text_is_about() -> None:
    assert species_of("In murine macrophages PU.1 acts. There IRF8 is made.") == {"PU.1": "mouse", "IRF8": "mouse"}


def test_one_gene_written_as_a_mouse_symbol_does_not_regulate_across_species() -> None:
    assert species_of("Sp1 activates VEGFA.") == {"Sp1": "human", "VEGFA": "human"}


def test_where_a_text_is_about_both_each_name_decides_for_itself() -> None:
    assert species_of("Human GATA1 and mouse Klf1 differ.") == {"GATA1": "human", "Klf1": "mouse"}


def test_a_family_has_no_species_to_get_wrong() -> None:
    assert species_of("In mice NF-kB induces Nfkbia.")["NF-kB"] == "any"


def test_the_checks_name_the_genes_a_reader_named() -> None:
    document = Document("d", "", "GATA1 activates KLF1. This was seen in foetal mouse liver.", "test")
    assert {m.gene.species for p in find_passages(document) for m in p.mentions} == {"mouse"}
    checked = check_statements(CooccurrenceReader().read([document]), [document])
    assert len(checked.passed) == 2
    assert not checked.quarantined


def test_given_genes_are_taken_as_given() -> None:
    document = Document("d", "", "In mice GATA1 activates KLF1.", "test", mentions=())
    assert gene_mentions(document) == ()


def test_the_whole_text_puts_more_of_biored_in_the_right_species_than_each_name_alone(shared_data: Path) -> None:
    human = {row[2] for row in table("human.tsv.gz") if row[2]}
    alone, together = [], []
    for text, gold in _biored(shared_data / "gold" / "biored"):
        for found, right in ((find_mentions(text), alone), (find_mentions(text, document_species(text)), together)):
            named = [(m.gene, gold.get((m.start, m.end))) for m in found]
            right.extend(
                (gene.species == "human") == (not human.isdisjoint(ids.split(",")))
                for gene, ids in named
                if gene and ids and gene.species != "any"
            )
    assert sum(alone) / len(alone) == pytest.approx(0.715, abs=0.01)
    assert sum(together) / len(together) == pytest.approx(0.844, abs=0.01)


def _biored(folder: Path) -> list[tuple[str, dict[tuple[int, int], str]]]:
    """Each abstract with its genes' spans and Entrez numbers."""
    texts: dict[str, str] = {}
    spans: dict[str, dict[tuple[int, int], str]] = {}
    for name in ("Train.PubTator", "Dev.PubTator"):
        for line in (folder / name).read_text(encoding="utf-8").splitlines():
            pmid, mark, rest = line.partition("|")
            if mark and rest[:2] in ("t|", "a|"):
                texts[pmid] = f"{texts[pmid]} {rest[2:]}" if pmid in texts else rest[2:]
                continue
            fields = line.split("\t")
            if len(fields) == 6 and fields[4] == "GeneOrGeneProduct":
                spans.setdefault(fields[0], {})[int(fields[1]), int(fields[2])] = fields[5]
    return [(text, spans.get(pmid, {})) for pmid, text in texts.items()]
