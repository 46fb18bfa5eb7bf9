"""What the pages are served from, and to whom."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from prisyn.engine import STAMPS
from prisyn.stages.graph import STORE
from prisyn_base import Problems

SHORTEST_TOKEN = 16
"""Characters; a shorter token could be guessed by trying."""

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


@dataclass(frozen=True, slots=True)
class Settings:
    """The graph, and the folders of jobs and runs, that the pages show, and the graphs it may be compared with.

    `hosts` are the names, lower case and without port, under which a browser may ask; any other is refused, so that
    a page of another site cannot reach this server through a name of its own that it points here (DNS rebinding).
    With a `token` nobody sees anything before giving it. `tls` says that browsers reach the pages over HTTPS.
    `secret` signs cookies and forms; it is new with every start, which signs everybody out.
    """

    graph: str
    jobs: tuple[Path, ...] = ()
    runs: tuple[Path, ...] = ()
    token: str = field(default="", repr=False)
    hosts: frozenset[str] = LOOPBACK_NAMES
    tls: bool = False
    references: tuple[str, ...] = ()
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    @property
    def remade_by(self) -> str:
        """The folder of the run that makes this graph, and would make it anew without what was decided on it; "" where
        no run does."""
        return _remade_by(self.graph)


def _remade_by(graph: str) -> str:
    """The folder of the run whose stage makes this graph, "" for a graph that no run makes."""
    path = Path(graph.removeprefix("file://"))
    run = path.absolute().parent.parent
    return str(path.parent.parent) if path.absolute() == run / STORE and (run / STAMPS / "graph.json").exists() else ""


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine reach a server that listens at `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def allowed_hosts(host: str, more: Iterable[str]) -> frozenset[str]:
    """The names under which a server that listens at `host` answers."""
    own = {f"[{host}]" if ":" in host else host}
    return frozenset(name.lower() for name in (*LOOPBACK_NAMES, *own, *more))


def check_settings(
    *,
    graph: str,
    host: str,
    token: str,
    tls: bool,
    runs: Iterable[Path] = (),
    jobs: Iterable[Path] = (),
    files: Iterable[Path] = (),
    references: Iterable[str] = (),
) -> None:
    """Raises InputError with everything that keeps the pages from being served, or from being served safely.

    `files` are those of the certificate.
    """
    from kg import graph_file, store_problems

    problems = Problems()
    kept = graph_file(graph)
    if kept is not None and not kept.is_file():
        mend = "check the path; `prisyn extract run` or `prisyn kg import` makes a graph"
        problems.add(graph, "no such file", "a graph", mend)
    else:
        problems.extend(store_problems(graph))
    for folder in (*runs, *jobs):
        if not folder.is_dir():
            problems.add(str(folder), "no such folder", "the folder of a run or of a job", "check the path")
    for file in files:
        if not file.is_file():
            problems.add(str(file), "no such file", "a certificate or key in PEM", "check the path")
    if not is_loopback(host):
        if not token:
            mend = "set PRISYN_TOKEN, say to what `python -c 'import secrets; print(secrets.token_urlsafe())'` prints"
            problems.add("PRISYN_TOKEN", "nothing", f"a token, since others reach {host}", mend)
        if not tls:
            mend = "add --certificate and --key, or --behind-proxy where a proxy speaks HTTPS; or serve 127.0.0.1"
            problems.add("--host", f"{host} without HTTPS", "HTTPS: what is sent in clear is everybody's", mend)
    if token and len(token) < SHORTEST_TOKEN:
        problems.add("PRISYN_TOKEN", f"{len(token)} characters", f"at least {SHORTEST_TOKEN}", "choose a longer token")
    problems.raise_if_any()
