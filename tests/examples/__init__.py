"""Examples: what stands beside the product does what its contract says."""
