"""Prompts: one versioned file per task, front matter and a Jinja body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from jinja2 import StrictUndefined, TemplateError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from grn_extract.calls import canonical_json
from grn_extract.fence import fence
from prisyn_base import InputError, Problem, Problems, sha256_text

_FRONT = re.compile(r"---\n(.*?)\n---\n(.*)", re.DOTALL)
_PART = re.compile(r"^## (system|user)\n", re.MULTILINE)
_KEYS = {"name": str, "version": int, "task": str}


@dataclass(frozen=True, slots=True)
class Example:
    """A question, by its fields, and the answer a model should give, as an object of the prompt's schema."""

    fields: Mapping[str, Any]
    answer: Mapping[str, Any]


@dataclass(frozen=True)
class Prompt:
    """What is said to a model for one task.

    A prompt for a chat has a body in parts, `## system` and `## user`, and `examples`; one that is weighed by its
    answers' likelihoods has `labels`, with the same fields as the body. `hash` is 16 hex digits of the SHA-256 of the
    whole file, so a changed comma is another prompt. Text being read goes in as a value: nothing in it is evaluated
    and, as the body is cut into parts before it is filled in, nothing in it begins a part.
    """

    name: str
    version: int
    task: str
    labels: tuple[str, ...]
    schema: Mapping[str, Any]
    hash: str
    source: str = field(repr=False)
    examples: tuple[Example, ...] = ()

    @property
    def reference(self) -> str:
        """`name@version`, as evidence carries it."""
        return f"{self.name}@{self.version}"

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The names `render` must be given, sorted."""
        parsed = _environment().parse("\n".join([self.source, *self.labels]))
        return tuple(sorted(meta.find_undeclared_variables(parsed)))

    def render(self, **fields: str) -> str:
        """The prompt filled in. Raises jinja2.UndefinedError when a field is missing."""
        text: str = self._template.render(**fields)
        return text

    @cached_property
    def parts(self) -> tuple[tuple[str, str], ...]:
        """The body's parts in order, each its role and its template; () for a body without any."""
        pieces = _PART.split(self.source)
        return tuple((role, body.strip("\n")) for role, body in zip(pieces[1::2], pieces[2::2], strict=True))

    def messages(self, **fields: Any) -> tuple[tuple[str, str], ...]:
        """The chat to be sent: what the system says, every example with its answer, and the question of these `fields`.

        Raises jinja2.UndefinedError when a field is missing.
        """
        templates = {role: _environment().from_string(body) for role, body in self.parts}
        shown = [
            turn
            for example in self.examples
            for turn in (
                ("user", templates["user"].render(example.fields)),
                ("assistant", canonical_json(example.answer)),
            )
        ]
        return (("system", templates["system"].render(fields)), *shown, ("user", templates["user"].render(fields)))

    def render_labels(self, **fields: str) -> tuple[str, ...]:
        """The answers filled in."""
        return tuple(_environment().from_string(label).render(**fields) for label in self.labels)

    def shared_prefix(self, **fields: str) -> str:
        """What every rendering with these `fields` begins with, up to the last line break before another field."""
        open_fields = [name for name in self.fields if name not in fields]
        first, second = (self.render(**fields, **dict.fromkeys(open_fields, value)) for value in ("\x01", "\x02"))
        same = next((i for i, (a, b) in enumerate(zip(first, second, strict=True)) if a != b), len(first))
        return first[: first.rfind("\n", 0, same) + 1]

    @cached_property
    def _template(self) -> Any:
        return _environment().from_string(self.source)


def _environment() -> ImmutableSandboxedEnvironment:
    # Plain text goes to a model, not to a browser: escaping would only corrupt it.
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, keep_trailing_newline=False
    )
    environment.filters["fence"] = fence
    return environment


def prompts_folder() -> Path:
    """Where the prompt files lie: inside the installed package, else beside it in the repository."""
    here = Path(__file__).resolve().parent
    for folder in (here / "prompts", here.parent / "prompts"):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"no prompts beside {here}: the installation is not whole; install prisyn again")


def prompt_names() -> tuple[str, ...]:
    """The tasks there are prompts for, sorted."""
    return tuple(sorted(path.stem for path in prompts_folder().glob("*.md")))


def load_prompt(name: str) -> Prompt:
    """The prompt file of that name. Raises InputError for an unknown name, naming those there are."""
    if name not in prompt_names():
        expected = "one of " + ", ".join(prompt_names())
        raise InputError([Problem("prompt", repr(name), expected, "choose one of those")])
    return read_prompt(prompts_folder() / f"{name}.md")


def read_prompt(path: Path) -> Prompt:
    """One prompt file. Raises InputError listing everything wrong with its front matter or its body."""
    text = path.read_text(encoding="utf-8")
    match = _FRONT.fullmatch(text)
    if match is None:
        found = "no front matter"
        raise InputError([Problem(str(path), found, "--- YAML --- and a body", "see the other prompt files")])
    front = yaml.safe_load(match.group(1))
    _check_front(front, match.group(2), path)
    return Prompt(
        name=front["name"],
        version=front["version"],
        task=front["task"],
        labels=tuple(front.get("labels", ())),
        schema=front.get("schema", {}),
        hash=sha256_text(text)[:16],
        source=match.group(2).strip("\n"),
        examples=tuple(Example(item["fields"], item["answer"]) for item in front.get("examples", ())),
    )


def _check_front(front: Any, body: str, path: Path) -> None:
    problems = Problems()
    front = front if isinstance(front, dict) else {}
    for key, kind in _KEYS.items():
        if not isinstance(front.get(key), kind):
            problems.add(f"{path}: {key}", repr(front.get(key)), f"a {kind.__name__}", "write it in the front matter")
    _check_answers(front, body, path, problems)
    if front.get("name") != path.stem:
        problems.add(f"{path}: name", repr(front.get("name")), repr(path.stem), "let name and file name agree")
    try:
        for template in (body, *map(str, front.get("labels") or ())):
            _environment().parse(template)
    except TemplateError as error:
        problems.add(f"{path}: body", str(error), "a Jinja template", "mend the template")
    problems.raise_if_any()


def _check_answers(front: Mapping[str, Any], body: str, path: Path, problems: Problems) -> None:
    """A chat has both parts and whole examples; anything else has labels."""
    roles = _PART.findall(body)
    if not roles and not isinstance(front.get("labels"), list):
        problems.add(f"{path}: labels", repr(front.get("labels")), "a list", "write it in the front matter")
    if roles and roles != ["system", "user"]:
        problems.add(f"{path}: body", " then ".join(roles), "one part `## system`, then one `## user`", "write both")
    for number, example in enumerate(front.get("examples") or (), 1):
        if not isinstance(example, dict) or {"fields", "answer"} - set(example):
            problems.add(f"{path}: example {number}", repr(example), "`fields` and an `answer`", "write both")
