"""Asking a chat model: endpoints, faults, prices, rates, and what its answers must look like."""
