"""The runtime loses nothing and doubles nothing, whatever dies."""
