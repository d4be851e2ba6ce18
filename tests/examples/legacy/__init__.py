"""The example of docs/strangler.md, carried out."""
