"""INDRA statements as JSON (Gyori et al. 2017): IncreaseAmount and DecreaseAmount, each with its evidence.

Our own fields travel in the annotations of the evidence, where INDRA keeps what it does not know.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from kg._lookup import is_retracted
from kg._record import from_record, to_record
from kg.formats._edges import papers_of
from kg.formats._format import Format, ImportResult, Loss
from kg.formats._json import JsonStream, no_json
from kg.formats._names import Names
from kg.formats._text import collect, opened
from kg.grn import GRN
from kg.model import Edge, Effect, Evidence, Gene, Provenance, SourceKind

_TYPES = {Effect.ACTIVATION: "IncreaseAmount", Effect.REPRESSION: "DecreaseAmount"}
_EFFECTS = {name: effect for effect, name in _TYPES.items()}
_ROLES = ("regulator", "target")
_WHAT = "a list of INDRA statements"


def write(grn: GRN, path: Path) -> None:
    """A list of statements, one for each edge and sign; `belief` is the belief in that sign.

    Statements of unknown sign are left out: INDRA's schema has no type for them.
    """
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        separator = "["
        for statement in _statements(grn):
            stream.write(f"{separator}\n{json.dumps(statement, ensure_ascii=False, allow_nan=False)}")
            separator = ","
        stream.write("[]\n" if separator == "[" else "\n]\n")


def read(path: Path, names: Names) -> ImportResult:
    """One statement for each evidence. Agents are known by their HGNC, MGI or FamPlex number, else by name.

    Statements of other types, and agents that are modified, mutated, bound or active in a special way, are refused:
    they say more than that one gene regulates another.
    """

    def rows() -> Iterator[tuple[int, Any]]:
        with opened(path) as stream:
            text = JsonStream(stream)
            try:
                yield from text.items()
                if text.peek():
                    raise ValueError("more text after the list")
            except (ValueError, RecursionError) as error:
                raise no_json(path, error, text.line, _WHAT) from error

    return collect(path, rows(), lambda statement: list(_evidence(statement, names)), _WHAT)


def _statements(grn: GRN) -> Iterator[dict[str, Any]]:
    for edge in grn.edges():
        by_effect = sorted(edge.evidence, key=lambda item: (item.effect, item.id))
        for effect, items in groupby(by_effect, key=lambda item: item.effect):
            if effect is not Effect.UNKNOWN:
                yield _statement(edge, effect, list(items))


def _statement(edge: Edge, effect: Effect, items: list[Evidence]) -> dict[str, Any]:
    name = f"{edge.regulator.curie}:{effect}:{edge.target.curie}"
    belief = edge.beliefs.activation if effect is Effect.ACTIVATION else edge.beliefs.repression
    return {
        "type": _TYPES[effect],
        "subj": _agent(edge.regulator),
        "obj": _agent(edge.target),
        "belief": round(belief, 6),
        "id": str(uuid5(NAMESPACE_URL, name)),
        "evidence": [_indra_evidence(item) for item in items],
    }


def _agent(gene: Gene) -> dict[str, Any]:
    prefix, _, number = gene.curie.partition(":")
    return {"name": gene.symbol, "db_refs": {prefix: number, "TEXT": gene.symbol}}


def _indra_evidence(item: Evidence) -> dict[str, Any]:
    pmid = {"pmid": item.paper.removeprefix("PMID:")} if item.paper.startswith("PMID:") else {}
    epistemics = {name: True for name, said in _EPISTEMICS if getattr(item, said)}
    return {
        "source_api": item.provenance.reader,
        "source_id": item.document,
        **pmid,
        "text": item.quote,
        "annotations": {"prisyn": to_record(item)},
        "epistemics": epistemics,
    }


_EPISTEMICS = (("negated", "negated"), ("hypothesis", "hypothetical"))


def _evidence(statement: Any, names: Names) -> Iterator[Evidence]:
    if not isinstance(statement, dict) or not isinstance(statement.get("evidence", []), list):
        raise ValueError("is no statement")
    effect = _EFFECTS.get(str(statement.get("type")))
    if effect is None:
        raise ValueError(f"{str(statement.get('type'))[:40]} is no regulation of an amount")
    agents = statement.get("subj"), statement.get("obj")
    if not statement.get("evidence"):
        raise ValueError("a statement without evidence")
    for item in statement["evidence"]:
        annotations = item.get("annotations") if isinstance(item, dict) else None
        if isinstance(annotations, dict) and "prisyn" in annotations:
            yield names.statement(_own(annotations["prisyn"], agents, effect))
        elif isinstance(item, dict):
            regulator, target = (_gene(agent, role, names) for agent, role in zip(agents, _ROLES, strict=True))
            yield _foreign(item, regulator, target, effect)
        else:
            raise ValueError("evidence is no record")


def _own(record: Any, agents: tuple[Any, Any], effect: Effect) -> Evidence:
    """The statement that PriSyn wrote, unless what stands around it was changed: then both would be told."""
    item = from_record(record)
    symbols = tuple(agent.get("name") if isinstance(agent, dict) else None for agent in agents)
    if (*symbols, effect) != (item.regulator.symbol, item.target.symbol, item.effect):
        raise ValueError("the annotation of PriSyn says otherwise than the statement")
    return item


def _gene(agent: Any, role: str, names: Names) -> Gene:
    if not isinstance(agent, dict) or not isinstance(agent.get("db_refs", {}), dict):
        raise ValueError(f"no {role}")
    special = [name for name in ("mods", "mutations", "bound_conditions", "activity", "location") if agent.get(name)]
    if special:
        raise ValueError(f"{role} has {', '.join(special)}: more than a gene")
    references = agent.get("db_refs", {})
    for prefix in ("HGNC", "MGI", "FPLX"):
        number = str(references.get(prefix, "")).removeprefix(f"{prefix}:")
        if found := names.on_file(f"{prefix}:{number}"):
            return names.checked(found, role)
    return names.gene(str(agent.get("name", "")), role)


def _foreign(item: dict[str, Any], regulator: Gene, target: Gene, effect: Effect) -> Evidence:
    """Evidence of another reader: its text is the quote; where it has none it is a row of a database."""
    paper = next(iter(papers_of([str(item.get("pmid") or "")])), "")
    reader, text = str(item.get("source_api") or "indra"), item.get("text")
    epistemics = item.get("epistemics")
    said = epistemics if isinstance(epistemics, dict) else {}
    return Evidence(
        regulator=regulator,
        target=target,
        effect=effect,
        document=paper or f"{reader}:{item.get('source_id') or f'{regulator.symbol}>{target.symbol}'}",
        quote=str(text or f"{regulator.symbol}\t{effect}\t{target.symbol}"),
        provenance=Provenance(reader=reader),
        kind=SourceKind.TEXT if text else SourceKind.DATABASE,
        paper=paper,
        negated=bool(said.get("negated")),
        hypothetical=bool(said.get("hypothesis")),
        retracted=is_retracted(paper),
    )


FORMAT = Format("indra", "INDRA, EMMAA", (Loss.UNSIGNED,), write, read)
