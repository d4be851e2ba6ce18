"""What facts say about each other: pure functions from facts to answers, a file a check."""
