"""The shape of the house: what no import linter sees."""
