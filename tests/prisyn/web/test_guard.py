"""Who is let in, what is refused, and what a hostile text can do: nothing."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient

from prisyn.web import Settings, check_settings
from prisyn.web.guard import HEADERS, LARGEST_FORM, POLICY
from prisyn.web.server import Listening, run_server
from prisyn.web.settings import allowed_hosts
from prisyn_base import InputError

Visit = Callable[..., TestClient]
TOKEN = "a token of many letters"


def key_of(client: TestClient, address: str = "/who") -> str:
    """The key of a page's form."""
    found = re.search(r'name="key" value="([0-9a-f]+)"', client.get(address).text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8765", "127.0.0.1.evil.example", "", "[::1].evil"])
def test_a_name_that_is_not_ours_is_refused_so_no_site_can_point_its_name_here(
    known: Settings, visit: Visit, host: str
) -> None:
    answer = visit(known).get("/", headers={"Host": host})
    assert answer.status_code == 421
    assert "HBB" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost", "LOCALHOST:1", "[::1]:8765"])
def test_the_names_of_this_machine_are_answered(known: Settings, visit: Visit, host: str) -> None:
    assert visit(known).get("/who", headers={"Host": host}).status_code == 200


def test_a_name_that_was_allowed_is_answered(known: Settings, visit: Visit) -> None:
    settings = replace(known, hosts=allowed_hosts("0.0.0.0", ["GRN.lab.org"]))
    assert visit(settings).get("/who", headers={"Host": "grn.lab.org"}).status_code == 200


@pytest.mark.parametrize(
    "address", ["/", "/nowhere", "/static/pages.css", "/gene/HGNC:4827", "/export?gene=HGNC:4827&format=tsv"]
)
def test_every_answer_carries_the_policy(known: Settings, visit: Visit, address: str) -> None:
    headers = visit(known).get(address).headers
    assert {name: headers[name] for name in HEADERS} == HEADERS


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    assert "unsafe" not in POLICY
    assert "http" not in POLICY
    assert "*" not in POLICY
    assert POLICY.startswith("default-src 'none'")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_of_another_site_is_refused_even_with_the_key(
    known: Settings, visit: Visit, headers: dict[str, str]
) -> None:
    client = visit(known)
    answer = client.post("/who", data={"key": key_of(client), "name": "Eve"}, headers=headers)
    assert answer.status_code == 403
    assert "prisyn_curator" not in answer.headers.get("set-cookie", "")


@pytest.mark.parametrize("key", ["", "0" * 64, "ä"])
def test_a_form_without_its_key_is_refused(known: Settings, visit: Visit, key: str) -> None:
    client = visit(known)
    client.get("/who")
    assert client.post("/who", data={"key": key, "name": "Eve"}).status_code in (403, 422)


def test_the_key_of_another_session_opens_nothing(known: Settings, visit: Visit) -> None:
    client = visit(known)
    theirs = key_of(client)
    client.cookies.clear()
    assert client.post("/who", data={"key": theirs, "name": "Eve"}).status_code == 403


def test_a_form_of_the_page_is_taken(known: Settings, visit: Visit) -> None:
    client = visit(known)
    answer = client.post("/who", data={"key": key_of(client), "name": " Ada\u202e  L. "})
    assert answer.headers["location"] == "/review"
    assert "prisyn_curator=Ada%20L.;" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    "then", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:1", "\r\n/x"]
)
def test_a_form_leads_nowhere_else(known: Settings, visit: Visit, then: str) -> None:
    client = visit(known)
    answer = client.post("/who", data={"key": key_of(client), "name": "Ada", "then": then})
    assert answer.headers["location"] == "/review"


def test_what_is_too_large_or_of_another_method_is_refused(known: Settings, visit: Visit) -> None:
    client = visit(known)
    assert client.post("/who", data={"key": "", "name": "x" * LARGEST_FORM}).status_code == 413
    assert client.post("/who", content=iter([b"name=x"])).status_code == 413
    for method in ("PUT", "DELETE", "PATCH", "TRACE"):
        assert client.request(method, "/who").status_code == 405


@pytest.fixture
def guarded(known: Settings) -> Settings:
    return replace(known, token=TOKEN, tls=True, hosts=frozenset({"grn.lab.org"}))


def test_nothing_is_seen_without_the_token(guarded: Settings, visit: Visit) -> None:
    client = visit(guarded, address="https://grn.lab.org")
    for address in ("/", "/gene/HGNC:4827", "/export?gene=HGNC:4827&format=tsv", "/reports/1/audit.html", "/jobs/1"):
        answer = client.get(address)
        assert (answer.status_code, answer.headers["location"], answer.text) == (303, "/login", "")
    assert client.post("/review", data={"act": "accept"}).headers["location"] == "/login"


@pytest.mark.parametrize("given", ["", "wrong", TOKEN[:-1], TOKEN + " ", "ä"])
def test_another_token_lets_nobody_in(guarded: Settings, visit: Visit, given: str) -> None:
    client = visit(guarded, address="https://grn.lab.org")
    assert client.post("/login", data={"key": key_of(client, "/login"), "token": given}).status_code == 403
    assert client.get("/").status_code == 303


