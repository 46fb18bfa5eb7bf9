"""The privacy barrier: the only thing a generator may see of private records.

A generator is handed a `PrivateCohort`, the public graph and public cells, and nothing else. What it learns about
private records has passed through one of the methods here, each of which writes to the ledger, bounds what one unit
can contribute and adds noise. No method returns records, sizes or labels.

One thing is asked of a generator in return: the functions it passes in (`Block.of`, losses) are run on private
records, and must treat each record by itself and keep nothing. A statistic over the batch inside such a function would
break the bound without being seen here, which is why the contract test of generators runs each one's functions on
records singly and together.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from cohort import Cohort, Table
from conditioned_gen.calibration import calibrated
from conditioned_gen.ledger import Entry, Ledger, Unit
from conditioned_gen.mechanisms import GRID_BITS, Noise, mu_of
from conditioned_gen.representation import CellVectors, Representation, Vectors
from conditioned_gen.request import check_promise
from conditioned_gen.sums import Block, Contributor, Records, Release, contribution
from conditioned_gen.table_vectors import TableVectors
from prisyn_base import InputError, Problem, Problems

if TYPE_CHECKING:
    from torch import nn

    from conditioned_gen.ensemble import Ensemble, EnsembleSettings
    from conditioned_gen.gradients import GradientChannel
    from conditioned_gen.sample_gradients import BatchLoss, CriticGradients, LossGradients
    from conditioned_gen.units import Units
    from conditioned_gen.votes import VoteChannel

__all__ = ["Block", "PrivateCohort", "Records", "Release"]
Floats = npt.NDArray[np.float64]
_GRID = 2.0**GRID_BITS
_CHUNK = 4096
_FOR_CELLS = "choose a method for cells, such as grn_subspace"


class PrivateCohort:
    """Private records behind the barrier, with the budget they may cost and the ledger of what they have cost.

    Parameters: `epsilon` and `delta` are the promise for everything this object will ever release; `unit` is whose
    presence is hidden: one cell, or one donor with all their cells. An infinite epsilon promises nothing: releases
    carry no noise, and the ledger says so. `types` is the public list of type names; left out, it is itself released,
    at a price. `earlier` are measurements for publications before this one, which the promise covers as well.
    `noise_seed` replaces the entropy of the operating system and voids the guarantee, which the ledger then says.
    Raises `InputError` for a promise that is none and a cohort without labels.

    The gene panel and the name of the label column are taken as public. Neighbouring cohorts differ by adding or
    removing one unit. Of a table, the schema is: types are its label's categories, and ranges or categories that were
    read off the records (peeked) are refused, unless nothing is promised. A cell is then one record.
    """

    def __init__(
        self,
        cohort: Cohort | Table,
        *,
        epsilon: float,
        delta: float,
        unit: Unit = "cell",
        types: Sequence[str] | None = None,
        noise_seed: int | None = None,
        earlier: Sequence[Entry] = (),
    ) -> None:
        problems = Problems()
        problems.extend(check_promise(epsilon, delta, none=True))
        if isinstance(cohort, Table):
            problems.extend(_peeked(cohort) if math.isfinite(epsilon) else ())
            types = cohort.declared_types if types is None else types
        elif cohort.label is None:
            problems.add("cohort", "no label column", "a column that names each cell's type", "name it as the label")
        if unit == "donor" and cohort.donor is None:
            problems.add("cohort", "no donor column", "a column that names each cell's donor", "name it as the donor")
        if earlier and types is None:
            problems.add(
                "types", "not declared, under a budget for several releases", "the public list", "declare them"
            )
        problems.raise_if_any()
        self.representation: Representation
        if isinstance(cohort, Table):
            self.representation = TableVectors(cohort.schema, cohort.label)
            self.genes: tuple[str, ...] = cohort.features.names
            known = f"the table's schema ({len(cohort.schema.columns)} columns), of whose records each is called a cell"
        else:
            self.representation = CellVectors(cohort.genes)
            self.genes = cohort.genes
            known = f"the gene panel ({len(cohort.genes)} names)"
        self.label = str(cohort.label or "")
        self.__cohort = cohort
        self.__noise = Noise(noise_seed)
        public = ["which records were handed over", known]
        if types is not None:
            public.append(f"the names of the {len(types)} types")
        self.ledger = Ledger(
            unit=unit,
            budget_epsilon=epsilon,
            delta=delta,
            private=not self.__noise.seeded and math.isfinite(epsilon),
            public=tuple(public),
            entries=list(earlier),
        )
        self.__budget_mu = mu_of(epsilon, delta if types is not None else delta / 2)
        # What went before, as the mu of Gaussian noise that would have cost as much; the ledger composes it exactly.
        self.__spent = (mu_of(self.ledger.epsilon, delta) / self.__budget_mu) ** 2 if earlier else 0.0
        self.borrowed: tuple[str, ...] = ()
        """Types whose profile is to come from labelled public cells (`conditioned_gen.rare`)."""
        self.types: tuple[str, ...] = tuple(types) if types is not None else self.__release_types(share=0.05)

    def __repr__(self) -> str:
        ledger = self.ledger
        return f"PrivateCohort(unit={ledger.unit!r}, epsilon {ledger.epsilon:.3g} of {ledger.budget_epsilon:g} spent)"

    @property
    def share_left(self) -> float:
        """What is left of the budget, as a share of its mu^2; 1 before any release."""
        return max(1.0 - self.__spent, 0.0)

    @property
    def table_vectors(self) -> TableVectors:
        """The representation of a table. Raises `InputError` for cells, for methods that take tables alone."""
        if not isinstance(self.representation, TableVectors):
            raise InputError([Problem("cohort", "cells, for a method that takes tables", "a table", _FOR_CELLS)])
        return self.representation

    def unprotected(self) -> Cohort:
        """The cells themselves, for methods that protect nobody, without those of undeclared types.

        Raises `InputError` unless epsilon is infinite: then nothing was promised, and the ledger says what happened.
        """
        found = self.__unprotected()
        if isinstance(found, Table):
            problem = Problem(
                "cohort", "a table, for a method that takes cells", "cells", "choose pgan, or table_copula"
            )
            raise InputError([problem])
        return found

    def unprotected_table(self) -> Table:
        """As `unprotected`, for a table."""
        found = self.__unprotected()
        if not isinstance(found, Table):
            raise InputError([Problem("cohort", "cells, for a method that takes tables", "a table", _FOR_CELLS)])
        return found

    def __unprotected(self) -> Cohort | Table:
        if math.isfinite(self.ledger.budget_epsilon):
            raise InputError(
                [
                    Problem(
                        "epsilon",
                        f"{self.ledger.budget_epsilon:g}, for a method that protects nobody",
                        "inf, which promises nothing",
                        "choose a private method (`prisyn generate methods`), or say inf and do not publish the result",
                    )
                ]
            )
        self.ledger.charge(Entry(name="the records themselves", sensitivity=1.0, noise=0.0, coordinates=0))
        return self.__cohort.subset(np.isin(self.__cohort.labels, self.types))

    def regroup(self, groups: Mapping[str, str]) -> None:
        """From here on, records of a type that `groups` names count for the one it gives.

        `groups` must be public or follow from what was released. A record still counts for one type, so that no bound
        changes. Raises `InputError` for a table, whose types its schema fixes.
        """
        if isinstance(self.__cohort, Table):
            found, mend = "types put together in a table", "keep them, or join the categories in the schema"
            raise InputError([Problem("rare", found, "cells", mend)])
        self.__cohort = self.__cohort.regrouped(groups)
        self.types = tuple(dict.fromkeys(groups.get(name, name) for name in self.types))

    def take_as_public(self, *what: str) -> None:
        """Say in the ledger what else was used without any privacy cost: a graph, public cells, an accepted request."""
        self.ledger.public = (*self.ledger.public, *what)

    def __release_types(self, *, share: float) -> tuple[str, ...]:
        """The names of the types with enough records to be named, by noisy threshold.

        A record counts for one type, so adding or removing it moves one count by 1 and the noisy counts are
        mu-Gaussian-DP with mu = 1 / sd. A type that only that record has is named with probability at most
        delta / 2, the chance that noise exceeds threshold - 1; that chance is charged outright. For donors, who
        may hold many types, there is no such bound here: declare the types instead.
        """
        if self.ledger.unit != "cell":
            raise InputError(
                [
                    Problem(
                        "types",
                        "not declared, with donors as the unit",
                        "the public list of type names",
                        "name the types that the annotation's vocabulary has",
                    )
                ]
            )
        sd = self.__sd(share)
        delta = self.ledger.delta / 2
        names, counts = np.unique(self.__cohort.labels, return_counts=True)
        threshold = 1.0 + 1.0 / _GRID - sd * float(ndtri(delta))
        self.ledger.charge(
            Entry(
                name="types by noisy threshold",
                sensitivity=1.0,
                noise=sd,
                coordinates=1,
                delta=delta,
                note=f"types with fewer than about {threshold:.0f} records are not named",
            )
        )
        noisy = counts + self.__noise.gaussian(len(counts), sd * _GRID) / _GRID
        named = tuple(str(name) for name in names[noisy > threshold])
        if not named:
            raise InputError(
                [
                    Problem(
                        "types",
                        "none with enough records to be named privately",
                        f"types of about {threshold:.0f} records or more",
                        "declare the public list of type names, which costs nothing",
                    )
                ]
            )
        return named

    def release_sum(self, name: str, blocks: Sequence[Block], *, share: float) -> Release:
        """Sum what each unit contributes over all units, with Gaussian noise; `share` of the budget's mu^2 is spent.

        Sensitivity: each block's row is clipped to its radius and scaled to norm <= weight, and a one-hot outer
        product keeps the norm, so one cell adds a vector of norm at most b = sqrt(sum of weight^2). A donor adds
        the mean of their cells' vectors, whose norm is at most b by convexity. Vectors are cut towards zero on a
        grid, which cannot lengthen them. Adding or removing a unit therefore moves the sum by at most b, and noise
        of sd b / mu makes it mu-Gaussian-DP whatever was released before, since composition may be adaptive.
        """
        bound = math.sqrt(sum(block.weight**2 for block in blocks))
        sd = bound * self.__sd(share)
        sizes = [block.width * (len(self.types) if block.per_type else 1) for block in blocks]
        self.ledger.charge(Entry(name=name, sensitivity=bound, noise=sd, coordinates=sum(sizes)))
        total = np.zeros(sum(sizes), dtype=np.int64)
        for unit in self.__units():
            total += contribution(unit, blocks, len(self.types))
        total += self.__noise.gaussian(len(total), sd * _GRID)
        sums, noise = {}, {}
        for block, part in zip(blocks, np.split(total / _GRID, np.cumsum(sizes)[:-1]), strict=True):
            scale = block.radius / block.weight
            sums[block.name] = part.reshape(-1, block.width) * scale if block.per_type else part * scale
            noise[block.name] = sd * scale
        return Release(sums, noise)

    def planned_noise(self, blocks: Sequence[Block], *, share: float) -> dict[str, float]:
        """The noise's standard deviation by block that `release_sum` of these would have; nothing is looked at."""
        bound = math.sqrt(sum(block.weight**2 for block in blocks))
        sd = bound / (self.__budget_mu * math.sqrt(share))
        return {block.name: sd * block.radius / block.weight for block in blocks}

    def model_steps(
        self,
        module: nn.Module,
        *,
        steps: int,
        sample_rate: float,
        clip: float,
        draws: int = 0,
        of: str = "the generator's own parameters",
    ) -> GradientChannel:
        """A channel of `steps` noisy gradient sums for a generator's own parameters (DP-SGD; Abadi et al., 2016).

        It takes all that is left of the budget: the noise is the least with which everything in the ledger, these
        steps included, composes to the promised epsilon. All steps are charged when the channel is opened:
        stopping early gives nothing back, so the number of steps cannot depend on private data. `draws` is how many
        secret normal numbers each record gets at each step, for losses that are random. Needs the extra `train`.
        """
        from conditioned_gen.gradients import GradientChannel

        if self.ledger.unit != "cell":
            raise InputError(
                [Problem("unit", self.ledger.unit, "cell, for this method", "choose grn_subspace for donors")]
            )
        size = sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)
        entry = Entry(
            name=f"gradients of {of}",
            sensitivity=clip,
            noise=clip,
            coordinates=size,
            steps=steps,
            sample_rate=sample_rate,
        )
        entry = self.__opened(entry)
        return GradientChannel(module, self.__private_units().records, self.__noise, entry, draws=draws)

    def critic_steps(self, critic: nn.Module, *, steps: int, sample_rate: float, clip: float) -> GradientChannel:
        """As `model_steps`, for a critic that a generator learns from.

        The loss given to the channel is that of real records alone, record by record. What a critic is told of
        generated ones costs nothing, and is added to the noisy gradients outside.
        """
        return self.model_steps(critic, steps=steps, sample_rate=sample_rate, clip=clip, of="a critic's parameters")

    def sample_gradients(
        self,
        loss: BatchLoss,
        *,
        steps: int,
        samples: int,
        sample_rate: float,
        clip: float,
        axes: Vectors | None = None,
    ) -> LossGradients:
        """A channel of `steps` noisy gradients of a loss between generated samples and Poisson subsamples of units.

        As `model_steps`, it takes and charges all that is left. `samples` is how many are shown at each step. With
        public `axes` (width, k), samples and records are coordinates along these.
        """
        from conditioned_gen.sample_gradients import LossGradients

        units = self.__private_units(axes)
        name = "gradients of a loss at generated samples"
        entry = self.__opened(Entry(name, 2 * clip, 2 * clip, samples * units.width, steps, sample_rate))
        return LossGradients(loss, units, self.__noise, entry)

    def critic_gradients(
        self,
        critics: EnsembleSettings,
        *,
        steps: int,
        samples: int,
        sample_rate: float,
        seed: int,
        axes: Vectors | None = None,
    ) -> CriticGradients:
        """A channel of `steps` noisy gradients at generated samples, of critics chosen at `sample_rate`.

        Critics live and are trained behind the barrier, each on its own share of the units. Charged as above.
        """
        from conditioned_gen.sample_gradients import CriticGradients

        units, bound = self.__private_units(axes), 2 * math.sqrt(samples)
        entry = Entry(
            name="critics' gradients at generated samples",
            sensitivity=bound,
            noise=bound,
            coordinates=samples * units.width,
            steps=steps,
            sample_rate=sample_rate,
            exchanges=True,
        )
        entry = self.__opened(entry)
        ensemble = self.__ensemble(units, critics, "wasserstein", seed)
        return CriticGradients(ensemble, critics.members, self.__noise, entry)

    def votes(
        self, teachers: EnsembleSettings, *, steps: int, samples: int, seed: int, axes: Vectors | None = None
    ) -> VoteChannel:
        """A channel of `steps` noisy counts of the teachers that take generated samples for real; charged as above."""
        from conditioned_gen.votes import VoteChannel

        bound = math.sqrt(samples)
        entry = self.__opened(Entry("teachers' votes on generated samples", bound, bound, samples, steps))
        ensemble = self.__ensemble(self.__private_units(axes), teachers, "logistic", seed)
        return VoteChannel(ensemble, self.__noise, entry)

    def __opened(self, entry: Entry) -> Entry:
        """`entry` with the noise that takes all that is left of the budget, charged."""
        self.__sd(self.share_left)
        entry = calibrated(self.ledger, entry)
        self.ledger.charge(entry)
        return entry

    def __private_units(self, axes: Vectors | None = None) -> Units:
        from conditioned_gen.units import Units

        codes = _codes(self.__cohort.labels, self.types)
        rows = np.flatnonzero(codes >= 0)
        owner, number = np.arange(len(rows)), len(rows)
        if self.ledger.unit == "donor":
            donors, owner = np.unique(self.__cohort.donors[rows], return_inverse=True)
            number = len(donors)
        return Units(Records(self.__cohort.values[rows], codes[rows]), owner, number, self.representation, axes)

    def __ensemble(
        self, units: Units, settings: EnsembleSettings, loss: Literal["wasserstein", "logistic"], seed: int
    ) -> Ensemble:
        from conditioned_gen.ensemble import Ensemble

        shares = self.__noise.shares(units.number, settings.members)
        return Ensemble(units, shares, types=len(self.types), settings=settings, loss=loss, seed=seed)

    def __sd(self, share: float) -> float:
        """The noise per unit of sensitivity that `share` of the budget buys; refuses to overspend."""
        if not 0 < share <= self.share_left + 1e-9:
            raise InputError(
                [
                    Problem(
                        "budget",
                        f"a release of {share:.0%} of the budget with {self.share_left:.0%} left",
                        "shares that add up to at most 100 %",
                        "make a new cohort object for a new promise, and add both epsilons up",
                    )
                ]
            )
        self.__spent += share
        return 1.0 / (self.__budget_mu * math.sqrt(share))

    def __units(self) -> Iterator[Contributor]:
        """Donor by donor, or cells in chunks; records of undeclared types are left out."""
        codes = _codes(self.__cohort.labels, self.types)
        values = self.__cohort.values
        known = np.flatnonzero(codes >= 0)
        if not len(known):
            return
        groups = [known]
        if self.ledger.unit == "donor":
            order = known[np.argsort(self.__cohort.donors[known], kind="stable")]
            _, starts = np.unique(self.__cohort.donors[order], return_index=True)
            groups = np.split(order, starts[1:])
        for rows in groups:
            chunks = [rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK)]
            records = (Records(values[chunk], codes[chunk]) for chunk in chunks)
            if self.ledger.unit == "donor":
                yield Contributor(records, 1.0 / len(rows))
            else:
                yield from (Contributor(iter([chunk]), None) for chunk in records)


def _peeked(table: Table) -> Problems:
    problems = Problems()
    if table.schema.peeked:
        shown = ", ".join(table.schema.peeked[:6]) + (", ..." if len(table.schema.peeked) > 6 else "")
        problems.add(
            "schema",
            f"ranges and categories read off the records: {shown}",
            "ranges and categories that are public knowledge",
            "`prisyn generate schema` writes the proposal: correct it from what is known of the variables, and take "
            "`peeked: true` out of each line",
        )
    return problems


def _codes(labels: npt.NDArray[np.str_], types: Sequence[str]) -> npt.NDArray[np.intp]:
    """The position of each label among `types`; -1 where it is not one of them, and the record is left out."""
    position = {name: code for code, name in enumerate(types)}
    return np.array([position.get(str(label), -1) for label in labels], dtype=np.intp)
