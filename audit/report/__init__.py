"""The audit, and several side by side, as one self-contained page."""

from audit.report._comparison import render_comparison
from audit.report._page import render_report
from audit.report._pdf import write_pdf

__all__ = ["render_comparison", "render_report", "write_pdf"]
