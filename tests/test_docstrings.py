"""Examples in docstrings and in the documentation hold."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import analyzer

CHECKOUT = Path(__file__).parent.parent
MODULES = [
    name for _, name, _ in pkgutil.walk_packages(analyzer.__path__, "analyzer.") if not name.endswith("__main__")
]


def test_examples_in_docstrings_give_what_they_say() -> None:
    results = {name: doctest.testmod(importlib.import_module(name)) for name in MODULES}
    assert {name: result.failed for name, result in results.items() if result.failed} == {}
    assert sum(result.attempted for result in results.values()) >= 8


@pytest.mark.parametrize("place", ["docs/reference/library.md", "analyzer/__init__.py"])
def test_examples_of_the_library_give_what_they_say(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CHECKOUT)
    failed, attempted = doctest.testfile(str(CHECKOUT / place), module_relative=False, encoding="utf-8")
    assert failed == 0
    assert attempted >= 2
