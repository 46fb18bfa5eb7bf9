"""One program at a time on one folder."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from prisyn_base._problems import InputError, Problem


@contextmanager
def folder_lock(folder: Path, *, name: Path | None = None) -> Iterator[None]:
    """Hold `folder` for this process; the kernel lets go when the process ends, however it ends.

    Raises InputError when another process holds it, saying which, on which machine and since when. `name` is what the
    folder is called there; its parent, where it is the inside of something that a user named.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 512, 0).decode("utf-8", "replace").strip() or "unknown"
            raise InputError(
                [
                    Problem(
                        str(name or folder.parent),
                        f"another run at work in it (process {holder})",
                        "a folder no other run is using",
                        "wait for that run to end, or give another folder",
                    )
                ]
            ) from None
        since = datetime.now(UTC).isoformat(timespec="seconds")
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()} on {socket.gethostname()} since {since}".encode(), 0)
        yield
    finally:
        os.close(handle)
