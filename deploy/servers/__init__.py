"""The servers that the full profile needs, started on this machine without containers."""
