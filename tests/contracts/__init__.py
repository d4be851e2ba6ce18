"""One suite for every transport and every store."""
