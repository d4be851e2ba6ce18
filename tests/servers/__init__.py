"""The real servers that tests run against: started at first use, ended with the run."""
