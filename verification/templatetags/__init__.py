"""What the back office's templates need beyond Django's own tags."""
