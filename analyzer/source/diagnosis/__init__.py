"""Find a fault in a source file, and the user of its record."""
