"""Heavy parts are extras; a missing one answers with its exact install line."""

from __future__ import annotations

import importlib
from types import ModuleType


class MissingExtraError(ImportError):
    """An optional part is not installed. The message is the line that installs it."""


def require(module: str, *, extra: str) -> ModuleType:
    """Import `module`, or say which extra of `prisyn` brings it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise
        raise MissingExtraError(f"{module} is not installed: pip install 'prisyn[{extra}]'") from error
