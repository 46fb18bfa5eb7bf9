"""Neo4j Community of one's own: fetched once from Maven Central, started on a free port, stopped when done.

Nothing of it is shipped: the server is GPL-3, and only these tests talk to it. As a program it serves a developer:

    python -m tests.kg.neo4j_server        prints NEO4J_URI, NEO4J_USER and NEO4J_PASSWORD, and runs until interrupted
"""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import neo4j
import neo4j.exceptions
from platformdirs import user_cache_path

from prisyn_base import atomic_folder

VERSION = "5.26.30"
STARTS_WITHIN = 480.0
"""Seconds; it takes ten on two idle cores."""

_POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>prisyn</groupId><artifactId>neo4j-for-tests</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.neo4j</groupId><artifactId>neo4j</artifactId><version>{VERSION}</version></dependency>
    <dependency><groupId>org.neo4j.app</groupId><artifactId>neo4j-server</artifactId><version>{VERSION}</version></dependency>
  </dependencies>
</project>
"""
_CONF = """server.bolt.listen_address=127.0.0.1:{port}
server.bolt.advertised_address=127.0.0.1:{port}
server.http.enabled=false
server.https.enabled=false
server.memory.pagecache.size=128m
server.directories.data={home}/data
server.directories.logs={home}/logs
db.tx_log.preallocate=false
db.logs.query.enabled=OFF
dbms.usage_report.enabled=false
"""
_OPENED = ("java.base/java.nio", "java.base/java.io", "java.base/sun.nio.ch", "java.base/java.util.concurrent")
_JAVA = ("java", "-Xmx768m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dlog4j2.disable.jmx=true")


class Unprovided(RuntimeError):
    """There is no server to test with; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where it answers, and who may ask."""

    url: str
    user: str
    password: str
    process: subprocess.Popen[bytes] | None = None


def jars() -> Path:
    """The folder of the server's jars, fetched when it is not there. Raises Unprovided."""
    folder = user_cache_path("prisyn-tests") / f"neo4j-{VERSION}"
    if not folder.is_dir():
        if missing := [name for name in ("java", "mvn") if shutil.which(name) is None]:
            raise Unprovided(f"Neo4j for the tests needs {' and '.join(missing)}: install a JDK 17 and Maven")
        with atomic_folder(folder) as partial, tempfile.TemporaryDirectory() as project:
            pom = Path(project) / "pom.xml"
            pom.write_text(_POM, encoding="utf-8")
            fetch = ("dependency:copy-dependencies", f"-DoutputDirectory={partial}", "-DincludeScope=runtime")
            done = subprocess.run(["mvn", "-q", "-B", "-f", pom, *fetch], capture_output=True, text=True, check=False)
            if done.returncode:
                raise Unprovided(f"Maven could not fetch Neo4j {VERSION}: {done.stdout[-2000:]}")
    return folder


@contextmanager
def running(home: Path) -> Iterator[Server]:
    """A server with an empty database under `home`, and a password that nobody knows beforehand. Raises Unprovided."""
    port = _free_port()
    (home / "conf").mkdir(parents=True)
    (home / "conf" / "neo4j.conf").write_text(_CONF.format(port=port, home=home), encoding="utf-8")
    main = ("-cp", f"{jars()}/*", "org.neo4j.server.CommunityEntryPoint")
    opened = [f"--add-opens={package}=ALL-UNNAMED" for package in _OPENED]
    where = (f"--home-dir={home}", f"--config-dir={home}/conf", "--console-mode")
    with (home / "output").open("wb") as output:
        process = subprocess.Popen([*_JAVA, *opened, *main, *where], stdout=output, stderr=subprocess.STDOUT)
    try:
        password = secrets.token_urlsafe(16)
        _set_password(f"bolt://127.0.0.1:{port}", password, process, home)
        yield Server(f"neo4j://127.0.0.1:{port}", "neo4j", password, process)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _set_password(url: str, password: str, process: subprocess.Popen[bytes], home: Path) -> None:
    """Wait until the server answers, and replace the password that a new one has."""
    until = time.monotonic() + STARTS_WITHIN
    with neo4j.GraphDatabase.driver(url, auth=("neo4j", "neo4j"), max_transaction_retry_time=0) as driver:
        while time.monotonic() < until and process.poll() is None:
            with suppress(neo4j.exceptions.ServiceUnavailable, neo4j.exceptions.DatabaseUnavailable):
                change = "ALTER CURRENT USER SET PASSWORD FROM 'neo4j' TO $password"
                driver.execute_query(change, password=password, database_="system")
                return
            time.sleep(0.25)
    said = (home / "output").read_text(errors="replace")[-2000:]
    raise Unprovided(f"Neo4j did not answer within {STARTS_WITHIN:g} s: {said}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def main() -> None:
    """Run a server until interrupted."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder) / "neo4j") as server,
        suppress(KeyboardInterrupt),
    ):
        print(f"export NEO4J_URI={server.url} NEO4J_USER={server.user} NEO4J_PASSWORD={server.password}", flush=True)
        assert server.process is not None
        server.process.wait()


if __name__ == "__main__":
    main()
