"""Listening: check what was asked for, tell the address, and answer until told to stop."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from prisyn.web.app import create_app, warm
from prisyn.web.settings import Settings, allowed_hosts, check_settings
from prisyn_base import InputError, Problem


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the server listens, and what it speaks there. `behind_proxy`: somebody else speaks HTTPS for it."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None
    behind_proxy: bool = False

    @property
    def tls(self) -> bool:
        """Whether browsers reach the pages over HTTPS."""
        return self.behind_proxy or self.certificate is not None


def run_server(
    listening: Listening,
    *,
    graph: str,
    runs: tuple[Path, ...],
    jobs: tuple[Path, ...],
    hosts: tuple[str, ...],
    token: str,
    references: tuple[str, ...] = (),
    tell: Callable[[str], None],
) -> None:
    """Serve until a signal says stop. Raises InputError with all that keeps it from being done, or done safely."""
    check_settings(
        graph=graph,
        host=listening.host,
        token=token,
        tls=listening.tls,
        runs=runs,
        jobs=jobs,
        files=_files(listening),
        references=references,
    )
    _check_certificate(listening)
    names = allowed_hosts(listening.host, hosts)
    settings = Settings(graph, jobs, runs, token, names, listening.tls, references)
    # uvicorn finishes what is under way and then raises the signal again; for a server that is the way to end.
    with suppress(KeyboardInterrupt), _listen(listening) as listener:
        scheme = "https" if listening.certificate else "http"
        host = f"[{listening.host}]" if ":" in listening.host else listening.host
        tell(f"serving {graph} at {scheme}://{host}:{listener.getsockname()[1]}/ until Ctrl-C")
        app = create_app(settings)
        threading.Thread(target=warm, args=(app,), daemon=True).start()
        config = uvicorn.Config(
            app,
            log_level="warning",
            ssl_certfile=listening.certificate,
            ssl_keyfile=listening.key,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=2,
        )
        uvicorn.Server(config).run(sockets=[listener])


def _files(listening: Listening) -> tuple[Path, ...]:
    return tuple(path for path in (listening.certificate, listening.key) if path is not None)


def _check_certificate(listening: Listening) -> None:
    """Raises InputError where the certificate and its key cannot be used, or one comes without the other."""
    if listening.certificate is None and listening.key is None:
        return
    expected, mend = "a certificate and its key, both in PEM and without a password", "give both, as they were issued"
    if listening.certificate is None or listening.key is None:
        raise InputError([Problem("--certificate, --key", "one without the other", expected, mend)])
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(listening.certificate, listening.key, password="")
    except (ssl.SSLError, OSError) as error:
        found = str(error)
        raise InputError([Problem(str(listening.certificate), found, expected, mend)]) from error


def _listen(listening: Listening) -> socket.socket:
    """A listening socket: a port that is taken is told before anything starts."""
    family = socket.AF_INET6 if ":" in listening.host else socket.AF_INET
    try:
        return socket.create_server((listening.host, listening.port), family=family, backlog=64)
    except OSError as error:
        found = error.strerror or str(error)
        mend = "give another --port, or 0 for a free one, or another --host"
        raise InputError([Problem("--port", f"{listening.port}: {found}", "a free port", mend)]) from error
