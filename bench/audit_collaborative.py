"""What collaborative training gives away, and what clipping and noise at epsilon 1 leave of it.

    python -m bench.audit_collaborative --data FOLDER --seeds 3

Cells: FOLDER/cohorts/pbmc3k_2638.h5ad on the 50 genes that vary most in another donor (pbmc_donorA2896.h5ad), which
also gives their centres and scales. Table: scikit-learn's breast_cancer, its scales taken as public.

Inversion: one record's gradient on a fresh network is shared; the attacker knows the record's class. Every
reconstruction is judged against 19 other records of that class, so chance is 5 %. Insider: every class that the insider
does not own is the victim's once; `advantage` is the mean over these of MMD^2(drawn, other classes) - MMD^2(drawn,
victim's class), 0 where nothing is learnt, its interval (Student) over seeds; `right` counts the runs whose drawn
records are closest to the victim's class; `cosine` compares mean profiles, from the middle of the two classes, and is
0 by chance as well (it sees a direction where the drawn records lie too far out for the kernel). Gradients: bits
about an attribute that is not the label. Epsilon is that of one release for a gradient and of all rounds together for
the insider, at delta 1e-5, per record or, where said, per participant: a single record's gradient is both.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.stats import t as student
from torch import nn

from audit.collaborative import (
    Defence,
    GaussianNoise,
    InsiderGan,
    Participant,
    SharedModule,
    SimulatedRound,
    Undefended,
    Unit,
    exact_records,
    flattened,
    identify,
    invert_gradient,
    resemblance,
    usable_information,
)
from audit.statistics import clopper_pearson
from cohort import read_cohort

EPSILON, DELTA, CLIP = 1.0, 1e-5, 0.1
ALONE: tuple[Unit | None, ...] = (None, "record")
TOGETHER: tuple[Unit | None, ...] = (None, "record", "participant")
GENES, HIDDEN, OTHERS = 50, 64, 19
CELL_OWN = ("Naive CD4 T", "Memory CD4 T", "CD8 T")
CELL_VICTIMS = ("B", "CD14+ Mono", "NK")
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Data:
    """Standardised records (n, p), their classes and a second attribute; who owns which class in the insider run."""

    name: str
    values: Floats
    classes: npt.NDArray[np.str_]
    attribute: npt.NDArray[np.str_]
    owned: tuple[str, ...]
    victims: tuple[str, ...]

    def of(self, kind: str) -> torch.Tensor:
        """The records of one class."""
        return torch.as_tensor(self.values[self.classes == kind], dtype=torch.float32)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.audit_collaborative", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds cohorts/")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--records", type=int, default=20, help="gradients inverted per seed")
    parser.add_argument("--rounds", type=int, default=150, help="rounds of the insider's training")
    parser.add_argument("--attacks", nargs="+", choices=("inversion", "insider", "usable"), default=None)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    start = time.perf_counter()
    rows = []
    for data in (cells(options.data / "cohorts"), table()):
        for measure, units in ((inversion, ALONE), (insider, TOGETHER), (usable, ALONE)):
            for unit in units if options.attacks is None or measure.__name__ in options.attacks else ():
                rows.append(measure(data, unit, options))
                sys.stderr.write(json.dumps(rows[-1]) + "\n")
    sys.stdout.write(markdown(rows) + f"\n{time.perf_counter() - start:.0f} s\n")


def cells(folder: Path) -> Data:
    private = read_cohort(folder / "pbmc3k_2638.h5ad", label="cell_type")
    public = read_cohort(folder / "pbmc_donorA2896.h5ad")
    shared = [gene for gene in private.genes if gene in set(public.genes)]
    known = public.select_genes(shared).log_normalised().toarray()
    chosen = np.sort(np.argsort(-known.var(axis=0), kind="stable")[:GENES])
    values = private.select_genes(shared).log_normalised().toarray()[:, chosen]
    scaled = (values - known[:, chosen].mean(axis=0)) / known[:, chosen].std(axis=0)
    depth = np.asarray(private.counts.sum(axis=1)).ravel()
    return Data("pbmc3k", scaled, private.labels, _halves(depth), CELL_OWN, CELL_VICTIMS)


def table() -> Data:
    from sklearn.datasets import load_breast_cancer

    loaded = load_breast_cancer()
    values = (loaded.data - loaded.data.mean(axis=0)) / loaded.data.std(axis=0)
    kinds = tuple(map(str, loaded.target_names))
    texture = loaded.data[:, list(loaded.feature_names).index("mean texture")]
    return Data("breast_cancer", values, np.array(kinds)[loaded.target], _halves(texture), (), kinds)


def _halves(values: Floats) -> npt.NDArray[np.str_]:
    return np.where(values > np.median(values), "high", "low")


def inversion(data: Data, unit: Unit | None, options: argparse.Namespace) -> dict[str, Any]:
    """Records recovered from single gradients: by search on their direction, and by division in the first layer."""
    searched, divided, truths, others = [], [], [], []
    kinds = np.unique(data.classes)
    for seed in range(options.seeds):
        rng = np.random.default_rng(seed)
        model = network(data.values.shape[1], len(kinds), seed)
        for number in range(options.records):
            kind = rng.choice(kinds[[int((data.classes == k).sum()) > OTHERS for k in kinds]])
            rows = rng.permutation(np.flatnonzero(data.classes == kind))[: OTHERS + 1]
            record = torch.as_tensor(data.values[rows[:1]], dtype=torch.float32)
            target = torch.eye(len(kinds))[[int(np.searchsorted(kinds, kind))]]
            shared = defence(unit, 1, seed * 1000 + number).shared(model.gradients(record, target), number=0)
            found = invert_gradient(model, shared, target, features=record.shape[1], seed=number, steps=150)
            exact = exact_records(*shared[:2])
            searched.append(found.records[0])
            divided.append(np.concatenate([exact.records, exact.mixtures])[0])
            truths.append(record[0].double().numpy())
            others.append(data.values[rows[1:]])
    result: dict[str, Any] = {"attack": "inversion", "data": data.name, "unit": unit}
    for name, found_records in (("search", searched), ("division", divided)):
        judged = identify(np.stack(found_records), np.stack(truths), np.stack(others))
        relative = np.linalg.norm(np.stack(found_records) - truths, axis=1) / np.linalg.norm(truths, axis=1)
        result[name] = {**asdict(judged), "median_relative_error": float(np.median(relative))}
    return result


def insider(data: Data, unit: Unit | None, options: argparse.Namespace) -> dict[str, Any]:
    """The insider GAN against every class it does not own, in turn."""
    advantages, right, cosines, accuracies = [], [], [], []
    for seed in range(options.seeds):
        of_seed = []
        for wanted in data.victims:
            drawn, accuracy = draw(data, wanted, unit, options.rounds, seed)
            others = [kind for kind in data.victims if kind != wanted]
            judged = [resemblance(drawn, data.of(wanted).numpy(), data.of(kind).numpy()) for kind in others]
            of_seed.append(statistics.mean(j.advantage.point for j in judged))
            right.append(min(j.advantage.point for j in judged) > 0)
            cosines.append(statistics.mean(j.cosine_wanted for j in judged))
            accuracies.append(accuracy)
        advantages.append(statistics.mean(of_seed))
    mean, count = statistics.mean(advantages), len(advantages)
    spread = float(student.ppf(0.975, count - 1)) * statistics.stdev(advantages) / count**0.5
    return {
        "attack": "insider",
        "data": data.name,
        "unit": unit,
        "advantage": [mean, mean - spread, mean + spread],
        "right": asdict(clopper_pearson(sum(right), len(right))),
        "chance": 1 / len(data.victims),
        "cosine": statistics.mean(cosines),
        "accuracy": statistics.mean(accuracies),
        "by_seed": advantages,
    }


def draw(data: Data, wanted: str, unit: Unit | None, rounds: int, seed: int) -> tuple[Floats, float]:
    """Records (512, p) drawn for the wanted class, and how often the final model tells wanted from owned or drawn."""
    names = [*data.victims, *data.owned]
    classes = len(names) + 1
    labels = torch.eye(classes)
    real = data.of(wanted)
    victim = Participant(real, labels[[names.index(wanted)]].expand(len(real), -1), defence(unit, rounds, seed))
    first = SimulatedRound(network(real.shape[1], classes, seed), (victim,), learning_rate=0.5)
    own = None
    if data.owned:
        parts = [data.of(kind) for kind in data.owned]
        targets = [labels[[names.index(kind)]].expand(len(p), -1) for kind, p in zip(data.owned, parts, strict=True)]
        own = (torch.cat(parts), torch.cat(targets))
    attack = InsiderGan(names.index(wanted), classes - 1, rounds=rounds)
    drawn = attack.attack(first, features=real.shape[1], classes=classes, seed=seed, own=own)
    said = drawn.last.shared.logits(real).argmax(dim=1)
    return drawn.records, float((said == names.index(wanted)).float().mean())


def usable(data: Data, unit: Unit | None, options: argparse.Namespace) -> dict[str, Any]:
    """Bits about an attribute in the gradients of 300 single records, on one fresh network a seed."""
    kinds = np.unique(data.classes)
    found = []
    for seed in range(options.seeds):
        rows = np.random.default_rng(seed).permutation(len(data.values))[:300]
        model = network(data.values.shape[1], len(kinds), seed)
        records = torch.as_tensor(data.values[rows], dtype=torch.float32)
        targets = torch.eye(len(kinds))[torch.as_tensor(np.searchsorted(kinds, data.classes[rows]))]
        pieces = model.gradients(records, targets)
        shared = [
            defence(unit, 1, seed * 1000 + row).shared(tuple(p[row : row + 1] for p in pieces), number=0)
            for row in range(len(rows))
        ]
        found.append(usable_information(flattened(shared), data.attribute[rows], seed=seed))
    return {
        "attack": "usable",
        "data": data.name,
        "unit": unit,
        "by_seed": [[f.information.point, f.information.low, f.information.high] for f in found],
        "without": statistics.mean(f.without for f in found),
    }


def defence(unit: Unit | None, rounds: int, seed: int) -> Defence:
    """Nothing, or noise with which all rounds together are (1, 1e-5)-DP."""
    if unit is None:
        return Undefended()
    return GaussianNoise.for_epsilon(EPSILON, delta=DELTA, rounds=rounds, clip=CLIP, unit=unit, seed=seed)


def network(features: int, classes: int, seed: int) -> SharedModule:
    """A perceptron with one hidden layer of 64 smooth units, weights from the seed."""
    chance = torch.Generator().manual_seed(seed)
    layers = nn.Linear(features, HIDDEN), nn.Linear(HIDDEN, classes)
    with torch.no_grad():
        for layer in layers:
            for parameter in layer.parameters():
                parameter.copy_((torch.rand(parameter.shape, generator=chance) * 2 - 1) / layer.in_features**0.5)
    return SharedModule.of(nn.Sequential(layers[0], nn.Tanh(), layers[1]))


def markdown(rows: list[dict[str, Any]]) -> str:
    """The rows as tables, one for each kind of attack that was run."""
    of = {name: [row for row in rows if row["attack"] == name] for name in ("inversion", "insider", "usable")}
    return "\n".join("\n".join(write(of[name])) + "\n" for name, write in TABLES.items() if of[name])


def _inversion_table(rows: list[dict[str, Any]]) -> list[str]:
    lines = _head("data", "updates", "attack", "right", "chance", "others further away", "relative error")
    for row in rows:
        for way in ("search", "division"):
            j = row[way]
            lines.append(
                f"| {row['data']} | {_updates(row)} | {way} | {_interval(j['top'])} | {j['chance']:.2f} "
                f"| {_interval(j['nearer'])} | {j['median_relative_error']:.2g} |"
            )
    return lines


def _insider_table(rows: list[dict[str, Any]]) -> list[str]:
    lines = _head("data", "updates", "advantage", "right", "chance", "cosine", "victim's class known to the model")
    for row in rows:
        point, low, high = row["advantage"]
        lines.append(
            f"| {row['data']} | {_updates(row)} | {point:+.3f} [{low:+.3f}, {high:+.3f}] | {_interval(row['right'])} "
            f"| {row['chance']:.2f} | {row['cosine']:+.2f} | {row['accuracy']:.2f} |"
        )
    return lines


def _usable_table(rows: list[dict[str, Any]]) -> list[str]:
    lines = _head("data", "updates", "usable bits, seed by seed", "of")
    for row in rows:
        bits = ", ".join(f"{point:+.2f} [{low:+.2f}, {high:+.2f}]" for point, low, high in row["by_seed"])
        lines.append(f"| {row['data']} | {_updates(row)} | {bits} | {row['without']:.2f} |")
    return lines


TABLES = {"inversion": _inversion_table, "insider": _insider_table, "usable": _usable_table}


def _head(*columns: str) -> list[str]:
    return [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]


def _updates(row: dict[str, Any]) -> str:
    return "plain" if row["unit"] is None else f"epsilon {EPSILON:g} a {row['unit']}"


def _interval(estimate: dict[str, Any]) -> str:
    return f"{estimate['point']:.2f} [{estimate['low']:.2f}, {estimate['high']:.2f}]"


if __name__ == "__main__":
    main()
