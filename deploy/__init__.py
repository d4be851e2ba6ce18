"""How the product is set up and run: packages, servers, processes."""
