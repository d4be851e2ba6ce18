"""The delivery log: which connection of a client read what, as it can be asked about afterwards."""
