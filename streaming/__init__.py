"""The public read side: each client's feed, and the snapshot of a case.

`writing` makes numbered records of the journal, `reading` gives them and tells of new ones, `following` is
one stream, `wire` how it is written, `doors` how it is reached, `deliveries` the log of who read what.
"""
