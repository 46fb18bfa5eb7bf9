"""How fast is the embedded reader, against the bare forward pass of its base model?

    python -m bench.embedded_speed [--sentences 64] [--seed 0]

Sentences are made of the packaged example's words, to about 65 tokens. In one run: the bare pass of all 30 layers over
them, batched, nothing but hidden states; the reader's network with one unordered pair a sentence (both directions
asked); and with four genes a sentence (twelve ordered pairs), where the sentence is read once for all. Also the seconds
until a reader in a new process is ready, its weights converted before.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from grn_extract import EmbeddedReader, embedded_model_dir, example_corpus, load_prompt
from grn_extract.models import load_transformers
from grn_extract.readers._network import PairNetwork, Row
from grn_extract.readers._questions import questions_about

WORDS = 42
"""Of a sentence; about 65 tokens."""

READY = """
import time; start = time.perf_counter()
from grn_extract import EmbeddedReader
EmbeddedReader().network
print(time.perf_counter() - start)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sentences", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    network = EmbeddedReader(threads=options.threads).network
    sentences = _sentences(options.sentences, options.seed)
    two, four = (_rows(network, sentences, genes) for genes in (2, 4))
    bare = _bare(network, sentences)
    pair = len(sentences) / _seconds(lambda: network.judge(two, tokens=2048))
    many = len(sentences) / _seconds(lambda: network.judge(four, tokens=2048))
    report = {
        "machine": f"{platform.machine()}, {options.threads} threads, {network.model.dtype}",
        "tokens a sentence": round(float(np.mean([len(row.passage) for row in two])), 1),
        "bare pass, sentences/s": round(bare, 2),
        "reader, unordered pairs/s, one a sentence": round(pair, 2),
        "ratio to the bare pass": round(pair / bare, 2),
        "reader, ordered pairs/s, twelve a sentence": round(12 * many, 2),
        "ratio to the bare pass, a pass an ordered pair": round(12 * many / bare, 2),
        "ready after, s": round(float(subprocess.check_output([sys.executable, "-c", READY], text=True)), 2),
    }
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


def _sentences(n: int, seed: int) -> list[str]:
    words = [word for document in example_corpus() for word in document.text.split()]
    rng = np.random.default_rng(seed)
    return [" ".join(words[i : i + WORDS]) for i in rng.integers(len(words) - WORDS, size=n)]


def _rows(network: PairNetwork, sentences: list[str], genes: int) -> list[Row]:
    names = ["GATA1", "IL-2", "NF-kappaB", "STAT3"][:genes]
    pairs = [(one, other) for one in names for other in names if one != other]
    prompt = load_prompt("pair-judgement")
    return [network.row(*questions_about(prompt, text, pairs)) for text in sentences]


def _bare(network: PairNetwork, sentences: list[str]) -> float:
    torch, transformers = load_transformers()
    model = transformers.AutoModel.from_pretrained(embedded_model_dir(), dtype=network.model.dtype).eval()
    rows = sorted((network.encode(text) for text in sentences), key=len)

    def run() -> None:
        for first in range(0, len(rows), 32):
            batch = rows[first : first + 32]
            ids = torch.zeros((len(batch), len(batch[-1])), dtype=torch.long)
            for place, row in enumerate(batch):
                ids[place, : len(row)] = torch.tensor(row)
            with torch.inference_mode():
                model(input_ids=ids, use_cache=False)

    return len(sentences) / _seconds(run)


def _seconds(work: Callable[[], object]) -> float:
    """The better of two runs, after one that warms up."""
    work()
    times = []
    for _ in range(2):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main()
