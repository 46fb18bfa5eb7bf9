"""Web pages over a graph: search, review, jobs and reports. Nothing here computes; `kg` and `grn_extract` do.

Importing this package needs the extra `web`; the command line imports it when `prisyn serve` runs.
"""

from prisyn.web.app import create_app
from prisyn.web.settings import Settings, check_settings

__all__ = ["Settings", "check_settings", "create_app"]
