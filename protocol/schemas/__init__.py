"""Schemas of every message, a package per context and major version, beside the code made from them."""
