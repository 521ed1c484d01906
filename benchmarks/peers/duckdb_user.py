"""All that happened to one user as a skilled person asks DuckDB: ``duckdb_user.py HISTORY KEY``."""

from __future__ import annotations

import sys

import duckdb

HISTORY, KEY = sys.argv[1:]
found = duckdb.execute(
    f"SELECT * FROM read_parquet('{HISTORY}/users/*/*.parquet', hive_partitioning = true) WHERE key = ?", [KEY]
).fetchall()
print(len(found))
