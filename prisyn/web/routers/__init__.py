"""The pages, one file for each family of them."""

from prisyn.web.routers import (
    changes,
    compare,
    connect,
    contradictions,
    cypher,
    gene,
    graph,
    hubs,
    jobs,
    motifs,
    paths,
    reports,
    review,
    session,
)

ROUTERS = tuple(
    page.router
    for page in (
        graph,
        gene,
        paths,
        connect,
        hubs,
        motifs,
        contradictions,
        changes,
        compare,
        cypher,
        review,
        jobs,
        reports,
        session,
    )
)
"""Every router of the application."""

__all__ = ["ROUTERS"]
