"""Services: each a process with a database of its own, which meets the product in events alone."""
