"""How fast is PubMed's XML read, and does memory stay flat?

    python -m bench.parsing --file pubmed21n1298_generegulation_subset.xml.gz

The file's articles are repeated, with numbers of their own, into a file as long as PubMed's largest (30,000 articles)
and read from there, gunzipping included. Beside it, over the same bytes and in the same run: a pass of the bare
expat parser, which builds nothing, and ElementTree's own `iterparse`. Times are of the process, on one core.
"""

from __future__ import annotations

import argparse
import gzip
import json
import platform
import re
import resource
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.parsers import expat

from grn_extract import read_documents
from prisyn_base import Problems

BLOCK = 1 << 14
_ARTICLE = re.compile(rb"<PubmedArticle>.*?</PubmedArticle>", re.DOTALL)
_PMID = re.compile(rb"(<MedlineCitation\b[^>]*>\s*<PMID\b[^>]*>)\d+")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.parsing", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--file", type=Path, required=True, help="a file of PubMed XML, gzipped")
    parser.add_argument("--articles", type=int, default=30_000)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "long.xml.gz"
        _lengthened(options.file, file, options.articles)
        sys.stdout.write(json.dumps(measure(file, options.articles), indent=2) + "\n")


def measure(file: Path, articles: int) -> dict[str, Any]:
    """Articles a second, each way; memory in MB before reading and at its peak."""
    before = _peak()
    ours, read = _timed(lambda: sum(1 for _ in read_documents(file, problems=Problems())))
    after = _peak()
    bare, _ = _timed(lambda: _bare(file))
    theirs, _ = _timed(lambda: _iterparse(file))
    return {
        "articles": articles,
        "documents": read,
        "articles_per_second": round(articles / ours),
        "expat_alone_per_second": round(articles / bare),
        "iterparse_alone_per_second": round(articles / theirs),
        "times_expat_alone": round(ours / bare, 2),
        "peak_mb_before": before,
        "peak_mb_after": after,
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
    }


def _lengthened(source: Path, target: Path, articles: int) -> None:
    whole = gzip.decompress(source.read_bytes())
    found = _ARTICLE.findall(whole)
    head, tail = whole[: whole.index(found[0])], b"</PubmedArticleSet>"
    with gzip.open(target, "wb", compresslevel=6) as stream:
        stream.write(head)
        for number in range(articles):
            stream.write(_PMID.sub(rb"\g<1>%d" % (number + 1), found[number % len(found)], count=1) + b"\n")
        stream.write(tail)


def _timed(work: Callable[[], int]) -> tuple[float, int]:
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def _bare(file: Path) -> int:
    parser = expat.ParserCreate()
    with gzip.open(file, "rb") as stream:
        while block := stream.read(BLOCK):
            parser.Parse(block, False)
    parser.Parse(b"", True)
    return 0


def _iterparse(file: Path) -> int:
    number = 0
    with gzip.open(file, "rb") as stream:
        for _, element in ET.iterparse(stream):
            if element.tag == "PubmedArticle":
                number += 1
                element.clear()
    return number


def _peak() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


if __name__ == "__main__":
    main()
