"""The example register, over real HTTP."""
