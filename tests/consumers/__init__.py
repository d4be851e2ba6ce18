"""Consumers: services that meet the product in events alone."""
