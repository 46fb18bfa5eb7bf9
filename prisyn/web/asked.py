"""What a page's address asks for: the filters, which permalinks carry."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal

from fastapi import Depends, Query

from kg.queries import EdgeFilter


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters as the address spells them; "" is any."""

    min_belief: Annotated[float, Query(ge=0, le=1)] = 0.0
    effect: Literal["", "activation", "repression", "unknown"] = ""
    species: Literal["", "human", "mouse"] = ""
    source: Literal["", "text", "database", "knowledge"] = ""
    curation: Literal["", "unjudged", "accepted", "rejected", "unsure", "disputed"] = ""

    @property
    def filter(self) -> EdgeFilter:
        """The same as the graph's queries take it."""
        return EdgeFilter.of(
            min_belief=self.min_belief,
            effect=filter(None, [self.effect]),
            species=self.species,
            source=filter(None, [self.source]),
            curation=filter(None, [self.curation]),
        )

    @property
    def parameters(self) -> dict[str, Any]:
        """What is asked beyond the defaults, for the query of an address."""
        given = ((field.name, getattr(self, field.name), field.default) for field in fields(self))
        return {name: value for name, value, default in given if value != default}


AskedFor = Annotated[Asked, Depends()]
