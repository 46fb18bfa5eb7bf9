# ruff: noqa: RUF001
from __future__ import annotations

import time
from itertools import pairwise

import pytest

from kg import (
    GeneKind,
    explain,
    find_mentions,
    gene_by_entrez,
    is_retracted,
    is_tf,
    members,
    resolve,
    resolver,
    suggest,
)
from kg._lookup import table
from kg.names import Resolver
from prisyn_base import InputError

DECISIONS = [
    ("GATA1", None, "HGNC:4170"),
    ("Gata1", None, "MGI:95661"),
    ("Gata1", "human", "HGNC:4170"),
    ("GATA1", "mouse", "MGI:95661"),
    ("gata-1", None, "HGNC:4170"),
    ("hGATA1", None, "HGNC:4170"),
    ("GATA1 gene", None, "HGNC:4170"),
    ("GATA", None, "FPLX:GATA"),
    ("GATA family", None, "FPLX:GATA"),
    ("GATA factors", None, "FPLX:GATA"),
    ("NF-kB", None, "FPLX:NFkappaB"),
    ("NFκB", None, "FPLX:NFkappaB"),
    ("NF-κB", "mouse", "FPLX:NFkappaB"),
    ("p65", None, "HGNC:9955"),
    ("AP-1", None, "FPLX:AP1"),
    ("AP-1 complex", None, "FPLX:AP1"),
    ("STAT5", None, "FPLX:STAT5"),
    ("STAT5A", None, "HGNC:11366"),
    ("TNF-α", None, "HGNC:11892"),
    ("TNFα", None, "HGNC:11892"),
    ("tumor necrosis factor alpha", None, "HGNC:11892"),
    ("IFN-γ", None, "HGNC:5438"),
    ("IFN-γ", "mouse", "MGI:107656"),
    ("IL-2Rα", None, "HGNC:6008"),
    ("IL-6", None, "HGNC:6018"),
    ("interleukin-6", None, "HGNC:6018"),
    ("TGF-β", None, "FPLX:TGFB"),
    ("TGF-β1", None, "HGNC:11766"),
    ("C/EBPα", None, "HGNC:1833"),
    ("β-globin", None, "HGNC:4827"),
    ("PU.1", None, "HGNC:11241"),
    ("PU.1", "mouse", "MGI:98282"),
    ("c-Myc", None, "HGNC:7553"),
    ("c-Jun", None, "HGNC:6204"),
    ("p53", None, "HGNC:11998"),
    ("p53", "mouse", "MGI:98834"),
    ("Trp53", None, "MGI:98834"),
    ("EKLF", None, "HGNC:6345"),
    ("FOG-1", None, "HGNC:19762"),
    ("MLL", None, "HGNC:7132"),
    ("AML1", None, "HGNC:10471"),
    ("erythropoietin", "mouse", "MGI:95407"),
    ("NKX2.5", None, "HGNC:2488"),
    ("HGNC:4170", None, "HGNC:4170"),
    ("NCBIGene:2623", None, "HGNC:4170"),
    ("Nrf2", None, "HGNC:7782"),
    ("SF-1", None, "HGNC:7983"),
    ("SF1", None, "HGNC:12950"),
    ("FOS", None, "HGNC:3796"),
    ("JUN", None, "HGNC:6204"),
    ("FYB", "human", "HGNC:4036"),
]


@pytest.mark.parametrize(("name", "species", "curie"), DECISIONS)
def test_a_name_stands_for(name, species, curie):
    resolution = resolve(name, species)
    assert resolution.gene is not None, resolution.reason
    assert resolution.gene.curie == curie
    assert resolution.candidates[0].gene == resolution.gene
    assert not resolution.ambiguous


def test_nearly_every_approved_symbol_stands_for_its_own_gene():
    symbols = {row[1]: f"HGNC:{row[0]}" for row in table("human.tsv.gz")}
    lost = {symbol for symbol, curie in symbols.items() if getattr(resolve(symbol, "human").gene, "curie", "") != curie}
    assert len(lost) < 10
    assert not lost & {"MYC", "FOS", "JUN", "TNF", "WAS", "SET", "CAT", "IMPACT", "REST", "MAX"}


@pytest.mark.parametrize("name", ["impact", "set", "foobar1", "", "   ", "<script>", "α", "'; DROP TABLE gene; --"])
def test_what_is_not_resolved_says_why(name):
    resolution = resolve(name)
    assert resolution.gene is None
    assert resolution.reason


def test_an_ambiguous_name_stands_for_none_and_lists_all():
    resolution = resolve("ASP", "human")
    assert resolution.ambiguous
    assert resolution.gene is None
    assert len(resolution.candidates) > 1
    assert all(candidate.gene.symbol in resolution.reason for candidate in resolution.candidates[:2])


def test_candidates_are_ranked_and_each_has_its_reason():
    for name, species, _ in DECISIONS:
        candidates = resolve(name, species).candidates
        assert [c.score for c in candidates] == sorted((c.score for c in candidates), reverse=True)
        assert all(0 < c.score <= 1 and c.how and c.reason for c in candidates)


def test_a_species_that_is_not_on_file_is_an_input_error():
    with pytest.raises(InputError, match="human or mouse"):
        resolve("GATA1", "zebrafish")
    assert resolve("GATA1", "Mus musculus") == resolve("GATA1", "10090")


