"""The members, behind the barrier, become a fitted generator; and that a synthetic cohort."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prisyn._cohorts import open_cohort, unnamed_types
from prisyn.engine import Stage
from prisyn.progress import Lines
from prisyn.runfile import EXAMPLE, Run
from prisyn.stages.extract import EVIDENCE
from prisyn.stages.graph import read_grn
from prisyn_base import Problems, write_json

if TYPE_CHECKING:
    from cohort import Cohort
    from kg import GRN

MODEL = "model"
SYNTHETIC = "synthetic.h5ad"
EARLIER = ".stages/earlier-ledgers.json"
CODE = ("prisyn.stages.generate", "prisyn._cohorts", "conditioned_gen", "cohort", "kg", "prisyn_base")


def fit_stage(run: Run, display: Lines) -> Stage:
    """The stage that measures the members once. Its output is all that sampling and the report know of them."""
    section = run.settings.generate
    settings = {
        "seed": run.settings.seed,
        "min_belief": run.settings.graph.min_belief,
        "cohort": run.settings.cohort.model_dump(mode="json"),
        **section.model_dump(mode="json", exclude={"n"}),
    }

    def work() -> None:
        from conditioned_gen import ACCEPTED, PrivateCohort, generator
        from conditioned_gen.rare import settle_rare

        _remember(run.out)
        members = split(run)[0]
        types = run.settings.cohort.types
        grn = read_grn(run.out, min_belief=run.settings.graph.min_belief)
        public = _public(run)
        _check(run, members, grn, public)
        private = PrivateCohort(
            members,
            epsilon=section.epsilon,
            delta=section.delta,
            unit=section.unit,
            types=tuple(types) if types else None,
            noise_seed=section.noise_seed,
        )
        private.take_as_public(ACCEPTED)
        settled = settle_rare(private, section.rare, method=section.method, public=public)
        for line in settled.lines():
            display.say(line)
        fitted = generator(section.method).fit(
            private,
            grn=grn,
            public=public,
            seed=run.settings.seed,
            progress=lambda done, total: display.advance(done, total, "fitting"),
        )
        fitted.save(run.out / MODEL)
        for line in unnamed_types(members, fitted, settled.merged):
            display.say(line)
        spent = "" if fitted.ledger.private else " (fixed noise seed: not private)"
        display.say(f"epsilon {fitted.ledger.epsilon:.4g} at delta {fitted.ledger.delta:g} spent{spent}")

    return Stage("fit", settings, {EVIDENCE: Path(EVIDENCE), **cohort_inputs(run, public=True)}, (MODEL,), CODE, work)


def _remember(out: Path) -> None:
    """Add the ledger of a model that is about to be replaced to the list of what this folder's runs have measured."""
    file = out / MODEL / "model.json"
    if file.exists():
        model = json.loads(file.read_text(encoding="utf-8"))
        replaced = {"weights_sha256": model["weights_sha256"], **model["ledger"]}
        earlier = earlier_ledgers(out)
        # A run killed between here and its new model finds the same old model again: that is one measurement.
        if replaced["weights_sha256"] not in {ledger["weights_sha256"] for ledger in earlier}:
            write_json(out / EARLIER, [*earlier, replaced])


def earlier_ledgers(out: Path) -> list[dict[str, Any]]:
    """The ledgers of models that later runs into this folder have replaced; whoever has those models has them all."""
    file = out / EARLIER
    return list(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else []


def sample_stage(run: Run, display: Lines) -> Stage:
    """The stage that draws the synthetic cohort. It sees the fitted generator only, so it costs no privacy."""
    n, seed = run.settings.generate.n, run.settings.seed

    def work() -> None:
        from cohort import write_cohort
        from conditioned_gen import load

        synthetic = load(run.out / MODEL).sample(n, seed=seed)
        write_cohort(synthetic, run.out / SYNTHETIC)
        display.say(repr(synthetic))

    return Stage("sample", {"n": n, "seed": seed}, {MODEL: Path(MODEL)}, (SYNTHETIC,), CODE, work)


def split(run: Run) -> tuple[Cohort, Cohort, Cohort]:
    """Members, holdout and reference of the run's cohort; the same for the same seed."""
    from cohort import split_cohort

    part = run.settings.cohort
    cohort = open_cohort(part.file, base=run.base, label=part.label, donor=part.donor)
    members, holdout, reference = split_cohort(cohort, fractions=part.fractions, seed=run.settings.seed)
    return members, holdout, reference


def cohort_inputs(run: Run, *, public: bool = False) -> dict[str, Path]:
    """The files behind the run's cohort; the packaged example is part of the code instead."""
    part = run.settings.cohort
    names = [part.file, part.public if public else None]
    return {name: run.path(name) for name in names if name is not None and name != EXAMPLE}


def _check(run: Run, members: Cohort, grn: GRN, public: Cohort | None) -> None:
    """What the run file's check could not know before there was a graph. Raises InputError."""
    from conditioned_gen import check_request

    section, types = run.settings.generate, run.settings.cohort.types
    problems = Problems()
    problems.extend(
        check_request(
            members,
            epsilon=section.epsilon,
            delta=section.delta,
            unit=section.unit,
            types=tuple(types) if types else None,
            rare=section.rare,
            grn=grn,
            public=public,
        )
    )
    problems.raise_if_any()


def _public(run: Run) -> Cohort | None:
    name = run.settings.cohort.public
    label = run.settings.cohort.label if run.settings.generate.rare == "public" else None
    return None if name is None else open_cohort(name, base=run.base, label=label)
