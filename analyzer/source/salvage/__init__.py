"""The records that can be read of a source file that is no JSON."""
