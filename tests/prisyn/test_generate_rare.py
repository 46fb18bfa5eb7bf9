"""`prisyn generate fit --rare`: what is said of types too small for the budget."""

from __future__ import annotations

from cohort import PBMC68K_TYPES, pbmc68k, write_cohort


def test_types_put_together_are_named_once_and_stand_in_the_ledger(prisyn, tmp_path):
    write_cohort(pbmc68k(), tmp_path / "cells.h5ad")
    declared = [word for name in PBMC68K_TYPES for word in ("--type", name)]
    fitted = prisyn(
        *("generate", "fit", "--cohort", tmp_path / "cells.h5ad", "--label", "cell_type", *declared),
        *("--epsilon", "1", "--delta", "1e-5", "--rare", "merge", "--seed", "1", "--noise-seed", "1"),
        *("--out", tmp_path / "model"),
    )
    assert fitted.returncode == 0, fitted.stderr
    (line,) = (line for line in fitted.stderr.splitlines() if line.startswith("too small to be kept apart"))
    assert "CD4+/CD45RA+/CD25- Naive T" in line
    assert "left out, as too small" not in fitted.stderr
    assert line.split("; ")[0] in prisyn("generate", "ledger", "--model", tmp_path / "model", "--format", "tsv").stdout
