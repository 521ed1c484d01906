"""Rows of jobs and entries for the terminal."""
