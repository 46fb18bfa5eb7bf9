"""A barrier that listens: what an adversary who knows everything but the coins makes of every single release.

The guarantee holds for all that passes the barrier, not for the finished model alone, so the strongest audit reads all
of it (Nasr et al. 2021). Each suspect record is scored by the log likelihood ratio between its presence and absence,
with the records that are known to be in taken away and the other suspects taken for half in:

    sum                  r . c / s^2, with r what was released less what was expected, c the suspect's own
                         bounded contribution, s the noise's standard deviation
    gradient step        log(1 - q + q exp((r . c - |c|^2 / 2) / s^2)), q the sampling rate, c the clipped gradient
    gradients at samples the same r . c / s^2, with c the unit steps from the samples of its type towards the suspect
    votes                the same, with c the cosine between samples of its type and the suspect, less their mean

The first is exact, and so is the second but for the other records' sampling. The last two are plausible, no more:
critics and teachers stay behind the barrier, and their contribution is not a function of one record.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from opacus import GradSampleModule
from torch import nn

from cohort import Cohort
from conditioned_gen import Block, PrivateCohort, Records, Release
from conditioned_gen.gradients import GradientChannel, PerRecordLoss, gradient_rows
from conditioned_gen.mechanisms import GRID_BITS
from conditioned_gen.sums import Contributor, contribution

Floats = npt.NDArray[np.float64]
_CHUNK = 100


class Listening(PrivateCohort):
    """A `PrivateCohort` that scores suspects (m) as it releases; `scores` (m,) are log likelihood ratios of presence.

    `cohort` are the records that are really in. `known` are those of them that the adversary is sure of, `suspects`
    those of which each may be in or not.
    """

    def __init__(
        self, cohort: Cohort, *, known: Cohort, suspects: Cohort, types: Sequence[str], **promise: Any
    ) -> None:
        self.scores: Floats = np.zeros(len(suspects))
        self.known, self.suspects = _records(known, types), _records(suspects, types)
        super().__init__(cohort, types=types, **promise)

    def release_sum(self, name: str, blocks: Sequence[Block], *, share: float) -> Release:
        release = super().release_sum(name, blocks, share=share)
        for block in blocks:
            unit = block.weight / block.radius
            own = np.stack([self._summed([block], one) for one in _singly(self.suspects)])
            expected = self._summed([block], self.known) + own.sum(axis=0) / 2
            rest = release.sums[block.name].ravel() * unit - expected
            self.scores += own @ rest / (release.noise[block.name] * unit) ** 2
        return release

    def model_steps(self, module: nn.Module, **options: Any) -> Any:
        probe = GradSampleModule(copy.deepcopy(module), loss_reduction="sum")
        channel = super().model_steps(module, **options)
        return _ListeningSteps(self, channel, module, probe, options.get("draws", 0))

    def sample_gradients(self, loss: Any, **options: Any) -> Any:
        return _ListeningAtSamples(self, super().sample_gradients(loss, **options))

    def critic_gradients(self, critics: Any, **options: Any) -> Any:
        return _ListeningAtSamples(self, super().critic_gradients(critics, **options))

    def votes(self, teachers: Any, **options: Any) -> Any:
        return _ListeningVotes(self, super().votes(teachers, **options))

    def vectors(self) -> torch.Tensor:
        """The suspects' vectors (m, width)."""
        return torch.from_numpy(self.representation.vectors(self.suspects.values))

    def _summed(self, blocks: Sequence[Block], records: Records) -> Floats:
        whole = contribution(Contributor(iter([records]), None), blocks, len(self.types))
        return np.asarray(whole / 2.0**GRID_BITS)


