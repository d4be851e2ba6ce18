"""The service that says heads up."""
