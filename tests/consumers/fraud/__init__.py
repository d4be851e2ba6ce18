"""The fraud service: pure parts by themselves, the whole beside the product's own journal, keys and door."""
