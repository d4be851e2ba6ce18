"""The suite: it mirrors the rooms of the house."""
