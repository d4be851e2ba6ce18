"""Says when something will soon miss its budget, before it does, and when it is well again."""
