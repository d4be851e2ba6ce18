"""What stands beside the product: things of other people's that it works with, in small."""
