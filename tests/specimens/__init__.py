"""Made people, documents and clips: seeded, invented, and marked as specimens."""
