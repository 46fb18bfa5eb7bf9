"""Lines of text files that say where they end, what they are encoded in, and stay in memory one at a time."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

from grn_extract.sources._xml import open_unpacked

LONGEST_LINE = 4 << 20
"""Bytes; the longest abstract on one line is a hundredth of that."""


class BrokenLine(Exception):
    """Reading cannot go on behind line `number`."""

    def __init__(self, number: int, found: str, expected: str, mend: str) -> None:
        super().__init__(found)
        self.number, self.found, self.expected, self.mend = number, found, expected, mend


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Line number from 1 and line with its end. Raises BrokenLine at a line that is no UTF-8, endless or cut off."""
    number = 0
    try:
        with open_unpacked(path) as stream:
            while line := stream.readline(LONGEST_LINE):
                number += 1
                if len(line) == LONGEST_LINE:
                    raise BrokenLine(number, "a line that does not end", f"< {LONGEST_LINE} bytes", "split it")
                if b"\0" in line:
                    raise BrokenLine(number, "a NUL byte", "text in UTF-8", "save it as UTF-8 text")
                yield number, line.decode("utf-8-sig" if number == 1 else "utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise BrokenLine(number, f"not UTF-8 ({error.reason})", "text in UTF-8", "save it as UTF-8") from None
    except (OSError, EOFError, zlib.error) as error:
        raise BrokenLine(number + 1, str(error), "a whole file", "copy or download it again") from None
