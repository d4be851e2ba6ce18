"""Clients of the feed, in every language, against the real feed server."""
