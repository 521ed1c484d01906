"""The logs: bytes to lines, lines to entries, and what the codes mean."""
