"""Fraud: what of a case was seen before, or again later, among a client's cases and its sharing groups'."""
