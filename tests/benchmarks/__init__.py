"""Benchmarks: the figures they make are the right ones."""
