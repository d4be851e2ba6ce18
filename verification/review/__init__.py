"""What staff see of a case: read from its rows and its journal, put in plain words; nothing is written."""
