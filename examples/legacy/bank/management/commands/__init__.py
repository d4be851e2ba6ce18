"""Commands of the application, one a module."""
