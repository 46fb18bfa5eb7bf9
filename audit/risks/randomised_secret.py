"""Attribute inference where nothing but memory can help: the secret is drawn by lot before training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from audit.document import Table
from audit.metrics import MetricView
from audit.neighbours import Floats, nearest
from audit.risks._compare import compare, rate
from audit.risks._protocol import COMPARISON_COLUMNS, Need, RiskMeasured, comparison_row, measured, register
from audit.risks._secrets import most_variable, secret_of
from audit.risks._sides import Variable, columns, sides, variables
from prisyn_base import InputError, Problem

MOST_SECRETS = 10


@register
@dataclass(frozen=True)
class RandomisedSecret:
    """success(x) = share of x's planted secrets that the nearest record of a newly made synthetic set tells.

    The secrets of a random half of the members are dealt out anew among them, and the generator is trained again. What
    it then tells of a secret it cannot have from how columns hang together. The control deals them out once more: for
    a generator that remembers nobody, the secrets that it saw and others that it did not are alike.
    """

    name: str = "randomised_secret"
    label: str = "Attribute inference, randomised secret"
    explanation: str = (
        "Trains the generator again on members whose secret values were exchanged by lot, and tries to read them off."
    )
    reference: str = "Houssiau et al., TAPAS, 2022"
    needs: tuple[Need, ...] = ("model",)

    def measure(self, view: MetricView) -> RiskMeasured:
        held, every = sides(view), variables(view.target)
        rng = np.random.default_rng(view.seed)
        secrets = most_variable(every, held.targets, min(MOST_SECRETS, max(len(every) // 2, 1)))
        chosen = rng.permutation(len(held.members))[: max(len(held.members) // 2, 2)]
        hidden, seen, unseen = columns(secrets), rng.permutation(chosen), rng.permutation(chosen)
        changed = held.members.copy()
        changed[np.ix_(chosen, hidden)] = held.members[np.ix_(seen, hidden)]
        made = _samples(view.target.model, changed, seed=view.seed)
        given = np.setdiff1d(np.arange(made.shape[1]), hidden)
        near = nearest(changed[np.ix_(chosen, given)], made[:, given], 1).indices[:, 0]
        return _judged(secrets, near, made, held.members[seen], held.members[unseen], view.seed)


def _samples(refit: Any, records: Floats, *, seed: int) -> Floats:
    """What the generator makes of `records`. Raises InputError where these are no records of the same columns."""
    made = np.asarray(refit(records, seed=seed) if callable(refit) else refit)
    if made.ndim != 2 or made.shape[1] != records.shape[1] or made.dtype.kind != "f":
        found = f"{made.dtype} of shape {made.shape}" if callable(refit) else "a model that cannot be trained again"
        mend = "hand in a handle that trains it again and gives samples, see audit.models.Refit"
        raise InputError([Problem("model", found, f"samples, float, shape (m, {records.shape[1]})", mend)])
    return made


def _judged(
    variables: list[Variable], near: Any, made: Floats, seen: Floats, unseen: Floats, seed: int
) -> RiskMeasured:
    """Guesses against the secrets that the generator saw and those that it did not, by secret and on the whole."""
    planted = [secret_of(variable, seen, made) for variable in variables]
    decoys = [secret_of(variable, unseen, made) for variable in variables]
    right = np.array([secret.right(secret.made[near]) for secret in planted])
    wrong = np.array([secret.right(secret.made[near]) for secret in decoys])
    naive = np.mean([s.right(np.full(s.truth.shape, s.usual)) for s in planted], axis=0)
    by_secret = zip((secret.name for secret in planted), right, wrong, strict=True)
    rows = tuple(comparison_row(name, compare(a, c, seed=seed)) for name, a, c in by_secret)
    table = Table("Planted secrets guessed rightly, and secrets never planted", ("Secret", *COMPARISON_COLUMNS), rows)
    return measured(compare(right.mean(axis=0), wrong.mean(axis=0), seed=seed), rate(naive), tables=(table,))
