"""Log and job-result analyzer for bulk imports of SharePoint Online user profile properties.

>>> import analyzer
>>> entries = analyzer.read_log("sample_logs").collect()

The functions are loaded when they are first used, so that the command line starts fast.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.api import check_log, find_record, read_log, write_table
    from analyzer.catalogue import explain
    from analyzer.errors import AnalyzerError, InputError, OutputError, UsageError
    from analyzer.model.tables import ENTRIES

__all__ = [
    "ENTRIES",
    "AnalyzerError",
    "InputError",
    "OutputError",
    "UsageError",
    "check_log",
    "explain",
    "find_record",
    "read_log",
    "write_table",
]

_HOME = {
    "ENTRIES": "analyzer.model.tables",
    "explain": "analyzer.catalogue",
    **dict.fromkeys(("check_log", "find_record", "read_log", "write_table"), "analyzer.api"),
    **dict.fromkeys(("AnalyzerError", "InputError", "OutputError", "UsageError"), "analyzer.errors"),
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)
