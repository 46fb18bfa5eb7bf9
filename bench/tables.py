"""pGAN's question on tables of patients: does a model of synthetic ones do as well, and are they nobody's doubles?

    python -m bench.tables --out runs.jsonl [--data DIR] [--tables breast_cancer ...] [--methods table_copula pgan]
    python -m bench.tables --out runs.jsonl --table

A run is one method, table, epsilon and seed, a line of --out as soon as it is done; what has a line is not run again. A
seed splits the table anew (.7 to train on, .3 held out) and seeds noise and models. As many synthetic records are drawn
as there are members. Ranges and categories are those of the whole table, which is public here; in earnest they would be
written down from what is known of the variables.

    breast_cancer   569 tumours, 30 measurements, two classes (scikit-learn)
    heart           920 patients of four hospitals, ill or not, with gaps (needs --data)
    pima            768 women, diabetes or not (needs --data)
    diabetes        442 patients, progression (scikit-learn)
    nafld           12,588 patients, body mass index among demographics and laboratory values with gaps (needs --data)

`linear` and `forest` are accuracy, or R2 where the label is a number, on held-out records of a logistic (ridge)
regression and of a forest, trained on synthetic records; `real_` the same trained on members. `aa` is the
nearest-neighbour adversarial accuracy of synthetic records against held-out ones (.5: not told apart) and `loss` the
privacy loss, how much nearer they are to members; `cosine` the mean similarity to the most similar held-out record
beside that of members: all as `prisyn audit` measures them.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from audit import AuditTarget, audit
from bench.generators import _rows, _spread
from cohort import Table, TableSchema, infer_schema, make_table, read_frame, split_cohort
from conditioned_gen import PrivateCohort, generator, methods
from kg import GRN

DELTA = 1e-5
KEY = ("table", "method", "epsilon", "seed")
MEASURED = ("linear", "forest", "aa", "loss", "cosine", "fit_seconds")
MOST = 4000
"""Records that a forest is trained on."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.tables", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--methods", nargs="+", default=["table_copula", "pgan"])
    parser.add_argument("--epsilons", nargs="+", type=float, default=[1.0, 5.0, 10.0], help="for private methods")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(5)))
    parser.add_argument("--table", action="store_true", help="only show what --out has")
    asked = parser.parse_args(arguments)
    if not asked.table:
        units = {method.name: method.units for method in methods()}
        done = {tuple(row[name] for name in KEY) for row in _rows(asked.out)}
        for seed, table, method in product(asked.seeds, asked.tables, asked.methods):
            for epsilon in asked.epsilons if units[method] else [math.inf]:
                if (table, method, epsilon, seed) not in done:
                    row = dict(zip(KEY, (table, method, epsilon, seed), strict=True))
                    row |= measure(TABLES[table](asked.data), method, epsilon, seed)
                    with asked.out.open("a", encoding="utf-8") as stream:
                        stream.write(json.dumps(row) + "\n")
                    sys.stderr.write(json.dumps(row) + "\n")
    for line in show(list(_rows(asked.out))):
        print(line)


def measure(table: Table, method: str, epsilon: float, seed: int) -> dict[str, Any]:
    """Fit one method to one split, and measure what it makes."""
    members, holdout = split_cohort(table, fractions=(0.7, 0.3), seed=seed)
    private = PrivateCohort(members, epsilon=epsilon, delta=DELTA, noise_seed=seed)
    start = time.perf_counter()
    fitted = generator(method).fit(private, grn=GRN(), seed=seed)
    seconds = time.perf_counter() - start
    synthetic = fitted.sample(len(members), seed=seed)
    assert isinstance(synthetic, Table)
    frames = (part.frame for part in (members, holdout, synthetic))
    result = audit(AuditTarget(*frames), seed=seed, attacks=["dcr"], metrics=["nnaa", "cosine"])
    scores = {score.key: score for metric in result.metrics for score in metric.scores}
    cosine = scores["similarity"]
    return {
        **useful(synthetic, holdout, seed),
        **{f"real_{name}": value for name, value in useful(members, holdout, seed).items()},
        "aa": scores["aa_nonmembers"].estimate.point,
        "loss": scores["privacy_loss"].estimate.point,
        "cosine": cosine.estimate.point,
        "real_cosine": None if cosine.control is None else cosine.control.point,
        "spent": fitted.ledger.epsilon,
        "fit_seconds": round(seconds, 2),
    }