def test_the_token_lets_in_by_a_cookie_that_no_script_and_no_other_site_uses(guarded: Settings, visit: Visit) -> None:
    client = visit(guarded, address="https://grn.lab.org")
    answer = client.post("/login", data={"key": key_of(client, "/login"), "token": TOKEN})
    (given,) = (value for value in answer.headers.get_list("set-cookie") if value.startswith("prisyn_access="))
    assert TOKEN not in given
    assert {"HttpOnly", "SameSite=Strict", "Secure", "Path=/"} <= set(given.split("; "))
    assert client.get("/").status_code == 200
    stolen = {"Cookie": f"prisyn_session={'0' * 64}; prisyn_access={client.cookies['prisyn_access']}"}
    client.cookies.clear()
    assert client.get("/", headers=stolen).status_code == 303, "a pass is good for its own session alone"


def test_a_start_of_the_server_signs_everybody_out(guarded: Settings, visit: Visit) -> None:
    client = visit(guarded, address="https://grn.lab.org")
    client.post("/login", data={"key": key_of(client, "/login"), "token": TOKEN})
    again = visit(replace(guarded, secret=b"another"), address="https://grn.lab.org")
    again.cookies = client.cookies
    assert again.get("/").status_code == 303


def test_the_settings_do_not_tell_their_secrets() -> None:
    said = repr(Settings("grn.db", token=TOKEN, secret=b"sssecret"))
    assert TOKEN not in said
    assert "sssecret" not in said


def test_others_are_served_with_a_token_and_over_https_alone(known: Settings, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        check_settings(
            graph=str(tmp_path / "gone.db"), host="0.0.0.0", token="", tls=False, jobs=[tmp_path / "gone"], runs=[]
        )
    assert [problem.where for problem in refused.value.problems] == [
        str(tmp_path / "gone.db"),
        str(tmp_path / "gone"),
        "PRISYN_TOKEN",
        "--host",
    ]
    with pytest.raises(InputError, match="at least 16"):
        check_settings(graph=known.graph, host="10.0.0.1", token="short", tls=True)
    check_settings(graph=known.graph, host="10.0.0.1", token=TOKEN, tls=True)
    check_settings(graph=known.graph, host="::1", token="", tls=False)


@pytest.mark.parametrize("given", [{"certificate": "bad.pem"}, {"certificate": "bad.pem", "key": "bad.pem"}])
def test_a_certificate_that_cannot_be_used_is_told_before_anything_listens(
    known: Settings, tmp_path: Path, given: dict[str, str]
) -> None:
    (tmp_path / "bad.pem").write_text("no certificate")
    files = {name: tmp_path / file for name, file in given.items()}
    with pytest.raises(InputError, match="both in PEM"):
        run_server(
            Listening("127.0.0.1", 0, **files),
            graph=known.graph,
            runs=(),
            jobs=(),
            hosts=(),
            token="",
            tell=pytest.fail,
        )


def test_a_port_that_is_taken_is_told(known: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listening = Listening("127.0.0.1", taken.getsockname()[1])
        with pytest.raises(InputError, match="a free port"):
            run_server(listening, graph=known.graph, runs=(), jobs=(), hosts=(), token="", tell=pytest.fail)


ALLOWED = ("/", "#", "data:,", "https://pubmed.", "https://identifiers.")
"""How the addresses on a page begin, other than those of scripts and styles."""

ATTRIBUTES = re.compile(r"(?:href|src|action|formaction|data|srcdoc|poster|background)\Z")
ELEMENTS = frozenset(("iframe", "object", "embed", "base", "img", "math", "animate", "noscript", "video", "audio"))
UNSEEN = "\u202e\u2066\u2069\u200b\u200d\u00ad\u061c\u180e\x00\x07\x1b\ufeff\U000e0047\ufdd0"


class Tags(HTMLParser):
    """The tags of a page as a browser sees them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_no_hostile_text_becomes_a_tag_an_address_or_something_unseen(
    hostile: Settings, visit: Visit, hostile_pages: tuple[str, ...]
) -> None:
    client = visit(hostile, "Mallory <script>")
    for address in hostile_pages:
        answer = client.get(address)
        assert answer.status_code in (200, 404), address
        assert answer.headers["content-security-policy"] == POLICY
        for tag, attributes in Tags(answer.text).found:
            assert tag not in ELEMENTS, f"{address}: {tag}"
            assert not [name for name in attributes if name.startswith(("on", "hx-on", "style"))], f"{address}: {tag}"
            if tag in ("script", "style", "link", "meta"):
                assert str(attributes.get("src") or attributes.get("href") or "/static/").startswith(
                    ("/static/", "data:,")
                )
            for name, value in attributes.items():
                if ATTRIBUTES.match(name):
                    assert str(value).startswith(ALLOWED), f"{address}: {name}={value}"
                    assert not str(value).startswith("//"), f"{address}: {name}={value}"
        # No time of day or count can read like this product.
        assert str(719 * 983) not in answer.text, "a template inside a text was run"
        # What a form sends back is an identifier as it is, and nobody reads it.
        shown = re.sub(r'<input type="hidden"[^>]*>', "", answer.text)
        assert not [character for character in UNSEEN if character in shown], address


@pytest.mark.parametrize("form", ["table", "tsv", "jsonl", "graphml"])
def test_a_file_of_hostile_texts_is_saved_and_never_shown(hostile: Settings, visit: Visit, form: str) -> None:
    client = visit(hostile)
    answer = client.get(f"/paths?from=KLF1&to=HBB&format={form}")
    assert re.fullmatch(r'attachment; filename="[\w.-]+"', answer.headers["content-disposition"])
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "html" not in answer.headers["content-type"]
    if form == "graphml":
        assert len(ElementTree.fromstring(answer.text)) > 0, "what is not allowed in XML is not in it"
