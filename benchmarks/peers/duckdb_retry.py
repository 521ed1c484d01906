"""A retry file as a skilled person has DuckDB select it: ``duckdb_retry.py SOURCE LOG IDPROPERTY OUT``.

A source that is the bare array of records, cut out beforehand, is read record by record, which costs DuckDB little memory.
The import format is one object, which DuckDB reads whole. Its columns are named, and nothing is detected: detecting
types takes DuckDB ten times as long, as it tries each value of the sample, here the whole file, as a date.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

SOURCE, LOG, ID_PROPERTY, OUT = sys.argv[1:]

with Path(SOURCE).open("rb") as stream:
    is_array = stream.read(1) == b"["
if is_array:
    records = f"SELECT json AS record FROM read_json_objects('{SOURCE}', format = 'array')"
else:
    records = f"""
        SELECT unnest(value) AS record
        FROM read_json('{SOURCE}', format = 'unstructured', auto_detect = false, records = true,
            columns = {{'value': 'JSON[]'}}, maximum_object_size = {Path(SOURCE).stat().st_size + 16})"""

selected = duckdb.execute(rf"""
    SELECT record::VARCHAR FROM ({records})
    WHERE lower(record ->> '{ID_PROPERTY}') IN (
        SELECT regexp_replace(lower(identity), '^i:0.*\|', '')
        FROM read_csv('{LOG}', delim = '\t', header = false, quote = '', escape = '', auto_detect = false,
            columns = {{'code': 'VARCHAR', 'identity': 'VARCHAR', 'message': 'VARCHAR'}}))
""").fetchall()
with Path(OUT).open("w", encoding="utf-8-sig") as target:
    target.write('{"value":[\n')
    target.write(",\n".join(record for (record,) in selected))
    target.write("\n]}\n")
