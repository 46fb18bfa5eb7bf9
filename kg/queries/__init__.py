"""Questions to the graph, one file each. Every one takes an `EdgeFilter`; every answer is a frozen dataclass."""

from kg.queries.changes import Change, Kind, changes
from kg.queries.comparison import Comparison, Share, compare
from kg.queries.contradictions import Contradiction, Dispute, contradictions
from kg.queries.filters import EVERYTHING, EdgeFilter, filtered
from kg.queries.hubs import Hub, hubs
from kg.queries.motifs import (
    FeedbackLoop,
    FeedForwardLoop,
    LoopType,
    count_feed_forward_loops,
    feed_forward_loops,
    feedback_loops,
)
from kg.queries.neighbours import edge_between, find, finder, regulators, targets
from kg.queries.paths import Path, paths, sign_product
from kg.queries.subgraph import Join, Subgraph, subgraph

__all__ = [
    "EVERYTHING",
    "Change",
    "Comparison",
    "Contradiction",
    "Dispute",
    "EdgeFilter",
    "FeedForwardLoop",
    "FeedbackLoop",
    "Hub",
    "Join",
    "Kind",
    "LoopType",
    "Path",
    "Share",
    "Subgraph",
    "changes",
    "compare",
    "contradictions",
    "count_feed_forward_loops",
    "edge_between",
    "feed_forward_loops",
    "feedback_loops",
    "filtered",
    "find",
    "finder",
    "hubs",
    "paths",
    "regulators",
    "sign_product",
    "subgraph",
    "targets",
]
