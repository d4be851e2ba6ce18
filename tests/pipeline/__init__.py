"""The pipeline: steps, the processes they run in, and what facts make of each other."""
