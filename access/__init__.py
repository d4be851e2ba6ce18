"""Who may: clients and their keys, the tokens of phones."""
