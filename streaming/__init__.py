"""The public read side: each client's feed, and the snapshot of a case."""
