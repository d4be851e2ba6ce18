"""The decisions service: policies on facts, whatever order they come in."""