class _ListeningSteps:
    """A gradient channel between the generator and the real one."""

    def __init__(
        self, ear: Listening, channel: GradientChannel, module: nn.Module, probe: GradSampleModule, draws: int
    ) -> None:
        self._ear, self._channel, self._module, self._probe, self._draws = ear, channel, module, probe, draws
        self._entry = ear.ledger.entries[-1]

    def step(self, loss: PerRecordLoss) -> list[torch.Tensor]:
        # Hooks may name parameters otherwise, but their order is the same.
        for mine, theirs in zip(self._probe.parameters(), self._module.parameters(), strict=True):
            mine.data.copy_(theirs.data)
        released = self._channel.step(loss)
        flat, rate, noise = torch.cat([piece.ravel() for piece in released]), self._entry.sample_rate, self._entry.noise
        known = sum((own.sum(dim=0) for own in self._gradients(loss, self._ear.known)), torch.zeros(len(flat)))
        halves = sum((own.sum(dim=0) for own in self._gradients(loss, self._ear.suspects)), torch.zeros(len(flat))) / 2
        rest, found = flat - rate * (known + halves), []
        for own in self._gradients(loss, self._ear.suspects):
            squares = (own**2).sum(dim=1)
            ratio = (own @ rest + (rate - 1) / 2 * squares) / noise**2
            found.append(torch.logaddexp(torch.tensor(np.log1p(-rate)).float(), np.log(rate) + ratio))
        self._ear.scores += torch.cat(found).double().numpy()
        return released

    def close(self) -> None:
        self._channel.close()

    def _gradients(self, loss: PerRecordLoss, records: Records) -> Any:
        """Clipped gradients (n, parameters) in chunks; secret draws are guessed as zero."""
        for start in range(0, len(records.types), _CHUNK):
            some = Records(records.values[start : start + _CHUNK], records.types[start : start + _CHUNK])
            draws = np.zeros((len(some.types), self._draws))
            own = torch.cat(gradient_rows(self._probe, loss, some, draws), dim=1)
            clip = self._entry.sensitivity
            yield own * (clip / torch.linalg.vector_norm(own, dim=1, keepdim=True).clamp_min(clip))


class _ListeningAtSamples:
    """A channel of gradients at samples: down is where the private records are."""

    def __init__(self, ear: Listening, channel: Any) -> None:
        self._ear, self._channel, self._noise = ear, channel, ear.ledger.entries[-1].noise

    def step(self, samples: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
        released: torch.Tensor = self._channel.step(samples, types)
        for code in torch.unique(types):
            mine = np.flatnonzero(self._ear.suspects.types == int(code))
            here = samples.detach()[types == code]
            way = self._ear.vectors()[mine][:, None] - here[None]
            way = way / torch.linalg.vector_norm(way, dim=2, keepdim=True).clamp_min(1e-6)
            along = -(way * released[types == code]).sum(dim=(1, 2))
            self._ear.scores[mine] += along.double().numpy() / self._noise**2
        return released


class _ListeningVotes:
    """A channel of votes: teachers take for real what is like the records they saw."""

    def __init__(self, ear: Listening, channel: Any) -> None:
        self._ear, self._channel, self._noise = ear, channel, ear.ledger.entries[-1].noise

    def step(self, samples: torch.Tensor, types: torch.Tensor) -> npt.NDArray[np.float64]:
        released: npt.NDArray[np.float64] = self._channel.step(samples, types)
        for code in torch.unique(types):
            mine, here = np.flatnonzero(self._ear.suspects.types == int(code)), types == code
            alike = (
                nn.functional.normalize(self._ear.vectors()[mine]) @ nn.functional.normalize(samples[here]).T
            ).numpy()
            alike = alike - alike.mean(axis=1, keepdims=True)
            self._ear.scores[mine] += alike @ released[here.numpy()] / self._noise**2
        return released


def _records(cohort: Cohort, types: Sequence[str]) -> Records:
    position = {name: code for code, name in enumerate(types)}
    return Records(cohort.values, np.array([position[str(label)] for label in cohort.labels], dtype=np.intp))


def _singly(records: Records) -> Any:
    return (Records(records.values[[row]], records.types[[row]]) for row in range(len(records.types)))
