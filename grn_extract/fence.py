"""Text being read is data: it goes to a model between marks that it cannot itself contain."""

from __future__ import annotations

import hashlib
import re

_CONTROL = re.compile(
    r"<(?=[|\uff5c])|<(?=/?(?:s|think|tool_call|start_of_turn|end_of_turn|bos|eos)>)|<(?=/?<SYS>)|\[(?=/?INST\])"
)
"""Where the spelling of a control token begins, in the chat formats of the families of open models."""


def fence(text: str) -> str:
    """`text` between `<text N>` and `</text N>`, N 12 hex digits of its hash that the text does not contain.

    Whoever writes a text cannot know N before the text is whole, so no text ends itself. Control tokens of chat formats
    (`<|im_end|>`) are broken by a space, since some servers read them wherever they stand; half a surrogate pair,
    which no server can be sent, becomes a question mark. Equal texts are fenced alike: their calls have one key.
    """
    text = _CONTROL.sub(lambda match: f"{match.group()} ", text.encode("utf-8", "replace").decode("utf-8"))
    number = 0
    while (mark := hashlib.sha256(f"{number}\x00{text}".encode()).hexdigest()[:12]) in text:
        number += 1
    return f"<text {mark}>\n{text}\n</text {mark}>"
