"""What deciding costs: a policy asked for each fact, and the history run again."""
