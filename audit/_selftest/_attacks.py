"""Attacks, tested on records whose answer is known: how they behave, and how often they accuse the innocent."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from audit._selftest._result import SelfCheck
from audit.attacks import Attack, AttackView
from audit.metrics._likeness import spearman
from audit.statistics import Scores, against_chance, auc, clopper_pearson, tied_share

AXES, RECORDS = 20, 100
LEVEL = 0.05
COPIES, NOISE = 5, np.float32(0.3)
FAR = 1e4
FOUND = 0.6
Attacks = Mapping[str, Attack]
Values = npt.NDArray[np.float64]


def behaviour(attacks: Attacks, rng: np.random.Generator, *, quick: bool = False) -> list[SelfCheck]:
    """Near-copies are found, near and far; and, unless `quick`: order and repetition change nothing, ties are ties.

    What the quick test leaves out of order is looked at in each audit, by the controls of its attacks.
    """
    checks = []
    for name, attack in sorted(attacks.items()):
        child = rng.spawn(1)[0]
        try:
            checks += _behaviour(name, attack, child, quick)
        except Exception as error:  # whatever a stranger's attack may raise, it is that attack's failure alone
            checks.append(SelfCheck("attack", name, "runs", False, f"{type(error).__name__}: {error}"))
    return checks


def _behaviour(name: str, attack: Attack, rng: np.random.Generator, quick: bool) -> list[SelfCheck]:
    view = _leaking(rng)
    values = np.asarray(attack.scores(view), dtype=np.float64)
    found = [_found(name, values), _far(name, attack, view, values)]
    if quick:
        return found
    order = _order(name, attack, view, values, rng)
    return [*found, order, _equal(name, attack, view), _twice(name, attack, view, values)]


def false_alarms(attacks: Attacks, rng: np.random.Generator, repetitions: int) -> list[SelfCheck]:
    """All sets from one law: each attack must reject in about 5 % of the repetitions, by AUC and by TPR."""
    alarms, rates = dict.fromkeys(attacks, 0), dict.fromkeys(attacks, 0)
    for _ in range(repetitions):
        view = _harmless(rng)
        for name, attack in attacks.items():
            tested = against_chance(_scores(attack, view), seed=0, fprs=(0.1,))
            alarms[name] += tested.above <= LEVEL
            rates[name] += any(p <= LEVEL for _, p in tested.rates)
    return [_rejections(name, alarms[name], rates[name], repetitions) for name in sorted(attacks)]


def _rejections(name: str, alarms: int, rates: int, repetitions: int) -> SelfCheck:
    # 99.9 %: dozens of statements are made at once, and each is to stand on its own.
    by_auc, by_rate = (clopper_pearson(count, repetitions, level=0.999) for count in (alarms, rates))
    usual = clopper_pearson(alarms, repetitions)
    detail = (
        f"AUC test {by_auc.point:.1%}, 95 % interval {usual.low:.1%} to {usual.high:.1%}; "
        f"TPR test {by_rate.point:.1%}; {repetitions} repetitions"
    )
    held = by_auc.low <= LEVEL <= by_auc.high and by_rate.low <= LEVEL
    return SelfCheck("attack", name, "rejects harmless data in about 5 % of cases", held, detail)


def _draw(rng: np.random.Generator, count: int) -> npt.NDArray[np.float32]:
    return rng.standard_normal((count, AXES)).astype(np.float32)


def _harmless(rng: np.random.Generator) -> AttackView:
    return AttackView(_draw(rng, 2 * RECORDS), _draw(rng, RECORDS), _draw(rng, RECORDS))


def _leaking(rng: np.random.Generator) -> AttackView:
    """Each member stands in the synthetic set five times, moved by 0.3 standard deviations along each axis."""
    members, others, reference = _draw(rng, RECORDS), _draw(rng, RECORDS), _draw(rng, COPIES * RECORDS)
    synthetic = np.repeat(members, COPIES, axis=0)
    return AttackView(np.concatenate([members, others]), synthetic + NOISE * _draw(rng, len(synthetic)), reference)


def _scores(attack: Attack, view: AttackView) -> Scores:
    return _sides(np.asarray(attack.scores(view), dtype=np.float64))


def _sides(values: Values) -> Scores:
    return Scores(values[:RECORDS], values[RECORDS:])


def _area(values: Values) -> float:
    return auc(values[:RECORDS], values[RECORDS:])


def _found(name: str, values: Values) -> SelfCheck:
    area = _area(values)
    return SelfCheck("attack", name, "finds planted near-copies", area > FOUND, f"AUC {area:.3f}")


def _far(name: str, attack: Attack, view: AttackView, values: Values) -> SelfCheck:
    """Thousands of units apart records keep their order; exp(-d^2) is 0 for all of them, and every AUC exactly .5."""
    said = np.asarray(attack.scores(_scaled(view, FAR)), dtype=np.float64)
    ties, kept = tied_share(said[:RECORDS], said[RECORDS:]), spearman(said, values)
    detail = f"ties {ties:.1%}, rank correlation {kept:.3f} with the same at distances {FAR:g} times smaller"
    statement = "the unit does not matter, and distances do not saturate"
    return SelfCheck("attack", name, statement, ties < 0.01 and kept > 0.98, detail)


def _order(name: str, attack: Attack, view: AttackView, values: Values, rng: np.random.Generator) -> SelfCheck:
    order = rng.permutation(len(view.queries))
    reference = None if view.reference is None else rng.permutation(view.reference)
    said = attack.scores(AttackView(view.queries[order], rng.permutation(view.synthetic), reference))
    kept = spearman(values[order], said)
    detail = f"rank correlation {kept:.3f}"
    return SelfCheck("attack", name, "the order of records does not matter", kept > 0.98, detail)


def _equal(name: str, attack: Attack, view: AttackView) -> SelfCheck:
    """Ties are ties: a record asked about twice has one answer, wherever in the file it stands."""
    count = len(view.queries)
    said = attack.scores(AttackView(np.concatenate([view.queries, view.queries]), view.synthetic, view.reference))
    apart = float(np.abs(said[:count] - said[count:]).max() / (said.std() or 1.0))
    detail = f"largest difference {apart:.2g} standard deviations"
    return SelfCheck("attack", name, "equal records get equal scores", apart < 1e-6, detail)


def _twice(name: str, attack: Attack, view: AttackView, values: Values) -> SelfCheck:
    """Every synthetic and reference record twice: an attack may see more, but no leak may hide behind repetition."""
    reference = None if view.reference is None else np.repeat(view.reference, 2, axis=0)
    doubled = dataclasses.replace(view, synthetic=np.repeat(view.synthetic, 2, axis=0), reference=reference)
    once, twice = _area(values), _area(np.asarray(attack.scores(doubled), dtype=np.float64))
    detail = f"AUC {once:.3f} once, {twice:.3f} twice"
    return SelfCheck("attack", name, "records handed over twice hide nothing", twice > once - 0.1, detail)


def _scaled(view: AttackView, factor: float) -> AttackView:
    reference = None if view.reference is None else view.reference * factor
    return AttackView(view.queries * factor, view.synthetic * factor, reference)
