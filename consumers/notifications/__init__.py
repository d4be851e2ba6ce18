"""Notifications: e-mail and SMS to applicants and staff, each once or visibly unknown, never in a replay."""
