"""When statements were added."""

from __future__ import annotations

from datetime import UTC, datetime

from prisyn_base import InputError, Problem


def now() -> datetime:
    """The time to the millisecond, in UTC."""
    time = datetime.now(UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def parse(time: str) -> datetime:
    """A date or time as ISO 8601 writes it, in UTC where it names no zone. Raises InputError for anything else."""
    try:
        found = datetime.fromisoformat(time)
    except ValueError:
        mend = "write, say, 2026-11-25 or 2026-11-25T10:30:00Z"
        raise InputError([Problem("time", repr(time), "a date or time in ISO 8601", mend)]) from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def milliseconds(time: datetime) -> int:
    """Milliseconds since 1970 in UTC, rounded up: what was added at or after `time` has at least this number."""
    return -int(-time.timestamp() * 1000 // 1)
