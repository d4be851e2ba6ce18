"""Steps that run at once, each on the facts it needs; what each finds is an event the moment it is known."""
