"""How the product is set up and run."""
