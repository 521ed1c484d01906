"""Read logs: from bytes to lines, entries, and the table ``entries``."""
