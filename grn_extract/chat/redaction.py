"""Keys never reach a message, a log or a file: what another program says is cleaned before it is passed on."""

from __future__ import annotations

import os
import re

HIDDEN = "[key]"
_SECRET = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD)$")
_SHAPES = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|hf|key)[-_][\w*.-]{6,}"
    r"|(?<=Bearer )[^\s'\",]+"
    r"|(?<=://)[^/\s@]+(?=@)"
    r"|(?i:(?<=api_key=)|(?<=api-key: )|(?<=key provided: ))[^\s'\",&]+"
)


def names_a_secret(variable: str) -> bool:
    """Whether an environment variable is called as keys are, so that `redact` hides its value."""
    return _SECRET.search(variable) is not None


def redact(text: str) -> str:
    """`text` without the keys of this process's environment, and without anything that has the shape of a key."""
    keys = (value for name, value in os.environ.items() if names_a_secret(name) and len(value) >= 8)
    for key in sorted(keys, key=len, reverse=True):
        text = text.replace(key, HIDDEN)
    return _SHAPES.sub(HIDDEN, text)
