"""Steps run again over past evidence."""
