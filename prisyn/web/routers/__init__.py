"""The pages, one file for each family of them."""

from prisyn.web.routers import gene, graph, jobs, reports, review, session

ROUTERS = (graph.router, gene.router, review.router, jobs.router, reports.router, session.router)
"""Every router of the application."""

__all__ = ["ROUTERS"]