def test_families_stay_families_whose_members_are_known():
    family = resolve("NF-kB").gene
    assert family.kind is GeneKind.FAMILY
    assert [gene.symbol for gene in members(family)] == ["NFKB1", "NFKB2", "REL", "RELA", "RELB"]
    assert "Rela" in [gene.symbol for gene in members(family, "mouse")]
    assert {"FOS", "JUN"} <= {gene.symbol for gene in members(resolve("AP-1").gene)}


def test_a_human_gene_is_found_by_its_number_in_ncbi_gene_and_a_mouse_gene_is_not():
    assert gene_by_entrez("2623") == resolve("GATA1").gene
    assert gene_by_entrez("14460") is None
    assert gene_by_entrez("") is None


def test_transcription_factors_are_known():
    assert all(is_tf(resolve(name).gene) for name in ("GATA1", "Gata1", "SPI1", "NF-kB", "p53"))
    assert not any(is_tf(resolve(name).gene) for name in ("HBB", "IL6", "Actb"))


def test_a_misspelled_name_is_answered_with_near_misses():
    assert suggest("GATTA1")[0] == "GATA1"
    assert len(suggest("RUNX", 3)) == 3
    assert suggest("qqqqqqqqqqqq") == ()


def test_explain_gives_the_decision_in_words():
    assert "RELA" in explain("NF-kB")
    assert "near misses: GATA1" in explain("GATTA1")
    assert "may be any of" in explain("ASP")


def test_retracted_papers_are_known():
    assert is_retracted("PMID:993")
    assert is_retracted("160560")
    assert not is_retracted("PMID:994")
    assert not is_retracted("trrust")


def test_the_resolver_is_ready_within_two_seconds_of_processor_time():
    before = time.process_time()
    Resolver()
    assert time.process_time() - before < 2.0
    assert resolver() is resolver()


def found(text: str, species: str | None = None) -> list[tuple[str, str]]:
    mentions = find_mentions(text, species)
    assert all(text[m.start : m.end] == m.text for m in mentions)
    assert all(a.end <= b.start for a, b in pairwise(mentions))
    return [(m.text, m.gene.symbol) for m in mentions if m.gene]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GATA-1 activates the HBB promoter.", [("GATA-1", "GATA1"), ("HBB", "HBB")]),
        ("PU.1 represses GATA1.", [("PU.1", "SPI1"), ("GATA1", "GATA1")]),
        ("TNF-α-induced NF-κB", [("TNF-α", "TNF"), ("NF-κB", "NFkappaB")]),
        ("C/EBPα and c-Myc bind IL-2Rα", [("C/EBPα", "CEBPA"), ("c-Myc", "MYC"), ("IL-2Rα", "IL2RA")]),
        ("tumor necrosis factor (TNF) levels", [("tumor necrosis factor", "TNF"), ("TNF", "TNF")]),
        ("SMAD2/SMAD3-dependent p53", [("SMAD2", "SMAD2"), ("SMAD3", "SMAD3"), ("p53", "TP53")]),
        ("In mice, Gata1 and Klf1 were", [("Gata1", "Gata1"), ("Klf1", "Klf1")]),
        ("the CAT gene and the WAS gene", [("CAT", "CAT"), ("WAS", "WAS")]),
        ("GATA binding protein 1 (Gata1) rose", [("GATA binding protein 1", "GATA1"), ("Gata1", "Gata1")]),
        ("thymidylate synthetase (TS)", [("thymidylate synthetase", "TYMS"), ("TS", "TYMS")]),
        ("IL-6+TNF, and GATA1 high", [("IL-6", "IL6"), ("TNF", "TNF"), ("GATA1", "GATA1")]),
        ("b-catenin and TNFa", [("b-catenin", "CTNNB1"), ("TNFa", "TNF")]),
        ("interleukin 6 and erythropoietin", [("interleukin 6", "IL6"), ("erythropoietin", "EPO")]),
        (
            "nuclear factor-κB and activator protein-1",
            [("nuclear factor-κB", "NFkappaB"), ("activator protein-1", "AP1")],
        ),
        ("tumour necrosis factor-α levels", [("tumour necrosis factor-α", "TNF")]),
        ("Krüppel-like factor 4 and SF-1", [("Krüppel-like factor 4", "KLF4"), ("SF-1", "NR5A1")]),
    ],
)
def test_genes_are_found_in_a_text(text, expected):
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "It was set to have a large impact on the cat, not the rest.",
        "WAS THERE AN IMPACT? WE DO NOT KNOW.",
        "T cells and B cells were not type I.",
        "An iodide transport defect (ITD) was found; ITD is rare.",
        "CD34+ cells and CD4-positive cells were sorted.",
        "RESULTS: PCR and ELISA of DNA and RNA, 95% CI 1.2.",
        "The level of circ-FOXP1 and lncRNA-ISG20 at 5 mg/L.",
        "Adenoviral E1A, HIV-1 Tat and HTLV-1 Tax were expressed; MHC class II rose.",
        "",
        "1 2 3 10a 5 - 6 / 7",
    ],
)
def test_words_and_short_names_are_not_taken_for_genes(text):
    assert found(text) == []


def test_a_hint_of_species_is_kept():
    assert found("GATA1 and PU.1", "mouse") == [("GATA1", "Gata1"), ("PU.1", "Spi1")]


def test_scanning_is_one_pass():
    text = "GATA1 activates KLF1 but not the other, unrelated words of this sentence. " * 2_000
    before = time.process_time()
    assert len(find_mentions(text)) == 4_000
    assert time.process_time() - before < 10
