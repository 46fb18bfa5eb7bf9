"""What the embedded model is asked about a passage: the passage once, then a question for each ordered pair."""

from __future__ import annotations

from collections.abc import Iterable

from grn_extract.candidates import Candidate
from grn_extract.prompting import Prompt


def questions_about(prompt: Prompt, sentence: str, pairs: Iterable[tuple[str, str]]) -> tuple[str, list[str]]:
    """What all the prompts begin with, and how each goes on; pairs are names, regulator first."""
    # One line, so that a line break inside a quote cannot start a line of the prompt.
    line = " ".join(sentence.split())
    shared = prompt.shared_prefix(sentence=line)
    filled = [
        prompt.render(sentence=line, regulator=" ".join(regulator.split()), target=" ".join(target.split()))
        for regulator, target in pairs
    ]
    return shared, [text[len(shared) :] for text in filled]


def written(pair: Candidate) -> tuple[str, str]:
    """The names of a pair as its passage writes them."""
    text, shift = pair.passage.text, pair.passage.start
    one, other = pair.regulator, pair.target
    return text[one.start - shift : one.end - shift], text[other.start - shift : other.end - shift]
