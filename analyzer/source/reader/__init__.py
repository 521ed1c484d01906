"""Read a source file record by record, as spans of its bytes."""
