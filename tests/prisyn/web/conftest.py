"""Pages over two graphs: one small enough to know by heart, and one whose every text is an attack."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from grn_extract import Document
from grn_extract.jobs import JobState
from grn_extract.jobs.reading import Aside, Failure, Reading
from kg import Effect, Evidence, Gene, Provenance, SourceKind, open_store, resolve
from prisyn.web import Settings, create_app

Serving = Callable[[Settings], AbstractContextManager[str]]

SAYS = {Effect.ACTIVATION: "activates", Effect.REPRESSION: "represses", Effect.UNKNOWN: "regulates"}

EDGES = (
    ("GATA1", "HBB", Effect.ACTIVATION, 3),
    ("KLF1", "HBB", Effect.ACTIVATION, 2),
    ("BCL11A", "HBB", Effect.REPRESSION, 1),
    ("SPI1", "HBB", Effect.UNKNOWN, 1),
    ("GATA1", "KLF1", Effect.ACTIVATION, 1),
    ("SPI1", "GATA1", Effect.REPRESSION, 2),
    ("GATA1", "SPI1", Effect.REPRESSION, 1),
    ("SPI1", "CSF1R", Effect.ACTIVATION, 2),
    ("SPI1", "LYZ", Effect.ACTIVATION, 1),
    ("CEBPA", "SPI1", Effect.ACTIVATION, 1),
    ("GATA2", "GATA1", Effect.ACTIVATION, 1),
    ("GATA1", "GATA2", Effect.REPRESSION, 1),
)
"""Regulator, target, effect, and how many papers say so."""

HOSTILE = (
    "<script>window.hacked = 1</script> GATA1 activates HBB.",
    "GATA1 activates HBB.</q></td></table><script src=//evil.example/x.js></script>",
    "<img src=x onerror='window.hacked = 1'> GATA1 activates HBB.",
    "<svg/onload=window.hacked=1> GATA1 activates HBB.",
    "<iframe srcdoc='<script>parent.hacked=1</script>'></iframe> GATA1 activates HBB.",
    "<style>* { display: none !important }</style> GATA1 activates HBB.",
    "<link rel=stylesheet href=//evil.example/x.css><base href=//evil.example/> GATA1 activates HBB.",
    "<form action=//evil.example><button autofocus onfocus=window.hacked=1>GATA1 activates HBB",
    "<a href='javascript:window.hacked=1'>GATA1</a> activates HBB.",
    "<div hx-get='/who' hx-trigger='load' hx-on:load='window.hacked=1'>GATA1</div> activates HBB.",
    "<meta http-equiv=refresh content='0;url=//evil.example'> GATA1 activates HBB.",
    "{{ 7 * 7 }} {% raw %} ${7*7} #{7*7} GATA1 activates HBB.",
    "'\"`--> GATA1 activates HBB ]]> \\u003cscript\\u003e &lt;script&gt;",
    "GATA1\u202e activates \u2066HBB\u2069 \u200b\u200dno\ufeff \x00\x07\x1b[31mnothing.",
    "GA\u0422A1 (Cyrillic) and G\u0410TA1 activate HBB" + "\u0301" * 60 + ".",
    "\U000e0047\U000e0041 GATA1 activates HBB \ufdd0 \U0010ffff.",
    "MATCH (n) DETACH DELETE n; GATA1 activates HBB.'}) DETACH DELETE n //",
    "'); DROP TABLE evidence; -- GATA1 activates HBB.",
    "GATA1 activates HBB " + "A" * 5000,
    "x" * 120_000 + " GATA1 activates HBB.",
)
"""Quotes that would run, fetch, hide, submit or delete something, or look like something else, if anything let them."""


def _gene(name: str) -> Gene:
    found = resolve(name).gene
    assert found is not None
    return found


def _statements() -> Iterator[Evidence]:
    """Every paper of `EDGES` a statement; one denial, one guess, one database row and one dispute about a sign."""
    number = 100
    for regulator, target, effect, papers in EDGES:
        for _ in range(papers):
            number += 1
            quote = f"In erythroid cells {regulator} {SAYS[effect]} {target} ({number})."
            yield _said(regulator, target, effect, quote, f"PMID:{number}")
    yield _said("GATA1", "LYZ", Effect.ACTIVATION, "GATA1 does not activate LYZ.", "PMID:301", negated=True)
    yield _said("KLF1", "CD44", Effect.ACTIVATION, "KLF1 may activate CD44.", "PMID:302", hypothetical=True)
    yield _said("SPI1", "LYZ", Effect.REPRESSION, "SPI1 represses LYZ.", "PMID:303")
    row = "SPI1\tIL1B\tActivation\t8632999"
    yield _said("SPI1", "IL1B", Effect.ACTIVATION, row, "PMID:8632999", kind=SourceKind.DATABASE)


def _hostile_statements() -> Iterator[Evidence]:
    """Every hostile text as a quote, as the name of a document and as that of a reader; and a hostile gene."""
    evil = Gene("X:<img src=x onerror=window.hacked=1>", "<script>window.hacked=1</script>", "<b>", _gene("HBB").kind)
    for number, text in enumerate(HOSTILE):
        yield _said(
            "GATA1", "HBB", Effect.ACTIVATION, text, f"PMID:{number}<script>", document=text[:300], reader=text[:60]
        )
        yield Evidence(evil, _gene("HBB"), Effect.REPRESSION, f"doc{number}", text, Provenance("embedded"))
        yield Evidence(_gene("GATA1"), evil, Effect.UNKNOWN, f"doc{number}", text, Provenance("embedded"))


def _said(
    regulator: str,
    target: str,
    effect: Effect,
    quote: str,
    paper: str,
    *,
    document: str = "",
    reader: str = "embedded",
    kind: SourceKind = SourceKind.TEXT,
    negated: bool = False,
    hypothetical: bool = False,
) -> Evidence:
    return Evidence(
        _gene(regulator),
        _gene(target),
        effect,
        document or paper,
        quote,
        Provenance("trrust" if kind is SourceKind.DATABASE else reader, score=0.5),
        kind=kind,
        end=len(quote),
        paper=paper,
        negated=negated,
        hypothetical=hypothetical,
    )


@pytest.fixture(scope="session")
def statement() -> Callable[..., Evidence]:
    """`statement("GATA1", "HBB", Effect.ACTIVATION, quote, paper)`: one statement of a text."""
    return _said


@pytest.fixture(scope="session")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `known.db` and `hostile.db`."""
    folder = tmp_path_factory.mktemp("graphs")
    for name, evidence in (("known", _statements()), ("hostile", _hostile_statements())):
        with open_store(folder / f"{name}.db") as store:
            store.add(evidence)
    return folder


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run leaves behind for these pages: a report and its facts, and a job with texts read and not read."""
    folder = tmp_path_factory.mktemp("run")
    report = "<!DOCTYPE html><html lang=en><title>Report</title><h1>Audit</h1><script>document.title='ran'</script>"
    (folder / "audit.html").write_text(report)
    (folder / "audit.json").write_text('{"verdict": {"outcome": "pass", "headline": "Nothing <b>leaks</b>."}}')
    documents = [Document(f"PMID:{n}", "", f"GATA1 activates HBB {n}.", "test") for n in range(5)]
    with JobState(folder / "extract" / "job") as state:
        state.begin(readers=1)
        texts = state.enrol(documents, "settings")
        for text in texts[:3]:
            passed = tuple(_statements())[:2]
            state.finish(text, Reading(passed, (Aside("{<i>}", ("not in the text",)),), calls=2, tokens=10, cost=0.25))
        state.quarantine(texts[3], Failure("the server answered <nonsense>", True))
        state.end()
    return folder


@pytest.fixture(scope="session")
def steps(graphs: Path) -> int:
    """Steps of .05 of the belief slider that hide an edge of one paper and keep one of two, as readers weigh now."""
    with open_store(graphs / "known.db") as store:
        one, two = (store.grn().edge(name, "HBB").belief for name in ("BCL11A", "KLF1"))
    found = int(one / 0.05) + 1
    assert found * 0.05 <= two
    return found


@pytest.fixture
def known(graphs: Path, run_folder: Path, tmp_path: Path) -> Settings:
    """Settings of pages over a copy of the known graph, on which decisions may be made."""
    graph = shutil.copy(graphs / "known.db", tmp_path / "grn.db")
    return Settings(str(graph), runs=(run_folder,))


@pytest.fixture
def hostile(graphs: Path, tmp_path: Path) -> Settings:
    """Settings of pages over a copy of the hostile graph."""
    return Settings(str(shutil.copy(graphs / "hostile.db", tmp_path / "grn.db")))


@pytest.fixture
def visit() -> Iterator[Callable[..., TestClient]]:
    """`visit(settings)` is a browser without scripts; `visit(settings, curator="Ada")` has said who it is."""
    opened: list[FastAPI] = []

    def client(settings: Settings, curator: str = "", address: str = "http://127.0.0.1:8765") -> TestClient:
        opened.append(create_app(settings))
        cookies = {"prisyn_curator": curator} if curator else None
        return TestClient(opened[-1], base_url=address, follow_redirects=False, cookies=cookies)

    yield client
    for app in opened:
        app.state.querying.close()
        app.state.access.close()


@pytest.fixture(scope="session")
def serving() -> Serving:
    """`with serving(settings) as address:` answers real browsers on a free port."""

    @contextmanager
    def serve(settings: Settings) -> Iterator[str]:
        server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_level="warning"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join(timeout=20)

    return serve
