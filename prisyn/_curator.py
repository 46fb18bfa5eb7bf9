"""Who is judging: named on the command line, in the environment, or taken from git or the system and said aloud."""

from __future__ import annotations

import getpass
import os
import subprocess

from prisyn._command import say
from prisyn_base import InputError, Problem

CURATOR = "PRISYN_CURATOR"


def curator_name(given: str | None) -> str:
    """The name under which decisions are kept.

    A name that was not given, in `--curator` or `PRISYN_CURATOR`, is told before it is used. Raises InputError where
    there is none at all.
    """
    for name in (given, os.environ.get(CURATOR)):
        if name is not None and name.strip():
            return " ".join(name.split())
    for name, source in ((_git_name(), "git's user.name"), (_login_name(), "your login name")):
        if name:
            say(f"judging as {name!r}, which is {source}; {CURATOR} or --curator names somebody else")
            return name
    mend = f"give your name with --curator, or set {CURATOR}"
    raise InputError([Problem("curator", "no name", "the name of the person who judges", mend)])


def _git_name() -> str:
    try:
        asked = subprocess.run(["git", "config", "user.name"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return " ".join(asked.stdout.split())


def _login_name() -> str:
    try:
        return " ".join(getpass.getuser().split())
    except (OSError, KeyError):
        return ""
