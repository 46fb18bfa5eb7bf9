"""Which sentences could state regulation at all: a cheap list of cues, so that no model is asked about the rest."""

from __future__ import annotations

import re

_STEMS = (
    "regulat activat repress inhibit induc suppress express transcri promot enhanc silenc target bind bound bound "
    "occup recruit transactivat abolish abrogat reduc increas decreas elevat stimulat upregul downregul block "
    "depend requir control driv trigger mediat modulat affect influenc alter chang restor rescu attenuat augment "
    "potentiat antagoni switch produc synthes secret level mrna overexpress knock delet loss lack absen deplet "
    "deficien null rise rose raise fall fell drop lower higher more less respon lead led cause result permit prevent "
    "shut turn maint sustain keep kept elicit evok provok boost curb limit restrain downstream upstream direct gene"
)
_CUE = re.compile(r"\b(?:\w+-)?(?:" + "|".join(sorted(set(_STEMS.split()))) + r")", re.IGNORECASE)
_WORD = re.compile(_CUE.pattern + r"\w*", re.IGNORECASE)


def could_state_regulation(sentence: str) -> bool:
    """Whether any word of `sentence` begins like one that statements of regulation use."""
    return _CUE.search(sentence) is not None


def regulation_cues(sentence: str) -> list[tuple[int, int]]:
    """Where the words stand that `could_state_regulation` goes by: whole words, as offsets of `sentence`, in order."""
    return [match.span() for match in _WORD.finditer(sentence)]
