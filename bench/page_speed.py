"""How long the pages take to make, on a graph of your own: without a browser, in this process.

    python -m bench.page_speed --graph grn.db --reference collectri.db

Seconds of this process's processor time and of the clock: of the first request, which may have to read the graph, and
of the slower of the two that follow.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

from fastapi.testclient import TestClient

from kg import open_store
from kg.queries import hubs
from prisyn.web import Settings, create_app

NEVER = "2999-01-01"


def pages(graph: str, *, compared: bool) -> list[tuple[str, str]]:
    """A name and an address for each page, asked about the genes with most targets of the graph."""
    with open_store(graph) as store:
        grn = store.grn()
    first, second, third, *_ = (hub.gene for hub in hubs(grn, most=8))
    some = ",".join(hub.gene.symbol for hub in hubs(grn, most=8))
    target = grn.targets(first)[0].target
    found = [
        ("front", "/"),
        ("gene with most edges", f"/gene/{first.curie}"),
        ("edge", f"/edge?regulator={first.curie}&target={target.curie}"),
        ("suggestions", f"/suggest?q={first.symbol[:2]}"),
        ("search, near miss", f"/search?q={first.symbol}X"),
        ("paths", f"/paths?from={second.symbol}&to={third.symbol}"),
        ("connect 8, all", f"/connect?genes={some}"),
        ("connect 8, connect", f"/connect?genes={some}&join=connect"),
        ("connect 8, bridges", f"/connect?genes={some}&join=bridges"),
        ("hubs", "/hubs"),
        ("motifs", "/motifs"),
        ("motifs, feedback", "/motifs?motif=feedback"),
        ("contradictions", "/contradictions"),
        ("changes", f"/changes?since={NEVER}"),
        ("cypher", f"/cypher?query=MATCH (g:Gene {{symbol: '{first.symbol}'}})-->(t:Gene) RETURN t.symbol"),
        ("review", "/review"),
        ("second opinion", "/review?pile=second"),
        ("disagreements", "/review/disagreements"),
    ]
    return [*found, ("compare", "/compare?reference=1")] if compared else found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.page_speed", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--graph", required=True)
    parser.add_argument("--reference", default="")
    options = parser.parse_args(arguments)
    settings = Settings(options.graph, references=(options.reference,) if options.reference else ())
    app = create_app(settings)
    print(f"{'page':24} {'first, CPU':>10} {'warm, CPU':>10} {'warm, clock':>11} {'kilobytes':>9}")
    with TestClient(app, base_url="http://127.0.0.1", cookies={"prisyn_curator": "bench"}) as client:
        for name, address in pages(options.graph, compared=bool(options.reference)):
            times = [timed(client, address) for _ in range(3)]
            warm = [max(each[i] for each in times[1:]) for i in (0, 1)]
            print(
                f"{name:24} {times[0][0]:10.3f} {warm[0]:10.3f} {warm[1]:11.3f} {times[0][2] / 1000:9.0f}", flush=True
            )


def timed(client: TestClient, address: str) -> tuple[float, float, int]:
    """Processor seconds, seconds and bytes of one answer."""
    clock, processor = time.perf_counter(), time.process_time()
    answer = client.get(address)
    took = time.process_time() - processor, time.perf_counter() - clock
    answer.raise_for_status()
    return *took, len(answer.content)


if __name__ == "__main__":
    main()
