"""The memory: every event from message one, in one order, and the keys that open it."""
