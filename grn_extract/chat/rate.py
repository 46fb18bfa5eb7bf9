"""No more calls a minute than a server takes, over all threads."""

from __future__ import annotations

import threading
import time


class RateLimit:
    """Slots at even distances, `per_minute` of them; None is without limit. A server's "wait" holds up every thread."""

    def __init__(self, per_minute: float | None = None) -> None:
        self._step = 60.0 / per_minute if per_minute else 0.0
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Take the next slot, and sleep until it comes."""
        with self._lock:
            slot = max(self._next, time.monotonic())
            self._next = slot + self._step
        delay = slot - time.monotonic()
        if delay > 0:
            time.sleep(delay)

    def pause(self, seconds: float) -> None:
        """Let no slot come before so many seconds from now."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)
