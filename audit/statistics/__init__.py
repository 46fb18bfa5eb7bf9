"""What may be said about scores: rates with intervals, tests against chance, bounds on epsilon, power."""

from audit.statistics.auc import Scores, auc, auc_estimate, group_means, tied_share
from audit.statistics.canaries import (
    CanaryAudit,
    CanaryBound,
    GuessPlan,
    audit_canaries,
    default_plans,
    flip_coins,
)
from audit.statistics.chance import ChanceTest, against_chance
from audit.statistics.epsilon import EpsilonBound, epsilon_bound
from audit.statistics.estimate import Estimate, around, clopper_pearson, fisher_greater, mean_estimate
from audit.statistics.gaussian_dp import gaussian_dp_delta, gaussian_dp_epsilon
from audit.statistics.holm import holm
from audit.statistics.one_run import (
    Guesses,
    one_run_epsilon,
    one_run_gaussian_epsilon,
    one_run_p_value,
    refutes_gaussian,
)
from audit.statistics.power import Power, smallest_visible
from audit.statistics.tpr import FPRS, Rate, rates, resolvable, roc

__all__ = [
    "FPRS",
    "CanaryAudit",
    "CanaryBound",
    "ChanceTest",
    "EpsilonBound",
    "Estimate",
    "GuessPlan",
    "Guesses",
    "Power",
    "Rate",
    "Scores",
    "against_chance",
    "around",
    "auc",
    "auc_estimate",
    "audit_canaries",
    "clopper_pearson",
    "default_plans",
    "epsilon_bound",
    "fisher_greater",
    "flip_coins",
    "gaussian_dp_delta",
    "gaussian_dp_epsilon",
    "group_means",
    "holm",
    "mean_estimate",
    "one_run_epsilon",
    "one_run_gaussian_epsilon",
    "one_run_p_value",
    "rates",
    "refutes_gaussian",
    "resolvable",
    "roc",
    "smallest_visible",
    "tied_share",
]
