"""The full profile on one machine: Kafka, PostgreSQL, Redis and our processes, started in order."""
