"""Commands that join rooms."""
