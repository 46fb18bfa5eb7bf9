"""A database's file is downloaded once, whole, resumed where it broke off, and checked each time it is used."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from grn_extract import download_database
from grn_extract.databases._address import Address
from grn_extract.databases._download import fetch
from prisyn_base import InputError

_DOUBLE = Path(__file__).parent / "servers" / "files.py"
_SPEC = importlib.util.spec_from_file_location("files_double", _DOUBLE)
assert _SPEC is not None
assert _SPEC.loader is not None
double: Any = importlib.util.module_from_spec(_SPEC)
sys.modules["files_double"] = double
_SPEC.loader.exec_module(double)

BODY = b"".join(b"SPI1\tLYZ\tActivation\t%d\n" % n for n in range(1, 20_001))


def get(server: Any, folder: Path, **options: Any) -> Path:
    return fetch(Address(server.url), folder / "a.tsv", backoff=0.01, **options)


def test_a_file_is_downloaded_once_with_its_checksum_on_record(tmp_path: Path) -> None:
    with double.serve(BODY) as server:
        assert get(server, tmp_path).read_bytes() == BODY
        assert get(server, tmp_path).read_bytes() == BODY
        assert len(server.asked) == 1
    record = json.loads((tmp_path / "a.tsv.json").read_text())
    assert (record["sha256"], record["bytes"]) == (hashlib.sha256(BODY).hexdigest(), len(BODY))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.tsv", "a.tsv.json"]


def test_a_file_that_was_changed_on_the_disk_is_downloaded_again(tmp_path: Path) -> None:
    with double.serve(BODY) as server:
        get(server, tmp_path).write_bytes(BODY[:-1] + b"x")
        assert get(server, tmp_path).read_bytes() == BODY


def test_a_download_that_breaks_off_goes_on_behind_what_came(tmp_path: Path) -> None:
    with double.serve(BODY) as server:
        server.faults = [("status", 503), ("cut", 200_000), ("status", 429), ("cut", 100_000)]
        assert get(server, tmp_path).read_bytes() == BODY
    starts = [int(asked.removeprefix("bytes=").rstrip("-") or 0) for asked in server.asked]
    assert starts[:2] == [0, 0]
    assert 0 < starts[2] == starts[3] < starts[4]


def test_a_file_that_changed_in_between_is_begun_again(tmp_path: Path) -> None:
    with double.serve(BODY) as server:
        server.faults = [("cut", 200_000)]
        with pytest.raises(InputError):
            get(server, tmp_path, tries=1)
        server.body, server.tag = BODY[::-1], '"two"'
        assert get(server, tmp_path).read_bytes() == BODY[::-1]


def test_upstream_having_changed_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    with double.serve(BODY) as server:
        get(server, tmp_path).unlink()
        server.body = BODY + b"SPI1\tCD14\tUnknown\t1\n"
        get(server, tmp_path, tell=told.append)
    assert any("has changed since" in text for text in told)


def test_another_file_than_the_pinned_one_is_refused_and_not_kept(tmp_path: Path) -> None:
    with double.serve(BODY) as server:
        with pytest.raises(InputError, match="SHA-256"):
            get(server, tmp_path, sha256="0" * 64)
        assert list(tmp_path.glob("a.tsv")) == []
        assert get(server, tmp_path, sha256=hashlib.sha256(BODY).hexdigest()).read_bytes() == BODY


@pytest.mark.parametrize("body", [b"<!DOCTYPE html><html>moved</html>", b""])
def test_a_page_or_nothing_in_place_of_the_file_is_refused(tmp_path: Path, body: bytes) -> None:
    with double.serve(body) as server, pytest.raises(InputError, match=r"html|nothing"):
        get(server, tmp_path)
    assert not (tmp_path / "a.tsv").exists()


def test_off_the_network_says_what_to_do(tmp_path: Path) -> None:
    with double.serve(BODY) as server:
        pass
    with pytest.raises(InputError, match="give the file") as error:
        get(server, tmp_path, tries=2)
    assert "no connection" in str(error.value)


def test_a_database_without_a_known_address_names_those_that_have_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"trrust \(mouse\)"):
        download_database("dorothea", cache=tmp_path)


def test_the_command_downloads_reads_and_does_not_download_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prisyn.cli import app

    monkeypatch.setenv("PRISYN_CACHE", str(tmp_path / "cache"))
    with double.serve(BODY[:250]) as server:
        command = ["extract", "databases", "trrust", "--download", "--url", server.url]
        for _ in range(2):
            result = CliRunner().invoke(app, [*command, "--graph", str(tmp_path / "grn.db")])
            assert result.exit_code == 0, result.output
    assert len(server.asked) == 1
