"""Bring a history up to date; print the seconds that it took: ``ingest_once.py LIBRARY HISTORY``."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from analyzer.history.ingest import ingest
from analyzer.history.store import Store
from analyzer.library.mirror import Library

LIBRARY, HISTORY = map(Path, sys.argv[1:])
begun = time.perf_counter()
ingest(Library(LIBRARY), Store(HISTORY))
print(time.perf_counter() - begun)
