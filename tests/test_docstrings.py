"""Examples in docstrings hold."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import analyzer

MODULES = [
    name for _, name, _ in pkgutil.walk_packages(analyzer.__path__, "analyzer.") if not name.endswith("__main__")
]


def test_examples_in_docstrings_give_what_they_say() -> None:
    results = {name: doctest.testmod(importlib.import_module(name)) for name in MODULES}
    assert {name: result.failed for name, result in results.items() if result.failed} == {}
    assert sum(result.attempted for result in results.values()) >= 4
