"""PriSyn's front door: the command line, run files and the pipeline. Heavy parts load when a command needs them."""

from prisyn._version import __version__

__all__ = ["__version__"]
