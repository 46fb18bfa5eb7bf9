"""The one number that says how strongly the graph's edges show within types."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from conditioned_gen.barrier import Block, Records
from conditioned_gen.hellinger import root_proportions
from conditioned_gen.networks import edge_signs
from kg import Edge

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pairs:
    """The graph's edges inside the panel as positions, with weights sign x belief."""

    regulators: npt.NDArray[np.intp]
    targets: npt.NDArray[np.intp]
    weights: Floats

    @classmethod
    def of(cls, edges: list[Edge], genes: tuple[str, ...]) -> Pairs:
        position = {gene: i for i, gene in enumerate(genes)}
        return cls(
            np.array([position[edge.regulator.symbol] for edge in edges], dtype=np.intp),
            np.array([position[edge.target.symbol] for edge in edges], dtype=np.intp),
            edge_signs(edges) * np.array([edge.belief for edge in edges]),
        )

    def expected_sd(self, means: Floats, proportions: Floats, counts: Floats) -> float:
        """Standard deviation of a cell's co-deviation if genes were independent, from released values."""
        variances = np.maximum(proportions - means**2, 0)
        per_type = (variances[:, self.regulators] * variances[:, self.targets]) @ self.weights**2
        return math.sqrt(float(np.average(per_type, weights=counts)) + 1e-18)

    def block(self, means: Floats) -> Block:
        """One number a cell; its clip radius is four standard deviations under independence."""
        variances = np.maximum(means.mean(axis=0) * (1 - means.mean(axis=0)), 1e-9)
        sd = math.sqrt(float((variances[self.regulators] * variances[self.targets]) @ self.weights**2) + 1e-18)

        def codeviation(records: Records) -> Floats:
            deviations = root_proportions(records.values) - means[records.types]
            products = deviations[:, self.regulators] * deviations[:, self.targets]
            # A row's sum must not depend on how many rows there are, which a matrix product does not promise.
            summed: Floats = (products * self.weights).sum(axis=1, keepdims=True)
            return summed

        return Block("codeviation", codeviation, width=1, radius=4 * sd)
