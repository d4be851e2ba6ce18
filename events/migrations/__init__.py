"""How this room's tables come to be."""
