from __future__ import annotations

from pathlib import Path

import pytest

from kg._lookup import TABLES, table
from kg.tables import build, main
from prisyn_base import InputError


def test_the_packaged_tables_are_small():
    assert sum(path.stat().st_size for path in TABLES.iterdir()) < 2_500_000


def test_every_packaged_table_has_its_source_and_licence_stated():
    stated = (TABLES / "SOURCES.md").read_text()
    assert [path.name for path in TABLES.iterdir() if f"`{path.name}`" not in stated] == ["SOURCES.md"]


def test_every_family_member_is_a_known_gene_or_family():
    genes = {f"HGNC:{row[0]}" for row in table("human.tsv.gz")}
    families = {f"FPLX:{row[0]}" for row in table("families.tsv.gz")}
    members = {member for row in table("families.tsv.gz") for member in row[2].split("|") if member}
    assert members <= genes | families
    assert {row[2] for row in table("curated.tsv.gz") if row[1] == "is"} <= genes


def test_every_own_name_is_of_a_known_gene_or_family_or_of_neither_and_needed_once():
    rows = [line.split("\t") for line in (TABLES / "own_names.tsv").read_text(encoding="utf-8").splitlines()]
    known = {f"HGNC:{row[0]}" for row in table("human.tsv.gz")} | {f"FPLX:{row[0]}" for row in table("families.tsv.gz")}
    assert {curie.partition(":")[0] for _, curie in rows if curie not in known} == {"GO", "IP", "SO", "UP"}
    assert len({name for name, _ in rows}) == len(rows)


def test_the_demo_table_keeps_the_four_columns_of_trrust():
    rows = [line.split("\t") for line in (TABLES / "trrust_demo.tsv").read_text().splitlines()]
    assert len(rows) > 500
    assert {row[2] for row in rows} == {"Activation", "Repression", "Unknown"}
    assert all(pmid.isdecimal() for row in rows for pmid in row[3].split(";"))


def test_the_sources_give_the_packaged_bytes_again(shared_data, tmp_path):
    panel = tmp_path / "panel.txt"
    panel.write_text("\n".join(line.split("\t")[1] for line in (TABLES / "trrust_demo.tsv").read_text().splitlines()))
    out = tmp_path / "out"
    folders = ["--names", str(shared_data / "names"), "--kb", str(shared_data / "kb")]
    main(["build", *folders, "--panel", str(panel), "--out", str(out)])
    for path in out.iterdir():
        assert path.read_bytes() == (TABLES / path.name).read_bytes(), path.name


def test_missing_sources_are_all_named_at_once(tmp_path):
    with pytest.raises(InputError) as error:
        build(tmp_path, Path("/nowhere"), [], tmp_path)
    assert len(error.value.problems) == 13
    assert list(tmp_path.iterdir()) == []
