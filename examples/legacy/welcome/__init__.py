"""The service that welcome letters moved into: it knows what the bank says, and nothing of the bank."""
