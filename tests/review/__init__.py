"""What staff see in the back office, through the real pages, from a real journal."""
