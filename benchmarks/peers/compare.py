"""Holds the tables against each other: ``compare.py OURS DUCKDB LOOP``; ours has the stack traces besides."""

from __future__ import annotations

import sys

import polars as pl

COLUMNS = ["line", "code", "identity", "property", "message"]

ours, theirs, loop = (pl.scan_parquet(name).select(COLUMNS).collect() for name in sys.argv[1:])
print(f"  the same entries as DuckDB: {ours.equals(theirs)}, as the loop: {ours.equals(loop)}")
