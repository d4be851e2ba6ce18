"""Decisions: follows the facts of each case and says what the case's policy makes of them."""
