"""What every service's process does alike."""
