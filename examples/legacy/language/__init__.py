"""What the bank says: its messages and their streams. All that the bank and the services around it share."""
