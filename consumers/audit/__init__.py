"""Keeps a log of every event and of every view of personal data, in which no later change stays unseen."""
