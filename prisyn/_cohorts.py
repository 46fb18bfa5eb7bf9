"""The cohorts that commands and run files name: files, or the packaged example."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from prisyn.runfile import EXAMPLE

if TYPE_CHECKING:
    from cohort import Cohort
    from conditioned_gen import Fitted


def open_cohort(name: str, *, base: Path, label: str | None = None, donor: str | None = None) -> Cohort:
    """`example` or a file relative to `base`, checked. Raises InputError with everything wrong with it."""
    from cohort import pbmc68k, read_cohort

    if name == EXAMPLE:
        return pbmc68k()
    return read_cohort(base / Path(name).expanduser(), label=label, donor=donor)


def unnamed_types(cohort: Cohort, fitted: Fitted) -> tuple[str, ...]:
    """A confidential line for the owner of the data, where types were too small to be named."""
    lost = sorted(set(cohort.types) - set(fitted.types))
    if not lost:
        return ()
    return (
        f"left out, as too small to be named privately: {', '.join(lost)} (confidential: do not publish this line). "
        "Declare the types that are public knowledge to keep them.",
    )
