"""The table ``entries`` of a log as a skilled person types it into DuckDB: ``duckdb_copy.py LOG PARQUET [no-lines]``.

Stack traces are left out. Lines are numbered by ``row_number()``, as the reader of CSV gives no line; without the
numbers, which is less than what is asked, DuckDB reads on all cores.
"""

from __future__ import annotations

import sys

import duckdb

LOG, PARQUET, *LESS = sys.argv[1:]
LINE = "0" if LESS else "row_number() OVER ()"

duckdb.execute(rf"""
COPY (
    SELECT NULL::VARCHAR AS tenant, NULL::VARCHAR AS job_id, '{LOG}' AS log_file, line::UINTEGER AS line, code,
        nullif(identity, '') AS identity,
        CASE WHEN code = 'InvalidProperty' THEN regexp_extract(message, '''([^'']+)''', 1)
            ELSE nullif(regexp_extract(message, 'Property ''([^'']+)''', 1), '') END AS property,
        message, NULL::VARCHAR AS detail
    FROM (
        SELECT {LINE} AS line, *
        FROM read_csv('{LOG}', delim = '\t', header = false, quote = '', escape = '', auto_detect = false,
            null_padding = true, strict_mode = false,
            columns = {{'code': 'VARCHAR', 'identity': 'VARCHAR', 'message': 'VARCHAR'}})
    )
    WHERE message IS NOT NULL
) TO '{PARQUET}' (FORMAT parquet)
""")
