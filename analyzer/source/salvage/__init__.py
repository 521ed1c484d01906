"""The records that can be read of a source file that isn't valid JSON."""
