from __future__ import annotations

import pytest

from kg import GRN, Effect, SourceKind
from kg.curation import Decision, Standing, Verdict
from kg.queries import EVERYTHING, EdgeFilter, filtered
from prisyn_base import InputError
from tests.kg.queries.drawing import arrow, gene, names


@pytest.fixture
def mixed() -> GRN:
    read = arrow("A>B", paper="PMID:1")
    accepted = Decision(
        curator="ada",
        verdict=Verdict.ACCEPT,
        regulator="X:A",
        target="X:B",
        effect=Effect.ACTIVATION,
        document=read.document,
        quote=read.quote,
        time="2026-11-25T10:00:00.000000Z",
        paper="PMID:1",
    )
    mouse = arrow("m>n", regulator=gene("m", "mouse"), target=gene("n", "mouse"))
    family = arrow("F?A", regulator=gene("F", "any"), kind=SourceKind.DATABASE)
    return GRN.from_evidence([read, arrow("B|C", negated=True), mouse, family], [accepted])


def test_without_conditions_every_edge_passes(mixed):
    assert filtered(mixed, EVERYTHING) == mixed.edges()


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ({"min_belief": 0.5}, ["A-B", "F-A", "m-n"]),
        ({"effect": ["activation"]}, ["A-B", "m-n"]),
        ({"effect": ["activation", "unknown"]}, ["A-B", "B-C", "F-A", "m-n"]),
        ({"species": "mouse"}, ["m-n"]),
        ({"species": "human"}, ["A-B", "B-C", "F-A"]),
        ({"source": ["database"]}, ["F-A"]),
        ({"source": ["trrust"]}, ["A-B", "B-C", "F-A", "m-n"]),
        ({"source": ["embedded", "database"]}, ["F-A"]),
        ({"source": ["embedded"]}, []),
        ({"curation": ["accepted"]}, ["A-B"]),
        ({"curation": ["unjudged"], "min_belief": 0.5, "species": "human"}, ["F-A"]),
    ],
    ids=str,
)
def test_each_condition_keeps_what_it_says(mixed, words, kept):
    assert names(filtered(mixed, EdgeFilter.of(**words))) == kept


def test_a_family_belongs_to_every_species_alone_too(mixed):
    assert EdgeFilter.of(species="human").keeps(mixed.edge("F", "A"))


def test_every_word_that_is_none_is_told_at_once():
    with pytest.raises(InputError) as told:
        EdgeFilter.of(min_belief=2, effect=["up"], curation=["fine"])
    assert [problem.where for problem in told.value.problems] == ["min_belief", "effect", "curation"]
    assert "activation, repression, unknown" in str(told.value)


def test_the_words_and_the_fields_are_the_same_filter():
    words = EdgeFilter.of(effect=["repression"], source=["text", "trrust"], curation=["disputed"])
    assert words == EdgeFilter(
        effects=frozenset({Effect.REPRESSION}),
        readers=frozenset({"trrust"}),
        kinds=frozenset({SourceKind.TEXT}),
        curation=frozenset({Standing.DISPUTED}),
    )
