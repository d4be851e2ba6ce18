"""Promises with figures: each module prints one JSON line a claim."""
