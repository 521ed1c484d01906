"""The table ``entries`` of a log by a loop over its lines and the module ``re``: ``re_loop.py LOG PARQUET``."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import polars as pl

ENTRY = re.compile(r"([A-Z][A-Za-z0-9]+)\t([^\t]*)\t(.*)")
PROPERTY = re.compile(r"Property '([^']+)'")


def main(log: str, parquet: str) -> None:
    """Reads the log and writes the table."""
    rows = []
    with Path(log).open(encoding="utf-8-sig") as stream:
        for number, line in enumerate(stream, 1):
            found = ENTRY.match(line)
            if found:
                code, identity, message = found.groups()
                named = PROPERTY.search(message)
                rows.append([log, number, code, identity or None, named[1] if named else None, message, None])
            elif rows:
                above = rows[-1][6]
                rows[-1][6] = line.rstrip("\n") if above is None else f"{above}\n{line.rstrip()}"
    schema = {"log_file": pl.String, "line": pl.UInt32}
    schema |= dict.fromkeys(("code", "identity", "property", "message", "detail"), pl.String)
    pl.DataFrame(rows, schema=schema, orient="row").write_parquet(parquet)


main(*sys.argv[1:])
