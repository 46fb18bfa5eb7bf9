"""An OpenAI-compatible server that reads by one simple rule, and fails as often as it is told to.

Run it as a process of its own (it outlives a client's `kill -9`) or inside a test:

    python openai_double.py --port 0 --faults 0.3 --seed 7 --log paid.jsonl     # prints its port, then serves
    with running(Double(faults=0.3, seed=7)) as url: ...

What it does with a call depends on the seed, on what is asked, and on how often that has been asked, and on nothing
else; not on the order in which threads come. A call is known by its header `X-PriSyn-Call`, else by its body. Every
call is one line of the log: `{"key", "time", "nth", "outcome", "paid", "delivered", "document"}`. `paid` says that a
real server would have charged for it, `delivered` that a whole HTTP answer was handed to the network.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

FAULTS = (
    "429",
    "500",
    "503",
    "half",
    "html",
    "prose",
    "empty",
    "hang",
    "dropped",
    "schema",
    "length",
)
"""Not paid for: 429, 500, 503, html, hang, dropped. The rest cost what an answer costs."""

FREE = frozenset({"429", "500", "503", "html", "hang", "dropped", "401", "404", "400"})
CALL_HEADER = "X-PriSyn-Call"
FENCED = re.compile(r"<text ([0-9a-f]+)>\n(.*)\n</text \1>", re.DOTALL)
_NAME = r"([A-Za-z][\w.-]*\w)"
_ACTIVE = re.compile(rf"{_NAME} (does not |may )?(activates?|induces?|represses|repress|inhibits?) {_NAME}")
_PASSIVE = re.compile(rf"{_NAME} is (not |perhaps )?(activated|induced|repressed|inhibited) by {_NAME}")


def statements(text: str) -> list[dict[str, Any]]:
    """What the double reads in a text: `A activates B`, `B is repressed by A`, denied or supposed, nothing else."""
    sentences = re.findall(r"[^.\n]+(?:\.(?!\s)[^.\n]+)*\.?", text)
    ways = ((_ACTIVE, 1, 4), (_PASSIVE, 4, 1))
    return [
        {
            "regulator": match[regulator].rstrip("."),
            "target": match[target].rstrip("."),
            "effect": "activation" if match[3][:3] in ("act", "ind") else "repression",
            "quote": sentence.strip(),
            "negated": "not" in (match[2] or ""),
            "hypothetical": (match[2] or "").strip() in ("may", "perhaps"),
        }
        for sentence in sentences
        for pattern, regulator, target in ways
        for match in pattern.finditer(sentence)
    ]


def answer(body: dict[str, Any]) -> dict[str, Any]:
    """The right answer to one of our prompts, told apart by the fields that its schema asks for."""
    asked = body["messages"][-1]["content"]
    properties = schema_of(body).get("properties", {})
    fenced = FENCED.search(asked)
    found = statements(fenced[2]) if fenced else []
    if "statements" in properties:
        return {"statements": found}
    names = {
        role: line.strip() for role, line in re.findall(r"^(First|Second|Regulator|Target) gene: (.*)$", asked, re.M)
    }
    if "direction" in properties:
        ways = {(item["regulator"], item["target"]) for item in found}
        one, other = names["First"], names["Second"]
        forth, back = (one, other) in ways, (other, one) in ways
        both = "both" if forth and back else "first" if forth else "second" if back else "neither"
        return {"direction": both}
    if "change" in properties:
        pair = (names["Regulator"], names["Target"])
        effects = {item["effect"] for item in found if (item["regulator"], item["target"]) == pair}
        words = {"activation": "raises", "repression": "lowers"}
        return {"change": words[effects.pop()] if len(effects) == 1 else "not stated"}
    genes = re.findall(r"^- (\S+)$", asked, re.M)
    known = [gene for gene in genes if re.match(r"GATA|SPI1|KLF|TP53|STAT|MYC", gene)]
    if "factors" in properties:
        return {"factors": known}
    return {"regulators": [{"name": gene, "effect": "activation"} for gene in known]}


def schema_of(body: dict[str, Any]) -> dict[str, Any]:
    """The JSON schema a call asks for; where it asks in words alone, the field that the words ask for."""
    wanted = body.get("response_format") or {}
    found: dict[str, Any] = wanted.get("json_schema", {}).get("schema", {})
    in_words = re.findall(r'\{"(\w+)":', body["messages"][0]["content"])
    return found or {"properties": dict.fromkeys(in_words)}


@dataclass
class Double:
    """What the server does, and what it has done. `only` bounds the kinds of fault, `hang` is in seconds."""

    faults: float = 0.0
    seed: int = 0
    only: tuple[str, ...] = FAULTS
    hang: float = 5.0
    latency: float = 0.0
    retry_after: str = "0.05"
    models: tuple[str, ...] = ()
    key: str = ""
    refuses: str = ""
    log: Path | None = None
    calls: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    _asked: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def outcome(self, key: str, body: dict[str, Any], authorization: str) -> tuple[str, int]:
        """What happens to this call, and the how-many-eth of its key it is."""
        with self._lock:
            self._asked[key] += 1
            nth = self._asked[key]
            self.bodies.append(body)
        if self.key and authorization != f"Bearer {self.key}":
            return "401", nth
        if self.models and body.get("model") not in self.models:
            return "404", nth
        if self.refuses and self.refuses in body:
            return "400", nth
        draw = hashlib.sha256(f"{self.seed}/{key}/{nth}".encode()).digest()
        if int.from_bytes(draw[:6]) / 2**48 >= self.faults:
            return "ok", nth
        return self.only[draw[7] % len(self.only)], nth

    def note(self, entry: dict[str, Any]) -> None:
        """Keep a line of the log, on disk before anything else happens."""
        with self._lock:
            self.calls.append(entry)
            if self.log is not None:
                with self.log.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps(entry) + "\n")

    def delivered(self) -> Counter[str]:
        """How often each call was paid for and answered."""
        with self._lock:
            return Counter(entry["key"] for entry in self.calls if entry["paid"] and entry["delivered"])


def completion(body: dict[str, Any], text: str, finish: str = "stop") -> dict[str, Any]:
    """A chat completion as the API words it; a token is taken for four characters."""
    asked = sum(len(message["content"]) for message in body["messages"]) // 4
    usage = {"prompt_tokens": asked, "completion_tokens": len(text) // 4, "total_tokens": asked + len(text) // 4}
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text}}
    return {
        "id": "chatcmpl-double",
        "object": "chat.completion",
        "created": 0,
        "model": body.get("model", ""),
        "choices": [choice],
        "usage": usage,
    }


def handler(double: Double) -> type[BaseHTTPRequestHandler]:
    """The request handler of one double."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing on stderr."""

        def do_GET(self) -> None:
            if self.path.endswith("/models"):
                listed = [{"id": name, "object": "model"} for name in double.models or ("double",)]
                self._send(200, json.dumps({"object": "list", "data": listed}))
            else:
                self._send(404, "{}")

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            body = json.loads(raw)
            key = self.headers.get(CALL_HEADER) or hashlib.sha256(raw).hexdigest()
            outcome, nth = double.outcome(key, body, self.headers.get("Authorization", ""))
            time.sleep(double.latency)
            fenced = FENCED.search(body["messages"][-1]["content"])
            entry = {
                "key": key,
                "time": time.time(),
                "nth": nth,
                "outcome": outcome,
                "paid": outcome not in FREE,
                "delivered": outcome not in ("hang", "dropped", "half"),
                "document": hashlib.sha256(fenced[2].encode()).hexdigest()[:16] if fenced else "",
            }
            double.note(entry)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self._answer(outcome, body)

        def _answer(self, outcome: str, body: dict[str, Any]) -> None:
            right = json.dumps(answer(body))
            if outcome == "429":
                error = {"error": {"message": "slow down", "type": "requests", "code": "rate_limit_exceeded"}}
                self._send(429, json.dumps(error), {"Retry-After": double.retry_after})
            elif outcome in ("500", "503"):
                self._send(int(outcome), json.dumps({"error": {"message": "the double is unwell"}}))
            elif outcome == "401":
                shown = self.headers.get("Authorization", "")
                self._send(401, json.dumps({"error": {"message": f"Incorrect API key provided: {shown}"}}))
            elif outcome == "404":
                self._send(404, json.dumps({"error": {"message": f"The model {body.get('model')} does not exist"}}))
            elif outcome == "400":
                self._send(400, json.dumps({"error": {"message": f"{double.refuses} is not supported here"}}))
            elif outcome == "html":
                self._send(200, "<!DOCTYPE html><html><body>Gateway</body></html>", kind="text/html")
            elif outcome == "hang":
                time.sleep(double.hang)
                self._drop()
            elif outcome == "dropped":
                self._drop()
            elif outcome == "half":
                whole = json.dumps(completion(body, right)).encode()
                # The length is that of the half: a proxy that cut the answer off, not a broken connection.
                self._send(200, whole[: len(whole) // 2].decode())
            elif outcome == "empty":
                self._send(200, json.dumps({**completion(body, right), "choices": []}))
            else:
                texts = {
                    "prose": "Certainly! In this abstract, the authors look at several genes of interest.",
                    "schema": json.dumps({"statement": [{"gene": "GATA1", "does": 7}]}),
                    "length": right[: max(1, len(right) // 2)],
                }
                finish = "length" if outcome == "length" else "stop"
                self._send(200, json.dumps(completion(body, texts.get(outcome, right), finish)))

        def _send(
            self, status: int, text: str, headers: dict[str, str] | None = None, kind: str = "application/json"
        ) -> None:
            payload = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(payload)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(payload)

        def _drop(self) -> None:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

    return Handler


def serve(double: Double, port: int = 0) -> ThreadingHTTPServer:
    """The server on loopback, bound and not yet serving."""
    server = ThreadingHTTPServer(("127.0.0.1", port), handler(double))
    server.daemon_threads = True
    return server


@contextlib.contextmanager
def running(double: Double) -> Iterator[str]:
    """The double in threads of this process; its base URL."""
    server = serve(double)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--faults", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default=",".join(FAULTS))
    parser.add_argument("--hang", type=float, default=5.0)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--log", type=Path)
    given = parser.parse_args()
    double = Double(
        faults=given.faults,
        seed=given.seed,
        only=tuple(given.only.split(",")),
        hang=given.hang,
        latency=given.latency,
        log=given.log,
    )
    server = serve(double, given.port)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
