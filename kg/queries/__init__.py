"""Questions to the graph, one file each. Every one takes an `EdgeFilter`; every answer is a frozen dataclass."""

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
from kg.queries.paths import Path, paths, sign_product
from kg.queries.subgraph import Join, Subgraph, subgraph

__all__ = [
    "EVERYTHING",
    "Comparison",
    "Contradiction",
    "Dispute",
    "EdgeFilter",
    "FeedForwardLoop",
    "FeedbackLoop",
    "Hub",
    "Join",
    "LoopType",
    "Path",
    "Share",
    "Subgraph",
    "compare",
    "contradictions",
    "count_feed_forward_loops",
    "feed_forward_loops",
    "feedback_loops",
    "filtered",
    "hubs",
    "paths",
    "sign_product",
    "subgraph",
]
