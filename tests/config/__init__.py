"""The composition root: processes, health, settings."""
