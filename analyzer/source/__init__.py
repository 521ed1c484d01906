"""The source file: record by record, never whole in memory."""
