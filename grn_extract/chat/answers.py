"""What a model's answer must look like: JSON of a schema, whatever the server promised, checked again here."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

MOST_STATEMENTS = 200
"""In one answer; a longer list is a model that has lost its way."""

_THOUGHTS = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)


class Malformed(ValueError):
    """An answer that is not what was asked for; the message says in what way."""


class _Answer(BaseModel):
    # Fields that were not asked for do no harm; those that were must be there, and of their very type.
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


Name = Annotated[str, BeforeValidator(_stripped), Field(min_length=1, max_length=200)]
EffectWord = Literal["activation", "repression", "unknown"]


class Statement(_Answer):
    """One regulation that a model says a text states."""

    regulator: Name
    target: Name
    effect: EffectWord
    quote: Annotated[str, BeforeValidator(_stripped), Field(min_length=1, max_length=5000)]
    negated: bool
    hypothetical: bool


class Statements(_Answer):
    """All that a model read in a text. Items are checked one by one: one bad item does not lose the others."""

    statements: Annotated[list[Any], Field(max_length=MOST_STATEMENTS)]


class Direction(_Answer):
    """Which of two genes regulates the other."""

    direction: Literal["first", "second", "both", "neither"]


class Change(_Answer):
    """What a regulator does to its target's expression."""

    change: Literal["raises", "lowers", "not stated"]


class Factors(_Answer):
    """Genes that a model takes for transcription factors."""

    factors: list[Name]


class Regulator(_Answer):
    """A gene that a model recalls as the regulator of another."""

    name: Name
    effect: EffectWord


class Regulators(_Answer):
    """All the regulators of one target that a model recalls."""

    regulators: list[Regulator]


A = TypeVar("A", bound=_Answer)


def parse(text: str, kind: type[A]) -> A:
    """The answer in `text`. Raises Malformed where there is none of that kind."""
    return validate(find_json(text), kind)


def validate(value: Any, kind: type[A]) -> A:
    """`value` as an answer of that kind. Raises Malformed naming every field that is not what it should be."""
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, item['loc'])) or 'answer'}: {item['msg']}" for item in error.errors()[:5]]
        raise Malformed("; ".join(faults)) from None


def find_json(text: str) -> Any:
    """The first whole JSON object in `text`, with prose, code fences or thoughts around it. Raises Malformed."""
    text = _THOUGHTS.sub("", text).strip()
    if not text:
        raise Malformed("an empty answer")
    decoder = json.JSONDecoder(parse_constant=_no_constant)
    at = text.find("{")
    while at >= 0:
        try:
            return decoder.raw_decode(text, at)[0]
        except (ValueError, RecursionError):
            at = text.find("{", at + 1) if at < MOST_BRACES else -1
    raise Malformed("half a JSON object" if "{" in text else "prose in place of JSON")


MOST_BRACES = 2000
"""Characters within which an object must begin, so that a flood of braces costs no quadratic time."""


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
