"""Singling out: does a description taken from the synthetic set fit exactly one person?"""

from __future__ import annotations

from dataclasses import dataclass

import scipy.sparse as sp

from audit.document import Table
from audit.metrics import MetricView
from audit.risks._compare import Comparison, compare_events
from audit.risks._predicates import Predicates, conjunctions, intervals, shuffled
from audit.risks._protocol import COMPARISON_COLUMNS, Need, RiskMeasured, comparison_row, measured, register
from audit.risks._sides import Sides, sides, variables
from prisyn_base import InputError, Problem

GUESSES = 1000


@register
@dataclass(frozen=True)
class SinglingOut:
    """success = a predicate that isolates one synthetic record isolates one member; control: one non-member.

    A predicate that 1 in n people satisfies isolates one of n with probability 37 % whatever was released (Cohen and
    Nissim 2020), so both sides are judged at equal numbers, and the predicates combine conditions until far fewer than
    1 in n people should satisfy them. Beside them, intervals on one variable around values that occur once in S.
    """

    name: str = "singling_out"
    label: str = "Singling out"
    explanation: str = "Describes a synthetic record by a few values and asks whether exactly one real person fits."
    reference: str = "Article 29 Working Party, Opinion 05/2014 (WP216); Cohen and Nissim, PNAS 2020"
    needs: tuple[Need, ...] = ()

    def measure(self, view: MetricView) -> RiskMeasured:
        held, known = sides(view), variables(view.target)
        several = conjunctions(held.synthetic, known, GUESSES, seed=view.seed)
        if not several.isolating.any():
            mend = "leave this risk out: where all records share their descriptions, it can show nothing"
            raise InputError([Problem("synthetic", "no record that a few values isolate", "some", mend)])
        single = intervals(held.synthetic, known, GUESSES, seed=view.seed)
        overall = _compared(several, held, view.seed)
        rows = [(*comparison_row("several variables", overall), int(several.isolating.sum()))]
        if len(single.lengths):
            alone = _compared(single, held, view.seed)
            rows.append((*comparison_row("one variable", alone), len(single.lengths)))
        table = Table("Predicates that isolate exactly one", ("On", *COMPARISON_COLUMNS, "Predicates"), tuple(rows))
        random = _compared(shuffled(several, held.synthetic, known, seed=view.seed), held, view.seed)
        size = min(len(held.members), len(held.controls))
        notes = [f"Both sides are judged as if there were {size} of each."]
        if not several.isolating.all():
            without = int((~several.isolating).sum())
            notes.append(f"{without} of {GUESSES} attempts found no predicate that isolates one synthetic record.")
        return measured(overall, random.success, tables=(table,), notes=tuple(notes))


def _compared(predicates: Predicates, held: Sides, seed: int) -> Comparison:
    hits = sp.csr_matrix(predicates.hold(held.targets))
    return compare_events(hits, len(held.members), "exactly one", donors=held.donors, seed=seed)
