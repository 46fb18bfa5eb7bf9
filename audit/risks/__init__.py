"""Risks other than membership. A new one is a file in this folder with a class under `@register`."""

import importlib
import pkgutil

from audit.risks._protocol import RISKS, Need, Risk, RiskMeasured, RiskResult, register, run_risk

for _module in pkgutil.iter_modules(__path__):
    if not _module.name.startswith("_"):
        importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["RISKS", "Need", "Risk", "RiskMeasured", "RiskResult", "register", "run_risk"]
