"""The audit as one self-contained page."""

from audit.report._page import render_report

__all__ = ["render_report"]
