"""Measures of fidelity and use. A new one is a file in this folder with a class under `@register`."""

import importlib
import pkgutil

from audit.metrics._protocol import METRICS, Goal, Measured, Metric, MetricResult, MetricView, Score, draw, register

for _module in pkgutil.iter_modules(__path__):
    if not _module.name.startswith("_"):
        importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["METRICS", "Goal", "Measured", "Metric", "MetricResult", "MetricView", "Score", "draw", "register"]
