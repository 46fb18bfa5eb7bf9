"""Attribute inference: guess a secret column from all others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from audit.document import Table
from audit.metrics import MetricView
from audit.neighbours import nearest
from audit.risks._compare import compare, rate
from audit.risks._protocol import COMPARISON_COLUMNS, Need, RiskMeasured, comparison_row, measured, register
from audit.risks._secrets import Secret, most_variable, secret_of
from audit.risks._sides import Columns, Sides, columns, sides, variables
from audit.statistics import holm
from prisyn_base import InputError, Problem

MOST_SECRETS = 20
ONE_BY_ONE = 50


@register
@dataclass(frozen=True)
class AttributeInference:
    """success(x) = share of x's secrets that the synthetic record nearest on the known columns tells.

    A category must be equal, a number within a tenth of its standard deviation. In a table each column is the secret
    once and all others are known; among many genes the 20 most variable (and the type) are secret together. What can
    be guessed of anybody, because columns hang together, is guessed as well of non-members: only the rest is a leak.
    `secrets` names the columns to be guessed instead, say one that was filled with coin flips before training.
    """

    name: str = "attribute_inference"
    label: str = "Attribute inference"
    explanation: str = "Knows all of a person but one value and reads that off the nearest synthetic record."
    reference: str = "Yeom et al., CSF 2018; Houssiau et al., TAPAS, 2022"
    needs: tuple[Need, ...] = ()
    secrets: tuple[str, ...] = ()

    def measure(self, view: MetricView) -> RiskMeasured:
        held = sides(view)
        guessed = [
            (secret, secret.right(secret.made[near]))
            for given, secrets in self._rounds(view, held)
            for near in [nearest(held.targets[:, given], held.synthetic[:, given], 1).indices[:, 0]]
            for secret in secrets
        ]
        if not guessed:
            mend = "hand in more columns, or name as secrets some that vary"
            raise InputError([Problem("columns", "none to be guessed from others", "two that vary", mend)])
        success = np.mean([right for _, right in guessed], axis=0)
        naive = np.mean([s.right(np.full(s.truth.shape, s.usual)) for s, _ in guessed], axis=0)
        overall = compare(*held.parted(success), donors=held.donors, seed=view.seed)
        found = [compare(*held.parted(right), donors=held.donors, seed=view.seed) for _, right in guessed]
        adjusted = holm([comparison.p_value for comparison in found])
        rows = tuple(
            (*comparison_row(secret.name, comparison), p)
            for (secret, _), comparison, p in zip(guessed, found, adjusted, strict=True)
        )
        table = Table("Secrets guessed rightly, by secret", ("Secret", *COMPARISON_COLUMNS, "p (Holm)"), rows)
        return measured(overall, rate(held.parted(naive)[0]), tables=(table,))

    def _rounds(self, view: MetricView, held: Sides) -> Iterator[tuple[Columns, list[Secret]]]:
        """Known columns, and what is guessed from them."""
        every, label = variables(view.target), _label(view, held)
        chosen = most_variable(every, held.targets, MOST_SECRETS)
        if self.secrets:
            chosen = [variable for variable in every if variable.name in self.secrets]
        secrets = {v.name: secret_of(v, held.targets, held.synthetic) for v in chosen}
        if len(every) > ONE_BY_ONE:
            rest = [v for v in every if v.name not in secrets]
            if rest:
                yield columns(rest), [*secrets.values(), *label]
            return
        if label:
            yield columns(list(every)), label
        for name, secret in secrets.items():
            rest = [v for v in every if v.name != name]
            if rest:
                yield columns(rest), [secret]


def _label(view: MetricView, held: Sides) -> list[Secret]:
    """The type of each record as a secret, where all sets have one."""
    if not view.target.labelled:
        return []
    members, controls, made = (view.target.sets[name].labels[rows] for name, rows in held.rows.items())
    return [Secret("type", np.concatenate([members, controls]), made, 0.0)]
