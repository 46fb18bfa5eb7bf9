"""Records that stand in two sets which should not share any."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from audit._words import many, some
from audit.records import NOTHING, Records
from audit.statistics import fisher_greater
from prisyn_base import Problem

SURE = 1e-3
MANY = 20
DISTINCT = 0.99


@dataclass(frozen=True, slots=True)
class Overlap:
    """`alike` of `total` records of one set equal a record of the other; `same` names those that are it by name too, if
    chance does not explain them: numbers that stand for names fall on equal records now and then.

    `beyond` is False where chance may have made them alike, because records repeat or are poor in detail.
    """

    alike: int
    total: int
    same: tuple[str, ...]
    beyond: bool


def overlap(records: Records, other: Records) -> Overlap:
    """How much of `records` stands in `other`. Records without any count are not compared: all of them are alike."""
    theirs = Counter(content for content in other.fingerprints if content != NOTHING)
    own = [content for content in records.fingerprints if content != NOTHING]
    alike = sum(content in theirs for content in own)
    across = sum(theirs[content] for content in own)
    beyond = alike > 0 and _beyond(across, len(own) * theirs.total(), theirs, other)
    same, pairs = _same(records, other) if alike else ((), 0)
    return Overlap(alike, len(records), same if same and _beyond(len(same), pairs, theirs, other) else (), beyond)


def _beyond(equal: int, pairs: int, theirs: Counter[bytes], other: Records) -> bool:
    """True where more of some pairs across the sets are equal than chance makes equal within the other set."""
    within = sum(count * (count - 1) // 2 for count in theirs.values())
    total = theirs.total()
    if within == 0 and _rich(other, pairs):
        return True
    return fisher_greater(equal, pairs, within, max(total * (total - 1) // 2, 1)) < SURE


def _rich(records: Records, pairs: int) -> bool:
    """True where not one of so many pairs is alike by chance: one value alone tells records apart, they are counts of
    many things, or their columns together are too many to agree.

    Two records agree in a column with the chance q that two of its values are the same. Columns depend on one another,
    so that the product of all q is too small; its square root lets one half of them be given by the other.
    """
    if records.kind == "counts":
        return len(records.features) >= MANY
    columns = [records.table[name] for name in records.features]
    if any(column.nunique() >= DISTINCT * len(records) for column in columns):
        return True
    agree = [float((column.value_counts(normalize=True, dropna=False) ** 2).sum()) for column in columns]
    return pairs * math.exp(0.5 * sum(map(math.log, agree))) < SURE


def _same(records: Records, other: Records) -> tuple[tuple[str, ...], int]:
    """The names of records that are alike in both sets, of how many names in common."""
    if not (records.named and other.named):
        return (), 0
    inside = dict(zip(other.ids.tolist(), other.fingerprints, strict=True))
    outside = zip(records.ids.tolist(), records.fingerprints, strict=True)
    common = [(name, content) for name, content in outside if name in inside and content != NOTHING]
    return tuple(name for name, content in common if inside[name] == content), len(common)


def overlap_problems(sets: Mapping[str, Records]) -> Iterator[Problem]:
    """Non-members that are members, and a reference that is the training set or the holdout."""
    if "members" not in sets:
        return
    if "nonmembers" in sets:
        found = overlap(sets["nonmembers"], sets["members"])
        if found.same or (found.beyond and found.alike > found.total / 2):
            mend = "split the records once, before training, and never mix the parts"
            count = len(found.same) or found.alike
            are = "is a member" if count == 1 else "are members"
            said = f"{many(count, 'records')} that {are} too{some(found.same)}"
            yield Problem("nonmembers", said, "records that the generator never saw", mend)
    for name in ("members", "nonmembers"):
        if name in sets and "reference" in sets:
            found = overlap(sets["reference"], sets[name])
            if found.beyond and found.alike > found.total / 2:
                mend = "hand in an independent third set, or none: attacks without a reference still run"
                said = f"{found.alike} of {many(found.total, 'records')} that are {name}"
                yield Problem("reference", said, "others", mend)


def overlap_warnings(sets: Mapping[str, Records]) -> Iterator[str]:
    """Smaller overlaps, and synthetic records that are real ones."""
    found = overlap(sets["nonmembers"], sets["members"])
    if found.beyond:
        yield (
            f"nonmembers: {found.alike} of {found.total} records equal a member's in every value; if they are the same "
            "people or cells, attacks look weaker than they are"
        )
    yield from _synthetic(sets)
    for name in ("members", "nonmembers"):
        if "reference" in sets:
            found = overlap(sets["reference"], sets[name])
            if found.beyond:
                yield (
                    f"reference: {found.alike} of {found.total} records are {name}; attacks that use the reference "
                    "are biased by them, the others are not"
                )


def _synthetic(sets: Mapping[str, Records]) -> Iterator[str]:
    copies = overlap(sets["synthetic"], sets["members"])
    if copies.alike and copies.alike == copies.total and copies.beyond:
        yield "synthetic: every record is a member's: was the training set handed in by mistake?"
    elif copies.beyond:
        yield f"synthetic: {copies.alike} of {copies.total} records equal a member's in every value"
    held = overlap(sets["synthetic"], sets["nonmembers"])
    if held.beyond:
        yield (
            f"synthetic: {held.alike} of {held.total} records equal a non-member's in every value: either the holdout "
            "was trained on, or the sets were mixed up; then nothing said here of members holds"
        )