def useful(train: Table, test: Table, seed: int) -> dict[str, float]:
    """Accuracy, or R2, of models trained on one table and tested on another."""
    (known, label), (new, truth) = _split(train), _split(test)
    rows = np.random.default_rng(seed).permutation(len(known))[:MOST]
    if train.typed:
        linear: Any = LogisticRegression(max_iter=2000)
        forest: Any = RandomForestClassifier(100, random_state=seed)
    else:
        linear, forest = Ridge(), RandomForestRegressor(100, min_samples_leaf=3, random_state=seed)
    linear = make_pipeline(StandardScaler(), linear)
    return {
        "linear": float(linear.fit(known, label).score(new, truth)),
        "forest": float(forest.fit(known[rows], label[rows]).score(new, truth)),
    }


def _split(table: Table) -> tuple[Any, Any]:
    """What is known of each record, as coordinates, and its label."""
    label = str(table.label)
    known = table.schema.measured(without={label}).encode(table.frame)
    return known, table.schema.codes(table.frame)[:, table.schema.names.index(label)]


def show(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Mean and standard deviation over seeds, a line for each table, method and epsilon; real records first."""
    yield "| table | trained on | epsilon | seeds | linear | forest | AA | privacy loss | cosine | fit, seconds |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for table in dict.fromkeys(row["table"] for row in rows):
        here = [row for row in rows if row["table"] == table]
        splits = list({row["seed"]: row for row in here}.values())
        real = [_spread([row[f"real_{name}"] for row in splits]) for name in ("linear", "forest", "cosine")]
        yield f"| {table} | real records | | {len(splits)} | {real[0]} | {real[1]} | | | {real[2]} | |"
        for method, epsilon in sorted({(row["method"], row["epsilon"]) for row in here}):
            runs = [row for row in here if (row["method"], row["epsilon"]) == (method, epsilon)]
            values = " | ".join(_spread([run[name] for run in runs]) for name in MEASURED)
            yield f"| {table} | `{method}` | {epsilon:g} | {len(runs)} | {values} |"


def _public(frame: pd.DataFrame, label: str) -> Table:
    schema = infer_schema(frame)
    known = TableSchema(tuple(replace(column, peeked=False) for column in schema.columns))
    return make_table(frame, known, label=label)


def _file(name: str, label: str, change: Callable[[pd.DataFrame], pd.DataFrame], data: Path | None) -> Table:
    if data is None:
        raise SystemExit(f"--data: the folder that holds cohorts/{name}")
    return _public(change(read_frame(data / "cohorts" / name)), label)


def _ill(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(num=(frame["num"] > 0).astype(int))


def _weighed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns=["lab_smoke"]).dropna(subset=["bmi"]).reset_index(drop=True)


TABLES: dict[str, Callable[[Path | None], Table]] = {
    "breast_cancer": lambda data: _public(load_breast_cancer(as_frame=True).frame, "target"),
    "heart": partial(_file, "ehr_heart_uci_920.csv.gz", "num", _ill),
    "pima": partial(_file, "ehr_pima_768.csv.gz", "Outcome", lambda frame: frame),
    "diabetes": lambda data: _public(load_diabetes(as_frame=True).frame, "target"),
    "nafld": partial(_file, "ehr_nafld_17549.csv.gz", "bmi", _weighed),
}


if __name__ == "__main__":
    main()
