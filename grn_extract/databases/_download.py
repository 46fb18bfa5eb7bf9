"""A file of the network, kept with its checksum: whole or not there, resumed where the server can.

Beside `trrust-human.tsv` lie `trrust-human.tsv.json` (address, SHA-256, bytes) and, while it is being fetched,
`trrust-human.tsv.part` with what the server said identifies it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from grn_extract._http import Transient, is_html, outlast, refuse_status
from grn_extract.databases._address import Address
from prisyn_base import InputError, Problem, sha256_file, write_json

SCHEMA = 1
LARGEST = 4 << 30
_TIMEOUTS = 10.0, 60.0
_BLOCK = 1 << 16


def fetch(
    address: Address,
    target: Path,
    *,
    sha256: str = "",
    tries: int = 5,
    backoff: float = 1.0,
    tell: Callable[[str], None] | None = None,
) -> Path:
    """`target`, downloaded unless it is there and its checksum is the one recorded, or `sha256` if given.

    Raises InputError naming the address, what came, and the file that can be put in its place.
    """
    say = tell or (lambda text: None)
    if _is_whole(address, target, sha256):
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    say(f"downloading {address.url}" + (f" (licence: {address.licence})" if address.licence else ""))
    try:
        part = outlast(lambda: _download(address, target), tries=tries, backoff=backoff)
    except Transient as error:
        raise _problem(address, str(error), target, "the same command goes on where it stopped") from None
    except requests.RequestException as error:
        raise _problem(address, type(error).__name__, target, "check the address") from None
    digest = sha256_file(part)
    if sha256 and digest != sha256.lower():
        part.unlink()
        raise _problem(address, f"a file with SHA-256 {digest}", target, f"check the file with SHA-256 {sha256}")
    before = _manifest(target).get("sha256", digest)
    if before != digest:
        say(f"{address.url} has changed since it was last downloaded: SHA-256 {digest}, was {before}")
    size = part.stat().st_size
    part.replace(target)
    write_json(_beside(target), {"schema": SCHEMA, "url": address.url, "sha256": digest, "bytes": size})
    say(f"{target}: {size:,} bytes, SHA-256 {digest}")
    return target


def _is_whole(address: Address, target: Path, sha256: str) -> bool:
    manifest = _manifest(target)
    if not target.exists() or manifest.get("schema") != SCHEMA or manifest.get("url") != address.url:
        return False
    return sha256_file(target) == manifest.get("sha256") and manifest["sha256"] == (
        sha256.lower() or manifest["sha256"]
    )


def _manifest(target: Path) -> dict[str, Any]:
    try:
        found = json.loads(_beside(target).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _beside(target: Path) -> Path:
    return target.with_name(target.name + ".json")


def _download(address: Address, target: Path) -> Path:
    """One attempt: goes on behind what an earlier one left, where the server still has that very file."""
    part = target.with_name(target.name + ".part")
    mark = target.with_name(target.name + ".part.json")
    there, tag = _left(part, mark, address)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={there}-", "If-Range": tag} if there else {})
    method = "POST" if address.form else "GET"
    with requests.request(
        method, address.url, data=dict(address.form) or None, headers=headers, timeout=_TIMEOUTS, stream=True
    ) as answer:
        refuse_status(answer)
        if answer.status_code not in (200, 206):
            part.unlink(missing_ok=True)
            raise _problem(address, f"status {answer.status_code}", target, "check the address")
        goes_on = answer.status_code == 206
        if not goes_on:
            write_json(mark, {"url": address.url, "etag": answer.headers.get("ETag", "")})
        _save(answer, part, there if goes_on else 0)
    _refuse_html(address, part, target)
    mark.unlink()
    return part


def _left(part: Path, mark: Path, address: Address) -> tuple[int, str]:
    """How many bytes of which version an earlier attempt left; none where that cannot be told."""
    try:
        said = json.loads(mark.read_text(encoding="utf-8"))
        tag = said["etag"] if said["url"] == address.url else ""
        # A weak tag identifies what a file means and not its bytes.
        return (part.stat().st_size, tag) if tag and not tag.startswith("W/") else (0, "")
    except (OSError, ValueError, KeyError, TypeError):
        return 0, ""


def _save(answer: requests.Response, part: Path, start: int) -> None:
    size, end = start, time.monotonic() + 24 * 3600
    with part.open("r+b" if start else "wb") as stream:
        stream.seek(start)
        stream.truncate()
        for block in answer.iter_content(_BLOCK):
            size += len(block)
            if size > LARGEST or time.monotonic() > end:
                raise Transient(f"a file that does not end, after {size:,} bytes")
            stream.write(block)
        stream.flush()
        os.fsync(stream.fileno())


def _refuse_html(address: Address, part: Path, target: Path) -> None:
    with part.open("rb") as stream:
        head = stream.read(512)
    if is_html(head) or not head:
        part.unlink()
        raise _problem(address, "a page of html" if head else "nothing", target, "check the address in a browser")


def _problem(address: Address, found: str, target: Path, mend: str) -> InputError:
    host = urlsplit(address.url).hostname or address.url
    also = f"{mend}; or download it elsewhere and give the file (off the network nothing of {host} can be had)"
    return InputError([Problem(address.url, found, f"the file {target.name}", also)])
