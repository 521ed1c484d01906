"""Large source files are counted once."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

import analyzer.history.load
from analyzer.history.load import load
from analyzer.library.mirror import Library

if TYPE_CHECKING:
    from pathlib import Path

JOB_ID = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
PATH = "sites/hr/Shared Documents/feed.json"


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library of one job, whose source file counts as large."""
    job = {"JobId": JOB_ID, "State": 4, "Error": 0, "SourceUri": f"https://contoso.sharepoint.com/{PATH}"}
    (tmp_path / "jobs.json").write_text(json.dumps({"value": [job]}), encoding="utf-8")
    write_source(tmp_path, users=3)
    monkeypatch.setattr(analyzer.history.load, "REMEMBERED_FROM", 1)
    return tmp_path


def write_source(root: Path, *, users: int) -> None:
    source = root / PATH
    source.parent.mkdir(parents=True, exist_ok=True)
    records = [{"IdName": f"user{number}@contoso.com", "City": "Oslo"} for number in range(users)]
    source.write_text(json.dumps({"value": records}), encoding="utf-8")


def users_of(root: Path) -> int | None:
    count: int | None = load(Library.existing(root)).jobs["users"].item()
    return count


def test_a_large_source_file_is_counted_once(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert users_of(library) == 3
    monkeypatch.delattr(analyzer.history.load, "measure")
    assert users_of(library) == 3


def test_a_source_file_that_changed_is_counted_again(library: Path) -> None:
    assert users_of(library) == 3
    write_source(library, users=5)
    assert users_of(library) == 5


def test_a_source_file_of_the_same_size_written_later_is_counted_again(library: Path) -> None:
    assert users_of(library) == 3
    source = library / PATH
    source.write_text(source.read_text(encoding="utf-8").replace('"IdName"', '"Id","e"', 1)[: source.stat().st_size])
    os.utime(source, ns=(1, 1))
    tables = load(Library.existing(library))
    assert "isn't valid JSON" in tables.source_problems[JOB_ID]


def test_why_a_source_file_could_not_be_counted_is_remembered(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (library / PATH).write_text('{"value": [{"IdName": "R\\V"}]}', encoding="utf-8")
    problems = load(Library.existing(library)).source_problems
    assert "a backslash" in problems[JOB_ID]
    monkeypatch.delattr(analyzer.history.load, "measure")
    assert load(Library.existing(library)).source_problems == problems


def test_a_small_source_file_leaves_nothing_behind(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyzer.history.load, "REMEMBERED_FROM", 4_000_000)
    assert users_of(library) == 3
    assert not (library / ".upa").exists()


def test_what_an_older_version_counted_is_counted_again(library: Path) -> None:
    assert users_of(library) == 3
    counts = library / ".upa" / "counts.json"
    noted = json.loads(counts.read_text(encoding="utf-8"))
    for name in ("without_id", "damage", "counting"):
        noted[PATH].pop(name, None)
    noted[PATH]["users"] = 17
    counts.write_text(json.dumps(noted), encoding="utf-8")
    assert users_of(library) == 3


def test_damaged_values_of_a_large_source_file_are_remembered(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = [{"IdName": "ada@contoso.com", "City": "System.Object[]"}, {"IdName": None, "City": "Oslo"}]
    (library / PATH).write_text(json.dumps({"value": records}), encoding="utf-8")
    found = load(Library.existing(library)).damage
    assert [(one.property, one.records, one.record) for one in found[JOB_ID]] == [("City", 1, 1)]
    monkeypatch.delattr(analyzer.history.load, "measure")
    assert load(Library.existing(library)).damage == found
