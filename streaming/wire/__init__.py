"""The frames of the feed, and how each form writes and reads them."""
