"""What users of other event stores complained of, each complaint a test on the real servers."""
