"""Records out of the feed's database, and word of new ones: asked once for all readers of a process."""
