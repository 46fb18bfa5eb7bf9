"""Networks that a graph shapes."""

from conditioned_gen.networks.causal import CausalNetwork
from conditioned_gen.networks.edges import EdgeArrays, edge_signs, edges_within

__all__ = ["CausalNetwork", "EdgeArrays", "edge_signs", "edges_within"]
