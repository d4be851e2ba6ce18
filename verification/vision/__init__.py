"""Pixels to numbers: pure functions of arrays, with no framework, no clock and no hidden randomness."""
