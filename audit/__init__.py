"""Attacks on synthetic cohorts, measures of their use, and a verdict. Knows no generator."""

from audit._outcome import Check
from audit._selftest import SelfCheck, SelfTest, quick_selftest, selftest
from audit.attacks import ATTACKS, Attack, AttackView
from audit.card import model_card
from audit.catalogue import catalogue
from audit.claim import Claim
from audit.compare import Comparison, compare
from audit.document import Cell, Figure, Section, Table
from audit.edges import Edge
from audit.exposure import record_numbers
from audit.gates import GATES, Gate
from audit.kept import Kept
from audit.metrics import METRICS, Metric, MetricView
from audit.plugins import PluginFault, Plugins, load_plugins
from audit.records import Records, make_records
from audit.report import render_comparison, render_report, write_pdf
from audit.result import AuditResult
from audit.risks import RISKS, Risk
from audit.run import audit
from audit.target import AuditTarget
from audit.verdict import Verdict

__all__ = [
    "ATTACKS",
    "GATES",
    "METRICS",
    "RISKS",
    "Attack",
    "AttackView",
    "AuditResult",
    "AuditTarget",
    "Cell",
    "Check",
    "Claim",
    "Comparison",
    "Edge",
    "Figure",
    "Gate",
    "Kept",
    "Metric",
    "MetricView",
    "PluginFault",
    "Plugins",
    "Records",
    "Risk",
    "Section",
    "SelfCheck",
    "SelfTest",
    "Table",
    "Verdict",
    "audit",
    "catalogue",
    "compare",
    "load_plugins",
    "make_records",
    "model_card",
    "quick_selftest",
    "record_numbers",
    "render_comparison",
    "render_report",
    "selftest",
    "write_pdf",
]
