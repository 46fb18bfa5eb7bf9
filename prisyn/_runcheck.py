"""Everything wrong with a run file, in one go: keys and types here, what they mean in `_runmeaning`."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from prisyn._runmeaning import check_meaning
from prisyn.runfile import LIST, WORD, Audit, CohortPart, Database, Extract, Generate, Graph, Run, RunFile
from prisyn_base import InputError, Problem, Problems

SECTIONS: dict[str, type[BaseModel]] = {
    "extract": Extract,
    "graph": Graph,
    "cohort": CohortPart,
    "generate": Generate,
    "audit": Audit,
}
_EXPECTED = {
    "missing": "a value",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "list_type": "a list",
    "model_type": "a section: keys and values, indented",
    "greater_than": "more than {gt:g}",
    "greater_than_equal": "{ge:g} or more",
    "less_than": "less than {lt:g}",
    "less_than_equal": "at most {le:g}",
    "literal_error": "{expected}",
    "too_short": "{min_length} or more entries",
    "too_long": "{max_length} entries",
    "value_error": "{error}",
}


def checked(raw: Any, *, where: str, base: Path, out: Path | None = None) -> Run:
    """The run that `raw` (data of a YAML file named `where`, in the folder `base`) asks for.

    A section with a wrong field is still checked in its other fields. Raises InputError with all problems.
    """
    if not isinstance(raw, dict):
        raise InputError([Problem(where, _shown(raw), "keys and values", "`prisyn init` writes a run file to edit")])
    raw = {**raw, **({"out": str(out.absolute())} if out else {})}
    problems = Problems()
    try:
        settings = RunFile.model_validate(raw)
    except ValidationError as error:
        problems.extend(_described(detail, where) for detail in error.errors(include_url=False))
        sections = {name: _sound_part(model, raw.get(name)) for name, model in SECTIONS.items()}
        seed = raw.get("seed")
        check_meaning(sections, where=where, base=base, seed=seed if type(seed) is int else 0, problems=problems)
        problems.raise_if_any()
        raise
    sections = {name: getattr(settings, name) for name in SECTIONS}
    check_meaning(sections, where=where, base=base, seed=settings.seed, problems=problems)
    problems.raise_if_any()
    return Run(settings=settings, base=base)


def _sound_part(model: type[BaseModel], raw: Any) -> Any:
    """The fields of a section that are as they should be; the others, and required ones not given, are None."""
    given = raw if isinstance(raw, dict) else {}
    try:
        return model.model_validate(given)
    except ValidationError as error:
        wrong = {detail["loc"][0] for detail in error.errors(include_url=False)}
    fields = {name: None for name in model.model_fields if name in wrong}
    sound = {name: value for name, value in given.items() if name in model.model_fields and name not in wrong}
    if isinstance(sound.get("databases"), list):
        sound["databases"] = [Database.model_validate(row) for row in sound["databases"]]
    return model.model_construct(**fields, **sound)


def _described(detail: ErrorDetails, where: str) -> Problem:
    place = [part for part in detail["loc"] if part not in (LIST, WORD)]
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    if detail["type"] == "extra_forbidden":
        return _unknown_key(place, f"{where}: {field}")
    context = detail.get("ctx", {})
    expected = _EXPECTED.get(detail["type"], detail["msg"]).format(**context)
    if detail["type"] == "missing":
        return Problem(f"{where}: {field}", "nothing", "a value", f"add `{place[-1]}:`")
    given = detail["input"]
    mend = f"write {expected}"
    if detail["type"] == "literal_error" and isinstance(given, str):
        near = difflib.get_close_matches(given, [word.strip("' ") for word in expected.split(" or ")], n=1)
        mend = f"write {near[0]} instead" if near else mend
    elif detail["type"].endswith("_type") and isinstance(given, str) and _is_number(given):
        mend = "take the quotes away"
    return Problem(f"{where}: {field}", _shown(given), expected, mend)


def _unknown_key(place: list[int | str], where: str) -> Problem:
    model: type[BaseModel] = RunFile
    for part in place[:-1]:
        model = SECTIONS.get(str(part), Database)
    known = list(model.model_fields)
    near = difflib.get_close_matches(str(place[-1]), known, n=1)
    elsewhere = [name for name, section in SECTIONS.items() if place[-1] in section.model_fields]
    if near:
        mend = f"write `{near[0]}` instead"
    elif elsewhere:
        mend = f"move it to the section `{elsewhere[0]}`"
    else:
        mend = "take it out"
    return Problem(where, "an unknown key", f"one of {', '.join(known)}", mend)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _shown(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
