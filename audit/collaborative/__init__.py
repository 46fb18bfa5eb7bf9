"""Attacks on collaborative training: what a shared gradient, or a seat at the table, gives away. Needs torch.

Written against two small protocols, `Collaborator` and `Round`, that a federated trainer can implement.
"""

from __future__ import annotations

import audit.collaborative._extra  # noqa: F401
from audit.collaborative._inverted import Inverted
from audit.collaborative._protocol import Collaborator, Gradient, Round, SharedModule
from audit.collaborative.defence import Defence, GaussianNoise, Undefended, Unit
from audit.collaborative.dlg import deep_leakage
from audit.collaborative.exact import Exact, exact_records
from audit.collaborative.identification import Identification, identify
from audit.collaborative.insider_gan import Drawn, InsiderGan
from audit.collaborative.inverting import invert_gradient
from audit.collaborative.leakage import Usable, flattened, usable_information
from audit.collaborative.resemblance import Resemblance, resemblance
from audit.collaborative.simulated import Participant, SimulatedRound

__all__ = [
    "Collaborator",
    "Defence",
    "Drawn",
    "Exact",
    "GaussianNoise",
    "Gradient",
    "Identification",
    "InsiderGan",
    "Inverted",
    "Participant",
    "Resemblance",
    "Round",
    "SharedModule",
    "SimulatedRound",
    "Undefended",
    "Unit",
    "Usable",
    "deep_leakage",
    "exact_records",
    "flattened",
    "identify",
    "invert_gradient",
    "resemblance",
    "usable_information",
]
