"""Copies a client's public records into a Kafka topic of its own, as any follower of the feed could."""
