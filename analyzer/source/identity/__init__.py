"""Which property of a source file holds the users' IDs."""
