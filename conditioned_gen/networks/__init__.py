"""Networks that a graph shapes."""

from conditioned_gen.networks.causal import CausalNetwork, edge_signs, edges_within

__all__ = ["CausalNetwork", "edge_signs", "edges_within"]
