"""The entries of one user, found in the files of many jobs without reading all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from analyzer.errors import InputError
from analyzer.history.store import JobFile, Store, scanning, stored
from analyzer.model.identity import identity_key
from analyzer.model.tables import NAMED_ENTRIES

if TYPE_CHECKING:
    from pathlib import Path

SPELLINGS = ("ada@contoso.com", "Ada@Contoso.com", "i:0#.f|membership|ada@contoso.com", "bob@contoso.com", None)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Store, list[JobFile]]:
    """Three jobs with entries of several spellings."""
    store, files = Store(tmp_path), []
    for job_id in "abc":
        rows = [
            {
                **dict.fromkeys(NAMED_ENTRIES),
                "job_id": job_id,
                "line": line,
                "identity": identity,
                "key": identity_key(identity) if identity is not None else None,
                "names": bool(identity),
            }
            for line, identity in enumerate(SPELLINGS, 1)
            if job_id != "c" or line > 3
        ]
        rows.append({**rows[-1], "line": 9, "identity": "bob@contoso.com"})  # text that isn't about a user
        frame = pl.DataFrame(rows, schema=NAMED_ENTRIES, orient="row").sort("key", nulls_last=True)
        store.write("entries", job_id, "2026-11", stored(frame, "entries"))
        files.append(JobFile("entries", job_id, "2026-11", store.file("entries", job_id, "2026-11")))
    return store, files


@pytest.mark.parametrize("key", ["ada@contoso.com", "bob@contoso.com", "eve@contoso.com"])
def test_they_are_those_that_a_filter_on_the_key_finds(files: tuple[Store, list[JobFile]], key: str) -> None:
    store, jobs = files
    found = store.scan_entries_of_user(jobs, key).collect().sort("job_id", "line")
    expected = store.scan(jobs, "entries").filter(pl.col("key") == key).collect().sort("job_id", "line")
    assert found.equals(expected)
    assert found.schema == pl.Schema(NAMED_ENTRIES)


def test_every_spelling_is_found(files: tuple[Store, list[JobFile]]) -> None:
    store, jobs = files
    found = store.scan_entries_of_user(jobs, "ada@contoso.com").collect()
    assert found.group_by("job_id").len().sort("job_id").rows() == [("a", 3), ("b", 3)]


def test_without_files_there_are_none(tmp_path: Path) -> None:
    found = Store(tmp_path).scan_entries_of_user([], "ada@contoso.com").collect()
    assert found.is_empty()
    assert found.schema == pl.Schema(NAMED_ENTRIES)


def test_a_file_that_cannot_be_read_is_an_error_with_what_to_do(files: tuple[Store, list[JobFile]]) -> None:
    store, jobs = files
    jobs[0].path.write_bytes(b"PAR1")
    jobs[1].path.unlink()
    for job in jobs[:2]:
        with pytest.raises(InputError, match="a file of the history can't be read") as refused, scanning():
            store.scan_entries_of_user([job], "ada@contoso.com").collect()
        assert refused.value.advice == "Run `upa-analyzer history rebuild`."
