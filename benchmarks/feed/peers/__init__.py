"""What else a house would send records over WebSockets with; each hears of a commit by a line over TCP."""
