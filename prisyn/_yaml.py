"""YAML for people: safe, without repeated keys, and `1e-5` is a number."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from prisyn_base import InputError, Problem

_NUMBER = re.compile(r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)[eE][-+]?[0-9]+$")


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML comes without types
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: dict[Any, yaml.Node] = {}
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, list | dict):
                raise yaml.constructor.ConstructorError(None, None, "a key that is no plain word", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} twice", key_node.start_mark)
            seen[key] = key_node
        return dict(super().construct_mapping(node, deep=deep))


# YAML 1.1 reads `1e-5` as a word because it has no dot; nobody who writes a delta means a word.
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _NUMBER, list("-+.0123456789"))


def read_yaml(path: Path) -> Any:
    """The data of a YAML file. Raises InputError with the line and column of what cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError([Problem(str(path), "no such file", "a run file", "`prisyn init` writes one")]) from None
    except IsADirectoryError:
        raise InputError([Problem(str(path), "a folder", "a run file", "name the file in it")]) from None
    except UnicodeDecodeError as error:
        found = f"bytes that are not UTF-8, at offset {error.start}"
        raise InputError([Problem(str(path), found, "text in UTF-8", "save the file as UTF-8")]) from None
    loader = _Loader(text)
    try:
        return loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        raise InputError([_problem(path, error)]) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        found = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError([Problem(str(path), found, "YAML", "mend or remove that part")]) from None
    finally:
        loader.dispose()


def _problem(path: Path, error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    where = f"{path}: line {mark.line + 1}, column {mark.column + 1}" if mark else str(path)
    return Problem(where, error.problem or "something unreadable", "YAML", "mend that line; indent with spaces only")
