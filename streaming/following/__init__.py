"""One stream: who follows what from where, how it looks to them, and when it goes on or ends."""
