"""Imports: check a file before it is sent."""
