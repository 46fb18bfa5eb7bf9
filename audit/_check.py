"""What is wrong with the sets of a target, every problem at once, and what the rest cannot show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from audit._overlap import overlap_problems, overlap_warnings
from audit._scale import scale_doubts, scale_warnings, value_problems
from audit._words import many, some
from audit.records import Records
from prisyn_base import Problem

if TYPE_CHECKING:
    from audit.target import AuditTarget

FEWEST = 10
FEW = 100
COLUMNS_TOLD = 20


def problems_of(sets: Mapping[str, Records]) -> Iterator[Problem]:
    """Everything that makes these sets not worth auditing; some of a target's sets may be missing."""
    if not sets:
        return
    yield from _features(sets)
    expected = next(iter(sets.values())).features
    comparable = {name for name, records in sets.items() if records.features == expected}
    for name, records in sets.items():
        yield from _size(name, records)
        # Of two columns of one name no values can be asked for.
        found = list(value_problems(name, records)) if _names_are_unique(records) else []
        comparable -= {name} if found or not _names_are_unique(records) else set()
        yield from found
    yield from _labels(sets)
    yield from _owners(sets)
    yield from overlap_problems({name: records for name, records in sets.items() if name in comparable})


def doubts_of(target: AuditTarget) -> Iterator[str]:
    """Why nothing that is found of this target would settle anything."""
    yield from scale_doubts(dict(target.sets.items()))


def warnings_of(target: AuditTarget) -> Iterator[str]:
    """What a sound target can still not show, or shows with a bias."""
    for name, records in target.sets.items():
        if len(records) < FEW:
            few = f"{len(records)} records are too few for a statement about low false positive rates"
            yield f"{name}: {few} ({FEW} wanted)"
    sets: dict[str, Records] = dict(target.sets.items())
    yield from overlap_warnings(sets)
    yield from scale_warnings(sets)
    yield from _types(target)
    yield from _donors(target)
    yield from _edges(target)


def _names_are_unique(records: Records) -> bool:
    return len(set(records.features)) == len(records.features)


def _size(name: str, records: Records) -> Iterator[Problem]:
    if len(records) < FEWEST:
        yield Problem(name, many(len(records), "records"), f"at least {FEWEST}", "hand in more records")
    if not records.features:
        yield Problem(name, "no features", "at least one", "check how the set was selected")


def _features(sets: Mapping[str, Records]) -> Iterator[Problem]:
    first, records = next(iter(sets.items()))
    expected, thing = records.features, "genes" if records.kind == "counts" else "columns"
    for name, records in sets.items():
        features = records.features
        if not _names_are_unique(records):
            yield Problem(
                name, f"{thing} named twice", f"each of the {thing} once", f"make the names of {thing} unique"
            )
        if features == expected:
            continue
        if set(features) == set(expected):
            mend = f"use {name}.select_genes({first}.genes)"
            yield Problem(name, f"the {thing} of {first} in another order", "the same order", mend)
            continue
        lacking, extra = sorted(set(expected) - set(features)), sorted(set(features) - set(expected))
        found = f"{many(len(lacking), thing)} of {first} missing{some(lacking)} and {len(extra)} others{some(extra)}"
        yield Problem(name, found, f"the {thing} of {first}", f"bring all sets to their common {thing}")


def _labels(sets: Mapping[str, Records]) -> Iterator[Problem]:
    judged = {name: records for name, records in sets.items() if name != "reference"}
    some_labelled = any(records.label is not None for records in judged.values())
    for name, records in judged.items():
        if records.label is None:
            if some_labelled:
                mend = "name the label column of this set too, or leave it out everywhere"
                yield Problem(name, "no label column", "one, as in the other sets", mend)
        elif records.label not in records.about:
            mend = f"name one of the columns there are ({_columns(records)}) or leave the label out everywhere"
            yield Problem(name, f"no label column {records.label!r}", "a column of that name", mend)
        elif records.about[records.label].isna().any():
            yield Problem(name, f"records without a {records.label!r}", "a type for each record", "label or drop them")
        elif len(records.types) < 2 and name != "synthetic":
            mend = "name the column that holds the types, or leave the label out everywhere"
            yield Problem(name, f"one type only in {records.label!r}", "at least two", mend)


def _owners(sets: Mapping[str, Records]) -> Iterator[Problem]:
    for name, records in sets.items():
        if records.donor is None:
            continue
        if records.donor not in records.about:
            mend = f"name one of the columns there are ({_columns(records)}) or leave donors out"
            yield Problem(name, f"no donor column {records.donor!r}", "a column of that name", mend)
        elif records.about[records.donor].isna().any():
            found, mend = f"records without a {records.donor!r}", "name their donors, drop them, or leave donors out"
            yield Problem(name, found, "a donor for each record", mend)


def _columns(records: Records) -> str:
    """The columns that may hold a label or donors: beside counts, or any of a table."""
    names = [*map(str, records.about.columns), *(records.features if records.kind == "table" else ())]
    return ", ".join(names[:COLUMNS_TOLD]) + (", ..." if len(names) > COLUMNS_TOLD else "") or "none"


def _types(target: AuditTarget) -> Iterator[str]:
    if not target.labelled:
        yield "no types are known, so use for training and kept types are not measured"
        return
    if len(target.synthetic.types) < 2:
        only = ", ".join(target.synthetic.types)
        yield f"synthetic: all records are of one type ({only}), so they teach nobody to tell types apart"
    unseen = sorted(set(target.members.types) - set(target.nonmembers.types))
    if unseen:
        yield f"nonmembers: no record of {', '.join(unseen)}, so nothing is said of these types on unseen records"


def _donors(target: AuditTarget) -> Iterator[str]:
    members, nonmembers = target.donors("members"), target.donors("nonmembers")
    if members is None or nonmembers is None:
        if members is not nonmembers:
            yield "donors are known on one side only and are not used"
        return
    shared = np.intersect1d(members, nonmembers).tolist()
    if shared:
        yield (
            f"{many(len(shared), 'donors')} with records among members and non-members{some(shared)}: who took part "
            "cannot be judged, since both sides hold the same people; what is said holds for single records"
        )
    for name, donors in (("members", members), ("nonmembers", nonmembers)):
        count = len(np.unique(donors))
        if count < FEWEST:
            few = f"records of only {many(count, 'donors')}"
            yield f"{name}: {few}; intervals that resample donors are rough below {FEWEST}"


def _edges(target: AuditTarget) -> Iterator[str]:
    known = set(target.features)
    outside = sum(not (edge.regulator in known and edge.target in known) for edge in target.edges)
    if outside:
        yield f"edges: {outside} of {len(target.edges)} name something that is not among the features and are not used"
