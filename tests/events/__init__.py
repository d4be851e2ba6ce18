"""The memory is what it says: dense, in order, unchangeable, sealed."""
