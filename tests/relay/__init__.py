"""The relay against a real Kafka."""
