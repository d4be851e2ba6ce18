"""What verification needs from outside: how it is asked, and what is done when it fails."""
