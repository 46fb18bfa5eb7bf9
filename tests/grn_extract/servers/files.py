"""A server of one file on loopback, which can resume, break off and be down."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Server:
    """The file and its tag. `faults` are used up, one a request: a status, or how many bytes are sent of the rest."""

    body: bytes
    tag: str = '"one"'
    url: str = ""
    faults: list[tuple[str, int]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@contextmanager
def serve(body: bytes) -> Iterator[Server]:
    """A server of these bytes for as long as the block lasts."""
    server = Server(body)
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    server.url = f"http://127.0.0.1:{http.server_address[1]}/file.tsv"
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range", "")
            server.asked.append(asked)
            kind, amount = server.faults.pop(0) if server.faults else ("", 0)
            if kind == "status":
                self.send_response(amount)
                self.end_headers()
                return
            start = int(asked.removeprefix("bytes=").rstrip("-")) if self._same_file() else 0
            rest = server.body[start:]
            self.send_response(206 if start else 200)
            self.send_header("ETag", server.tag)
            self.send_header("Content-Length", str(len(rest)))
            self.end_headers()
            self.wfile.write(rest[:amount] if kind == "cut" else rest)

        def _same_file(self) -> bool:
            return bool(self.headers.get("Range")) and self.headers.get("If-Range") == server.tag

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing: the requests are in `asked`."""

    return Handler
