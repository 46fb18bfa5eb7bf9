"""Shadow models: the generator trained again and again, so that its behaviour with and without a record is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, cast

import numpy as np
import numpy.typing as npt

from audit.attacks import AttackView
from audit.models._protocol import Model, Refit, Statistic
from audit.neighbours import Floats, nearest
from prisyn_base import Problems


@dataclass(frozen=True, eq=False)
class Shadows(Generic[Model]):
    """K models of known training sets, shared by every shadow attack.

    `targets` (n, p) are the records under suspicion, `inside` (K, n) says which of them model k was trained on.
    """

    targets: Floats
    inside: npt.NDArray[np.bool_]
    models: tuple[Model, ...]

    def rows(self, queries: Floats) -> npt.NDArray[np.intp]:
        """The target that each query (q, p) is. Raises ValueError for a record that was no target."""
        places = {record.tobytes(): row for row, record in enumerate(_rows(self.targets))}
        found = [places.get(record.tobytes(), -1) for record in _rows(queries)]
        if -1 in found:
            raise ValueError(f"{found.count(-1)} records are judged that the shadow models were not dealt")
        return np.array(found, dtype=np.intp)

    def both(self) -> npt.NDArray[np.bool_]:
        """`inside`, if every target is in some models and not in others; ValueError for offline shadows.

        An attack that learns from answers with and without a record has nothing to learn from where all are without.
        """
        if not (self.inside.any(axis=0) & ~self.inside.all(axis=0)).all():
            raise ValueError(
                "this attack needs shadow models with and without each record: use a share between 0 and 1"
            )
        return self.inside

    def statistics(self, statistic: Statistic[Model], records: Floats) -> npt.NDArray[np.float64]:
        """What every model says of every record (r, p): shape (K, r)."""
        return np.stack([statistic(model, records) for model in self.models])


def fit_shadows(
    refit: Refit[Model],
    targets: Floats,
    *,
    count: int,
    seed: int,
    share: float = 0.5,
    population: Floats | None = None,
    size: int | None = None,
) -> Shadows[Model]:
    """Train `count` models, each on a part of the targets (n, p): one series of trainings serves all targets.

    Each target is in exactly round(share * count) training sets, dealt at random and apart from the others (Carlini et
    al. 2022); share 0 trains on no target, which is the offline attack. Training sets are filled to `size` records
    from the `population`, real records the attacker owns. Raises InputError naming every setting that cannot work.
    """
    rng = np.random.default_rng(seed)
    held = round(share * count)
    inside = rng.random((count, len(targets))).argsort(axis=0) < held
    spare = [max((size or 0) - int(row.sum()), 0) for row in inside]
    _check(count, held, share, max(spare), 0 if population is None else len(population))
    models = []
    for row, extra in zip(inside, spare, strict=True):
        records = targets[row]
        if extra and population is not None:
            records = np.concatenate([records, population[rng.permutation(len(population))[:extra]]])
        models.append(refit(records[rng.permutation(len(records))], seed=int(rng.integers(2**31))))
    return Shadows(targets, inside, tuple(models))


def _check(count: int, held: int, share: float, spare: int, owned: int) -> None:
    problems = Problems()
    if count < 2:
        problems.add("count", str(count), "at least 2 shadow models", "train more; 16 is a beginning")
    elif share and not 0 < held < count:
        found = f"{share:g}, which is {held} of {count} models"
        problems.add("share", found, "some models with and some without a record", "use 0.5, or 0 for offline attacks")
    if not held and not spare:
        problems.add("size", "no records to train on", "the size of a training set", "give `size` and a `population`")
    if spare > owned:
        mend = "hand in more records of the population, or lower `size`"
        problems.add("population", f"{owned} records", f"at least {spare}", mend)
    problems.raise_if_any()


def _rows(records: Floats) -> Floats:
    return np.ascontiguousarray(records, dtype=np.float64)


def attacked(model: Model | None, view: AttackView) -> Model:
    """The model under attack; the synthetic set that the view shows where there is no other."""
    return cast(Model, view.all_genes[1]) if model is None else model


def closeness(samples: Floats, records: Floats) -> npt.NDArray[np.float64]:
    """The statistic of an attacker who sees samples (m, p) alone: -min over them of |x - s|; shape (n,)."""
    return -nearest(records, samples, 1).distances[:, 0]
