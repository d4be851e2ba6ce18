"""The submitting half of the public contract over HTTP."""
