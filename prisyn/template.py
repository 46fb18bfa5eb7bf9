"""The commented run file that `prisyn init` writes, and the one behind `prisyn demo`."""

from __future__ import annotations

import json

TEMPLATE = """\
# A PriSyn run: `prisyn run {name}` reads it, `prisyn run {name} --dry-run` says what would run and why.
# Paths are relative to this file. `example` stands for what comes with the package.

out: {out:<25}# everything the run writes goes here
seed: {seed:<24}# of the split, the sampling and the audit; not of the privacy noise

extract:                      # published knowledge: it costs no privacy
  corpus: example             # or a list of files and folders of texts: [abstracts.xml, notes/]; null for none
  reader: embedded            # the language model that reads the corpus; none: do not read it
  databases: example          # or a list: [{{name: trrust, file: trrust.tsv, species: human}}]; [] for none
  screen: true                # skip sentences that cannot state regulation

graph:
  min_belief: 0.5             # edges believed less than this do not condition the generator

cohort:                       # the private cells
  file: example               # or an .h5ad file of raw counts
  label: cell_type            # the column of obs that names the cell type
  donor: null                 # the column of obs that names the donor, where there are several
  public: {public:<20}# an .h5ad file of public cells, where you have one
  fractions: [0.6, 0.25, 0.15]  # members (trained on), holdout (never), reference (what an attacker may know)
  types:                      # the cell types there can be, as public knowledge, not looked up in the private cells
{types}

generate:
  method: grn_subspace        # `prisyn generate methods` lists them
  epsilon: 5                  # the privacy budget: smaller is more private
  delta: 1e-5                 # must be well below 1 / number of members
  unit: cell                  # whose presence is hidden: one cell, or one donor with all their cells
  rare: {rare:<22}# declared types too small for the budget: refuse, keep, merge, or public (from public cells)
  n: null                     # cells to make; null: the generator's own noisy estimate of how many there are
  noise_seed: {noise_seed:<16}{noise_comment}

audit:
  attacks: all                # or a list; `prisyn audit attacks` has the names
  metrics: all
"""

_TEST_NOISE = "# null: noise from the operating system, the only kind that protects anybody"
_PUBLIC_NOISE = '# fixed, because these cells are public: the ledger then says "not private"'


def run_file(*, name: str, out: str, seed: int = 0, public: str | None = None, noise_seed: int | None = None) -> str:
    """The text of a run file on the packaged example. `noise_seed` is for public cells and tests only."""
    from cohort import PBMC68K_TYPES

    return TEMPLATE.format(
        name=name,
        out=_word(out),
        seed=seed,
        types=_types(PBMC68K_TYPES),
        public=_word(public),
        rare="refuse" if noise_seed is None else "keep",
        noise_seed="null" if noise_seed is None else noise_seed,
        noise_comment=_TEST_NOISE if noise_seed is None else _PUBLIC_NOISE,
    )


def _word(text: str | None) -> str:
    """A YAML scalar, quoted as JSON is, so that no word (`no`, `null`, `1e5`) is taken for anything but text."""
    return "null " if text is None else f"{json.dumps(text, ensure_ascii=False)} "


def _types(names: tuple[str, ...]) -> str:
    return "\n".join(f'    - "{name}"' for name in names)
