"""`python -m prisyn` and the `prisyn` command."""

from __future__ import annotations

import os
import signal
from types import FrameType


def main() -> None:
    """Run the command line. A request to terminate ends a command as Ctrl-C does, cleanly."""
    signal.signal(signal.SIGTERM, _stop)
    # Threads that spin while they wait make a shared machine ten times slower; the libraries read this when loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from prisyn.cli import app

    app(prog_name="prisyn")


def _stop(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
