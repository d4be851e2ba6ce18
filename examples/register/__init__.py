"""A licensing authority's register, in small: for demonstrations and tests, with faults on demand."""
