"""Imported before the rest, so that a missing torch is answered with the line that installs it."""

from prisyn_base import require

require("torch", extra="train")
