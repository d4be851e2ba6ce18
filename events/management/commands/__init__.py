"""Commands for whoever operates the journal."""
