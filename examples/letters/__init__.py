"""Notes which cases were opened, and when: a service to begin with."""
