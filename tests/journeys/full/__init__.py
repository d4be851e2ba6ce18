"""The main job again, on the full profile."""
