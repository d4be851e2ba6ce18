"""From the journal to numbered public records: one writer, its versions, what it lets go of."""
