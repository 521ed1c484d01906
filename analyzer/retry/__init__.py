"""The retry file: whose records, and writing them byte for byte."""
