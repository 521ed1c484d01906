"""Whose records a retry file holds."""
