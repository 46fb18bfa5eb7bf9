"""PATE-GAN: a generator against a student critic that knows private records only by its teachers' noisy votes.

Jordon, Yoon and van der Schaar (2019). Teachers, each on its own share of the units, say of every generated record
whether they take it for real. The student learns from generated records and noisy votes alone, the generator from the
student. It differs from the published method in the noise, which is Gaussian on the count of votes, so that one
accountant covers the whole release, and in that the student learns the share of votes and not only their majority.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from cohort import Cohort
from conditioned_gen.barrier import PrivateCohort
from conditioned_gen.ensemble import EnsembleSettings
from conditioned_gen.generator import Method, Progress
from conditioned_gen.generators import PATE_GAN
from conditioned_gen.generators._counts import release_counts
from conditioned_gen.generators._critic import Critic
from conditioned_gen.generators._guided import Average, Loop, Samples, network_fitted, seen, start_from_public
from conditioned_gen.generators._network import ConditionalGenerator, NetworkFitted, load_network
from conditioned_gen.representation import Vectors
from conditioned_gen.votes import VoteChannel
from kg import GRN

_LOOP = Loop(steps=200)
_TEACHERS = EnsembleSettings(members=50, rounds=2, hidden=16)


@dataclass(frozen=True)
class PateGan:
    """Settings of the method; constants all of them, so that none has to be paid for.

    The student keeps the votes of the last `remembered` batches and is trained on them `student_steps` times a step.
    """

    method: ClassVar[Method] = PATE_GAN
    loop: Loop = _LOOP
    teachers: EnsembleSettings = _TEACHERS
    student_hidden: int = 64
    student_steps: int = 5
    remembered: int = 20
    student_rate: float = 1e-3
    count_share: float = 0.05

    def fit(
        self,
        private: PrivateCohort,
        *,
        grn: GRN,
        public: Cohort | None = None,
        seed: int,
        progress: Progress | None = None,
    ) -> NetworkFitted:
        """Release numbers of types, then train, along public cells' axes if there are any. The graph is not used."""
        counts = release_counts(private, share=self.count_share)
        loop, view, types = self.loop, private.representation, len(private.types)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = ConditionalGenerator(view, types, latent=loop.latent, hidden=loop.hidden)
            axes = start_from_public(network, private, public)
            width = view.width if axes is None else axes.shape[1]
            student = Critic(width, types, hidden=self.student_hidden)
            channel = private.votes(self.teachers, steps=loop.steps, samples=loop.batch, seed=seed, axes=axes)
            self._train(network, student, channel, counts, axes, progress)
        return network_fitted(self.method, private, network, counts, loop)

    def _train(
        self,
        network: ConditionalGenerator,
        student: Critic,
        channel: VoteChannel,
        counts: npt.NDArray[np.float64],
        axes: Vectors | None,
        progress: Progress | None,
    ) -> None:
        improve = torch.optim.Adam(network.parameters(), lr=self.loop.learning_rate, betas=(0.5, 0.99))
        learn = torch.optim.Adam(student.parameters(), lr=self.student_rate, betas=(0.5, 0.99))
        samples, average = Samples(counts, self.loop), Average(network, self.loop.memory)
        judged: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []
        for step in range(self.loop.steps):
            noise, types = samples.draw()
            shown = seen(network(noise, types), axes).detach()
            share = torch.from_numpy(channel.step(shown, types) / self.teachers.members).float()
            judged = [*judged, (shown, types, share)][-self.remembered :]
            for _ in range(self.student_steps):
                learn.zero_grad()
                torch.autograd.backward(_error(student, judged))
                learn.step()
            noise, types = samples.draw()
            improve.zero_grad()
            torch.autograd.backward(nn.functional.softplus(-student(seen(network(noise, types), axes), types)).mean())
            improve.step()
            average.update()
            if progress is not None:
                progress(step + 1, self.loop.steps)
        average.install()


def _error(student: Critic, judged: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]) -> torch.Tensor:
    """Mean squared error of the student's probabilities against noisy shares of votes, which are right on average."""
    shown, types, shares = (torch.cat(part) for part in zip(*judged, strict=True))
    error: torch.Tensor = ((torch.sigmoid(student(shown, types)) - shares) ** 2).mean()
    return error


def load_fitted(folder: Path, description: Mapping[str, Any]) -> NetworkFitted:
    """Read what `NetworkFitted.save` wrote."""
    return load_network(folder, description, PATE_GAN)


GENERATOR = PateGan()
