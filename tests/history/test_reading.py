"""Commands that read a history while another process brings it up to date."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from analyzer.history.ingest import ingest
from analyzer.history.load import load
from analyzer.history.store import Store
from analyzer.library.mirror import Library
from tests.history.nights import job_id, write_nights

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.history.load import Tables


def opened(folder: Path) -> Tables:
    """Open the history as a command does while ``pull`` or ``run`` holds the tenant's folder."""
    return load(Library(folder / "library"), folder / "history", is_busy=lambda: True)


def bring_up_to_date(folder: Path) -> None:
    ingest(Library(folder / "library"), Store(folder / "history"))


def assert_whole(tables: Tables, nights: range) -> None:
    """Check that the jobs are those of these nights, each with all its entries and users."""
    assert tables.jobs["job_id"].to_list() == [job_id(night) for night in nights]
    for row in tables.jobs.iter_rows(named=True):
        entries, users = tables.entries_of(row["job_id"]), tables.users_of(row["job_id"])
        assert entries.height == row["entries"]
        assert entries["key"].n_unique() == users.height == row["named_users"]
        codes = tables.codes.filter(job_id=row["job_id"])
        assert codes["entries"].sum() == row["entries"]


def test_at_every_step_of_an_ingest_a_reader_sees_the_jobs_before_or_after_it(tmp_path: Path) -> None:
    write_nights(tmp_path / "library", [1, 2, 3])
    bring_up_to_date(tmp_path)
    write_nights(tmp_path / "library", [4, 5])
    early: list[Tables] = []
    replace = os.replace

    def read_and_replace(source: Path, target: Path) -> None:
        tables = opened(tmp_path)
        assert_whole(tables, range(1, 4))
        early.append(opened(tmp_path))
        replace(source, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "replace", read_and_replace)
        bring_up_to_date(tmp_path)
    assert len(early) > 5
    assert_whole(opened(tmp_path), range(1, 6))
    for tables in early:  # opened then, read now
        assert_whole(tables, range(1, 4))
