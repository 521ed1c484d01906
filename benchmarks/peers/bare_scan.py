"""What polars alone needs to read a log's lines: the bare scan, nothing kept. ``bare_scan.py LOG``."""

from __future__ import annotations

import sys

import polars as pl

print(
    pl.scan_csv(sys.argv[1], separator="\x01", has_header=False, quote_char=None, schema={"line": pl.String})
    .select(pl.len())
    .collect(engine="streaming")
    .item()
)
