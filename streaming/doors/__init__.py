"""The ways in to a feed from outside: long responses and sockets, with their limits."""
