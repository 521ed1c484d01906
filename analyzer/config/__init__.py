"""The configuration, and the way from a configured tenant to a session."""
