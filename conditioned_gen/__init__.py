"""Private records and a public graph in, synthetic cohorts out, through one barrier."""

from conditioned_gen.barrier import Block, PrivateCohort, Records, Release
from conditioned_gen.budget import Budget, PlannedRelease, Promise, read_budget, spending, write_budget
from conditioned_gen.conditions import sample_where
from conditioned_gen.generator import Fitted, Generator, Method, Progress, check_method, generator, load, methods
from conditioned_gen.ledger import Entry, Ledger, Unit
from conditioned_gen.mechanisms import delta_of, epsilon_of, mu_of
from conditioned_gen.planning import PlannedStatistic, plan
from conditioned_gen.request import ACCEPTED, Rare, check_promise, check_request, smallest_type

__all__ = [
    "ACCEPTED",
    "Block",
    "Budget",
    "Entry",
    "Fitted",
    "Generator",
    "Ledger",
    "Method",
    "PlannedRelease",
    "PlannedStatistic",
    "PrivateCohort",
    "Progress",
    "Promise",
    "Rare",
    "Records",
    "Release",
    "Unit",
    "check_method",
    "check_promise",
    "check_request",
    "delta_of",
    "epsilon_of",
    "generator",
    "load",
    "methods",
    "mu_of",
    "plan",
    "read_budget",
    "sample_where",
    "smallest_type",
    "spending",
    "write_budget",
]
