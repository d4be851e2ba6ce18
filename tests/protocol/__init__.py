"""Protocol: the language every room and service speaks."""
