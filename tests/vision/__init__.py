"""Vision: what pixels give, on made pictures."""
