"""Pages over two graphs: one small enough to know by heart, and one whose every text is an attack."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from grn_extract import Document
from grn_extract.jobs import JobState
from grn_extract.jobs.reading import Aside, Failure, Reading
from kg import Effect, ErrorKind, Evidence, Gene, Provenance, SourceKind, Verdict, open_store, resolve
from kg.decisions import decide
from prisyn.web import Settings, create_app
from prisyn.web.identity import clean_name

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
    "{{ 719 * 983 }} {% raw %} ${719*983} #{719*983} GATA1 activates HBB.",
    "'\"`--> GATA1 activates HBB ]]> \\u003cscript\\u003e &lt;script&gt;",
    "GATA1\u202e activates \u2066HBB\u2069 \u200b\u200dno\ufeff \x00\x07\x1b[31mnothing.",
    "GA\u0422A1 (Cyrillic) and G\u0410TA1 activate HBB" + "\u0301" * 60 + ".",
    "\U000e0047\U000e0041 GATA1 activates HBB \ufdd0 \U0010ffff.",
    "MATCH (n) DETACH DELETE n; GATA1 activates HBB.'}) DETACH DELETE n //",
    "'); DROP TABLE evidence; -- GATA1 activates HBB.",
    "GATA1 activates HBB " + "A" * 5000,
    "x" * 120_000 + " GATA1 activates HBB.",
    "<math><mtext><table><mglyph><style><img src=x onerror=window.hacked=1> GATA1 activates HBB.",
    "<noscript><p title='</noscript><img src=x onerror=window.hacked=1>'> GATA1 activates HBB.",
    "<object data=javascript:window.hacked=1></object><embed src=//evil.example/x> GATA1 activates HBB.",
    "<input autofocus onfocus=window.hacked=1><details open ontoggle=window.hacked=1> GATA1 activates HBB.",
    "<svg><animate onbegin=window.hacked=1 attributeName=x></svg><svg><use href='data:image/svg+xml,x#x'/></svg> GATA1",
    "<p style='position:fixed;inset:0;background:url(//evil.example/x)'>GATA1 activates HBB.</p>",
    "</textarea></title></script><script>window.hacked=1</script> GATA1 activates HBB.",
    "&lt;script&gt;window.hacked=1&lt;/script&gt; &#60;img src=x onerror=window.hacked=1&#62; GATA1 activates HBB.",
    "\uff1cscript\uff1ewindow.hacked=1\uff1c/script\uff1e \u02bascript\u02ba GATA1 activates HBB.",
    "MATCH (g:Gene {symbol: '\\'}) DETACH DELETE g WITH 1 AS x LOAD CSV FROM 'file:///etc/passwd' AS y RETURN y //'",
    "\u2028\u2029GATA1\u00ad activates\u061c HBB\u180e.\u3164\u115f",
    '=HYPERLINK("//evil.example","GATA1 activates HBB")',
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


NAMES = (
    "<script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    "'\"><svg onload=window.hacked=1>",
    "HB\u202eB",
    "H\u200bBB",
    "\u041d\u0412\u0412",
    "{{ 719 * 983 }}",
    "'}) DETACH DELETE n //",
    "javascript:window.hacked=1",
)
"""What somebody who means harm may call a gene, a curator or a folder; the sixth looks like HBB and is Cyrillic."""


def _hostile_statements() -> Iterator[Evidence]:
    """Every hostile text as a quote, as the name of a document and as that of a reader; and a hostile gene."""
    evil = Gene("X:<img src=x onerror=window.hacked=1>", "<script>window.hacked=1</script>", "<b>", _gene("HBB").kind)
    for number, text in enumerate(HOSTILE):
        yield _said(
            "GATA1", "HBB", Effect.ACTIVATION, text, f"PMID:{number}<script>", document=text[:300], reader=text[:60]
        )
        yield Evidence(evil, _gene("HBB"), Effect.REPRESSION, f"doc{number}", text, Provenance("embedded"))
        yield Evidence(_gene("GATA1"), evil, Effect.UNKNOWN, f"doc{number}", text, Provenance("embedded"))
    for number, name in enumerate(NAMES):
        gene = Gene(f"X:{number}{name}", name, "human", _gene("HBB").kind)
        yield Evidence(gene, _gene("HBB"), Effect.ACTIVATION, "doc", HOSTILE[0], Provenance("embedded"))
        yield Evidence(
            _gene("KLF1"), gene, Effect.REPRESSION, "doc", HOSTILE[1], Provenance("embedded"), negated=number == 1
        )


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


HOSTILE_PAGES = (
    "/",
    "/gene/HGNC:4827",
    "/gene/HGNC:4170",
    "/gene/" + quote(f"X:0{NAMES[0]}"),
    "/gene/" + quote("X:<img src=x onerror=window.hacked=1>"),
    "/edge?regulator=HGNC:4170&target=HGNC:4827",
    "/search?q=%3Cscript%3Ewindow.hacked=2%3C/script%3E",
    "/paths?from=GATA1&to=" + quote(NAMES[1]),
    "/paths?from=KLF1&to=HBB",
    "/connect?genes=GATA1,HBB,KLF1&join=bridges",
    "/connect?genes=" + quote("<img src=x onerror=window.hacked=2>\n" + NAMES[2]),
    "/hubs",
    "/motifs",
    "/contradictions",
    "/changes?since=2020-01-01",
    "/changes?since=" + quote(NAMES[0]),
    "/compare?reference=1",
    "/cypher?query=" + quote("MATCH (g:Gene) RETURN g.symbol AS `<script>window.hacked=1</script>`, g"),
    "/cypher?query=" + quote("<img src=x onerror=window.hacked=2>"),
    "/review",
    "/review/disagreements",
    "/jobs",
    "/jobs/1",
    "/reports",
)
"""Every page on which something of the hostile graph, or of a hostile address, is shown."""


@pytest.fixture(scope="session")
def hostile_pages() -> tuple[str, ...]:
    """Addresses at which hostile texts are shown."""
    return HOSTILE_PAGES


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
    """Settings of pages over a copy of the hostile graph, with hostile decisions, folders and a hostile job."""
    graph = shutil.copy(graphs / "hostile.db", tmp_path / "grn.db")
    with open_store(graph) as store:
        said = list(store.evidence("HGNC:4170", "HGNC:4827"))
        for number, name in enumerate(NAMES):
            verdict = Verdict.ACCEPT if number % 2 else Verdict.UNSURE
            store.decide([decide(said[0], verdict, curator=clean_name(name), comment=" ".join(name.split()))])
        store.decide([decide(said[0], Verdict.REJECT, curator="Eve", error=ErrorKind.OTHER, comment=HOSTILE[0])])
    run = tmp_path / "<img src=x onerror=window.hacked=1>"
    with JobState(run / "extract" / "job") as state:
        state.begin(readers=1)
        texts = state.enrol([Document(name, "", "GATA1 activates HBB.", "test") for name in NAMES[:3]], "settings")
        state.finish(texts[0], Reading((), (Aside(HOSTILE[0], (HOSTILE[2],)),), calls=1, tokens=1, cost=0.0))
        for text in texts[1:]:
            state.quarantine(text, Failure(HOSTILE[3], True))
        state.end()
    verdict = {"outcome": NAMES[0], "headline": HOSTILE[2]}
    (run / "audit.json").write_text(json.dumps({"verdict": verdict}), encoding="utf-8")
    (run / "audit.html").write_text(
        f"<!DOCTYPE html><html lang=en><title>R</title><h1>Audit</h1>{HOSTILE[0]}{HOSTILE[2]}"
    )
    return Settings(str(graph), runs=(run,), references=(str(graphs / "hostile.db"),))


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
