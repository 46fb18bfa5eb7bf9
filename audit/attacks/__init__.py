"""Membership attacks. A new one is a file in this folder with a class under `@register`; nothing else changes."""

import importlib
import pkgutil

from audit.attacks._protocol import ATTACKS, Attack, AttackView, refine, register

for _module in pkgutil.iter_modules(__path__):
    if not _module.name.startswith("_"):
        importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["ATTACKS", "Attack", "AttackView", "refine", "register"]
