"""The mirror, on a real feed and a real Kafka."""
