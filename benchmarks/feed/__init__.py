"""The feed's promises, measured from a commit to a client that has read the frame; `__main__` says how."""
