"""Streaming: what a client, and a phone, can read of their cases."""
