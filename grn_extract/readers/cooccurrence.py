"""The baseline every reader has to beat: whoever is named together regulates each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from grn_extract.candidates import find_candidates, find_passages
from grn_extract.document import Document
from grn_extract.reader import Progress
from grn_extract.statements import state
from kg import Effect, Evidence, Provenance


class CooccurrenceReader:
    """Every ordered pair of genes in a sentence is stated, sign unknown. It asks no model."""

    name = "cooccurrence"
    concurrent = True
    calls = 0
    tokens = 0
    cost = 0.0

    def read(self, documents: Iterable[Document], progress: Progress | None = None) -> Iterator[Evidence]:
        for done, document in enumerate(documents, 1):
            for passage in find_passages(document):
                for candidate in find_candidates(passage):
                    yield state(document, candidate, Effect.UNKNOWN, Provenance(reader=self.name))
            if progress:
                progress(done)
