"""A retry file as a skilled person has DuckDB select it: ``duckdb_retry.py SOURCE LOG IDPROPERTY OUT``.

The import format is one object, which DuckDB reads whole. Its one column is named, and nothing is detected: detecting
types takes ten times as long as all the rest, as the sample, whose values are tried as dates, is then the whole file.
A source that is the bare array of records, cut out beforehand, is read record by record, in little memory.
A join keeps no order, so each record has its position.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

SOURCE, LOG, ID_PROPERTY, OUT = sys.argv[1:]

with Path(SOURCE).open("rb") as stream:
    is_array = stream.read(1) == b"["
if is_array:
    records = f"""
        SELECT json AS record, row_number() OVER () AS position FROM read_json_objects('{SOURCE}', format = 'array')"""
else:
    records = f"""
        SELECT unnest(value) AS record, generate_subscripts(value, 1) AS position
        FROM read_json('{SOURCE}', format = 'unstructured', auto_detect = false, records = true,
            columns = {{'value': 'JSON[]'}}, maximum_object_size = {Path(SOURCE).stat().st_size + 16})"""

selected = duckdb.execute(rf"""
    SELECT record::VARCHAR FROM ({records})
    WHERE lower(record ->> '{ID_PROPERTY}') IN (
        SELECT regexp_replace(lower(identity), '^i:0.*\|', '')
        FROM read_csv('{LOG}', delim = '\t', header = false, quote = '', escape = '', auto_detect = false,
            columns = {{'code': 'VARCHAR', 'identity': 'VARCHAR', 'message': 'VARCHAR'}}))
    ORDER BY position
""").fetchall()
with Path(OUT).open("w", encoding="utf-8-sig") as target:
    target.write('{"value":[\n')
    target.write(",\n".join(record for (record,) in selected))
    target.write("\n]}\n")
