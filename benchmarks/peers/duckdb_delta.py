"""The changed records of a file as a skilled person has DuckDB find them: ``duckdb_delta.py OLD NEW ID OUT NAME …``.

All properties are named, so that nothing is detected. A record is sent if no earlier one has its ID in any letter case
and equal values. The import format is one object, which DuckDB reads whole; a bare array of the records, cut out
beforehand, is read record by record. What is joined is a hash of each row, not its values, which would fill the memory.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

OLD, NEW, ID_PROPERTY, OUT, *NAMES = sys.argv[1:]
COLUMNS = dict.fromkeys((ID_PROPERTY, *NAMES), "VARCHAR")


def records(path: str) -> str:
    """Return a query for the records of a file."""
    with Path(path).open("rb") as stream:
        is_array = stream.read(1) == b"["
    if is_array:
        return f"SELECT * FROM read_json('{path}', format = 'array', auto_detect = false, columns = {COLUMNS})"
    struct = ", ".join(f'"{name}" VARCHAR' for name in COLUMNS)
    return f"""
        SELECT unnest(value, recursive := true) FROM (SELECT value
        FROM read_json('{path}', format = 'unstructured', auto_detect = false, records = true,
            columns = {{'value': 'STRUCT({struct})[]'}}, maximum_object_size = {Path(path).stat().st_size + 16}))"""


key = f'hash(lower("{ID_PROPERTY}"), {", ".join(map(chr(34).__add__, (name + chr(34) for name in NAMES)))})'
duckdb.execute(f"""
    COPY (
        SELECT * FROM ({records(NEW)})
        WHERE {key} NOT IN (SELECT {key} FROM ({records(OLD)}))
    ) TO '{OUT}' (FORMAT json, ARRAY true)
""")
