"""The language: what may be said, on which stream, how it is wrapped, and what each code means. Pure."""
