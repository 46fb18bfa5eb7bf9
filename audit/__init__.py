"""Attacks on synthetic cohorts, measures of their use, and a verdict. Knows no generator."""

from audit._selftest import SelfCheck, SelfTest, selftest
from audit.attacks import ATTACKS, Attack, AttackView
from audit.claim import Claim
from audit.document import Cell, Figure, Section, Table
from audit.edges import Edge
from audit.gates import GATES, Gate
from audit.metrics import METRICS, Metric, MetricView
from audit.records import Records, make_records
from audit.report import render_report
from audit.result import AuditResult
from audit.run import audit
from audit.target import AuditTarget
from audit.verdict import Check, Verdict

__all__ = [
    "ATTACKS",
    "GATES",
    "METRICS",
    "Attack",
    "AttackView",
    "AuditResult",
    "AuditTarget",
    "Cell",
    "Check",
    "Claim",
    "Edge",
    "Figure",
    "Gate",
    "Metric",
    "MetricView",
    "Records",
    "Section",
    "SelfCheck",
    "SelfTest",
    "Table",
    "Verdict",
    "audit",
    "make_records",
    "render_report",
    "selftest",
]
