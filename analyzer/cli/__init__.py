"""The command line: one module a command; it parses options, calls, and prints."""
