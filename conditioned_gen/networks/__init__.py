"""Networks that a graph shapes."""

from conditioned_gen.networks.causal import CausalNetwork, edge_signs

__all__ = ["CausalNetwork", "edge_signs"]
