"""Output, logging, and usage errors of the command line."""
