"""Policies: their language, what is made of them, which is chosen."""
