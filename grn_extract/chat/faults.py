"""What can go wrong with a call, whichever package sent it, and who can do something about it.

Exception
├── TransientFault      the same call may well be answered a moment later
├── Rejected            the server does not take this call as it is
└── InputError          a person has to mend it: a key, a model's name, an address, an account
"""

from __future__ import annotations

import email.utils
import json
import math
import time
from dataclasses import dataclass
from typing import Any

from grn_extract.chat.providers import key_variable_of, split_name
from grn_extract.chat.redaction import redact
from prisyn_base import InputError, Problem

LONGEST_WORD = 200
"""Characters of another program's message that are passed on."""

_GARBLED = (ValueError, TypeError, LookupError, AttributeError)
_OVERFLOW = ("context length", "context_length", "context size", "context window", "too long", "too many tokens")
_REFUSALS = ("content_filter", "content filter", "content management policy", "Refusal", "ContentFilter")
_QUOTA = ("insufficient_quota", "exceeded your current quota", "credit balance", "billing")
_AGAIN = frozenset({408, 409, 425, 429})


class TransientFault(Exception):
    """`retry_after` in seconds where the server named a time; `unreachable` where there was no server at all."""

    def __init__(self, what: str, *, retry_after: float | None = None, unreachable: bool = False) -> None:
        super().__init__(what)
        self.retry_after = retry_after
        self.unreachable = unreachable


class Rejected(Exception):
    """The server takes other calls, but not this one; `final` where no other wording of it would help."""

    def __init__(self, what: str, *, final: bool = False) -> None:
        super().__init__(what)
        self.final = final


@dataclass(frozen=True, slots=True)
class Where:
    """The model that was asked, and its server where that was named."""

    name: str
    server: str | None
    timeout: float
    variable: str = ""
    """The environment variable that the key was read from, where it is not the provider's own."""


def classify(error: Exception, where: Where) -> Exception:
    """What to raise in place of what a provider's package raised. Its words are kept, cut short and without keys."""
    status, said = _status(error), _words(error)
    if status is not None:
        return _by_status(status, said, error, where)
    kind = " ".join(parent.__name__ for parent in type(error).__mro__)
    if any(word in kind or word in said for word in _REFUSALS):
        return Rejected(f"the model declined: {said}", final=True)
    if "Timeout" in kind:
        return TransientFault(f"no answer within {where.timeout:g} s")
    if isinstance(error, OSError) or any(word in kind for word in ("Connection", "Connect", "Network", "Protocol")):
        return TransientFault(f"the connection failed ({type(error).__name__})", unreachable=_refused(error))
    if isinstance(error, json.JSONDecodeError):
        return TransientFault(f"what came back is no whole JSON ({said})")
    if isinstance(error, _GARBLED):
        # What a package says of an answer that it cannot read is about its own code.
        return TransientFault(
            f"what came back is no chat completion ({type(error).__name__}); most base URLs end in /v1"
        )
    return RuntimeError(f"{type(error).__name__}: {said}")


def _by_status(status: int, said: str, error: Exception, where: Where) -> Exception:
    if status in (401, 403):
        return _key_refused(status, where)
    if status == 402 or (status == 429 and any(word in said for word in _QUOTA)):
        found = f"HTTP {status}: the account has nothing left to spend"
        return InputError([Problem(where.name, found, "an account in credit", "top it up, then run the same again")])
    if status == 404:
        found = f"HTTP 404: {said}"
        at = where.server or split_name(where.name)[0]
        mend = "check the model's name, and the base URL if one is given (most end in /v1)"
        return InputError([Problem(where.name, found, f"a model that {redact(at)} serves", mend)])
    if status in _AGAIN or status >= 500:
        return TransientFault(f"HTTP {status}: {said}", retry_after=retry_after(error))
    final = status == 413 or any(word in said.lower() for word in _OVERFLOW) or any(word in said for word in _REFUSALS)
    return Rejected(f"HTTP {status}: {said}", final=final)


def _key_refused(status: int, where: Where) -> InputError:
    variable = key_variable_of(split_name(where.name)[0], where.variable) or "the server's key"
    found = f"HTTP {status}: the key was refused"
    mend = f"run, in the shell that starts prisyn: export {variable}=...  (read from there, never stored)"
    return InputError([Problem(f"environment: {variable}", found, f"a key that may use {where.name}", mend)])


def retry_after(error: Exception) -> float | None:
    """Seconds until a server wants to be asked again, from `retry-after-ms` or `Retry-After`; None where it is mute."""
    headers: Any = getattr(getattr(error, "response", None), "headers", None) or {}
    for name, scale in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * scale
        except ValueError:
            continue
        return seconds if math.isfinite(seconds) and seconds >= 0 else None
    if day := email.utils.parsedate_tz(headers.get("retry-after", "")):
        return max(0.0, email.utils.mktime_tz(day) - time.time())
    return None


def _status(error: Exception) -> int | None:
    """The HTTP status that says what went wrong; an answer of 200 that could not be read says nothing."""
    # Each provider's package keeps the status under one of these.
    for holder in (error, getattr(error, "response", None)):
        for name in ("status_code", "status", "code"):
            found = getattr(holder, name, None)
            if isinstance(found, int) and 400 <= found < 600:
                return found
    return None


def _words(error: Exception) -> str:
    said = " ".join(redact(str(error)).split())
    return said if len(said) <= LONGEST_WORD else said[:LONGEST_WORD] + "..."


def _refused(error: BaseException | None) -> bool:
    """Whether nobody listened at the address, or there is none of that name."""
    while error is not None:
        if isinstance(error, ConnectionRefusedError) or type(error).__name__ in ("ConnectError", "gaierror"):
            return True
        error = error.__cause__ or error.__context__
    return False
