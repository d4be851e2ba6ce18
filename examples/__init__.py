"""What runs beside the product: a licence register, a demonstration, outside teams' services."""
