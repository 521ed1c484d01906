"""Download new jobs, logs, and source files from a tenant into its library."""
