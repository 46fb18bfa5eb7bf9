"""What may be said about scores: rates with intervals, tests against chance, bounds on epsilon, power."""

from audit.statistics.auc import Scores, auc, auc_estimate, tied_share
from audit.statistics.chance import (
    ChanceTest,
    NullControl,
    against_chance,
    label_permutation_control,
    member_split_control,
)
from audit.statistics.epsilon import EpsilonBound, epsilon_bound, gaussian_dp_delta, gaussian_dp_epsilon
from audit.statistics.estimate import Estimate, clopper_pearson, fisher_greater
from audit.statistics.holm import holm
from audit.statistics.power import Power, smallest_visible
from audit.statistics.tpr import FPRS, Rate, rates, resolvable, roc

__all__ = [
    "FPRS",
    "ChanceTest",
    "EpsilonBound",
    "Estimate",
    "NullControl",
    "Power",
    "Rate",
    "Scores",
    "against_chance",
    "auc",
    "auc_estimate",
    "clopper_pearson",
    "epsilon_bound",
    "fisher_greater",
    "gaussian_dp_delta",
    "gaussian_dp_epsilon",
    "holm",
    "label_permutation_control",
    "member_split_control",
    "rates",
    "resolvable",
    "roc",
    "smallest_visible",
    "tied_share",
]
