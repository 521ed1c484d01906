"""A history that is damaged, half copied, or can't be written: made again from the library, or the reason is shown."""

from __future__ import annotations

import errno
import functools
import json
import os
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl
import pytest

from analyzer.analysis.feeds import FeedRule
from analyzer.errors import InputError, OutputError
from analyzer.history.ingest import ingest
from analyzer.history.job_facts import examine_job_source
from analyzer.history.job_log import JobLogs
from analyzer.history.load import load
from analyzer.history.store import Store
from analyzer.library.mirror import Library
from analyzer.report.write import ReportRequest, write_report
from analyzer.retry.inputs import inputs_of_job
from tests.history.nights import USERS, job_id, log_of, write_log, write_nights

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from analyzer.history.load import Tables

TABLES = ("jobs", "job_codes", "observations")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A library of four nights with its history."""
    write_nights(tmp_path / "library", [1, 2, 3, 4])
    opened(tmp_path)
    return tmp_path


def opened(folder: Path, said: list[str] | None = None) -> Tables:
    said = [] if said is None else said
    return load(Library(folder / "library"), folder / "history", say=said.append)


def content(tables: Tables) -> list[pl.DataFrame]:
    """What a command can see."""
    ids = tables.jobs["job_id"].to_list()
    of_jobs = [frame for one in ids for frame in (tables.entries_of(one), tables.users_of(one))]
    return [tables.jobs, tables.codes, tables.observations, *of_jobs]


def assert_same(tables: Tables, expected: list[pl.DataFrame]) -> None:
    for found, wanted in zip(content(tables), expected, strict=True):
        assert found.equals(wanted), (found, wanted)


def per_job_file(folder: Path, table: str, night: int = 2) -> Path:
    (path,) = (folder / "history" / table).glob(f"*/{job_id(night)}.parquet")
    return path


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def garbage(path: Path) -> None:
    path.write_bytes(b"\x00" * path.stat().st_size)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


DAMAGES: list[Callable[[Path], None]] = [os.unlink, cut, garbage, emptied]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("table", TABLES)
def test_a_damaged_small_table_is_made_again(folder: Path, table: str, damage: Callable[[Path], None]) -> None:
    expected = content(opened(folder))
    damage(folder / "history" / f"{table}.parquet")
    assert_same(opened(folder), expected)
    assert_same(opened(folder), expected)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("table", ["entries", "users"])
def test_a_damaged_file_of_a_job_is_made_again(folder: Path, table: str, damage: Callable[[Path], None]) -> None:
    expected = content(opened(folder))
    damage(per_job_file(folder, table))
    assert_same(opened(folder), expected)
    assert_same(opened(folder), expected)


def test_what_cannot_be_decoded_is_made_again(folder: Path) -> None:
    expected = content(opened(folder))
    store = Store(folder / "history")
    rows = store.small("jobs").with_columns(record=pl.lit(b"\x80"))
    store.write_small("jobs", rows, store.head())
    assert_same(opened(folder), expected)
    assert_same(opened(folder), expected)


@pytest.mark.parametrize("table", ["entries", "users"])
def test_another_jobs_file_under_the_name_of_a_job_is_not_taken_for_it(folder: Path, table: str) -> None:
    expected = content(opened(folder))
    shutil.copyfile(per_job_file(folder, table, 4), per_job_file(folder, table, 2))
    assert_same(opened(folder), expected)


def replaced(path: Path) -> None:
    shutil.copyfile(path.with_name(f"{job_id(4)}.parquet"), path)


@pytest.mark.parametrize("damage", [*DAMAGES, replaced])
@pytest.mark.parametrize("table", ["entries", "users"])
def test_a_damaged_file_of_many_that_are_read_together_is_made_again(
    folder: Path, table: str, damage: Callable[[Path], None]
) -> None:
    def together(tables: Tables) -> pl.DataFrame:
        return {"entries": tables.entries_of_jobs, "users": tables.users_of_jobs}[table](tables.jobs["job_id"])

    tables = opened(folder)
    expected = together(tables)
    assert set(expected["job_id"]) == {job_id(night) for night in (1, 2, 3, 4)}
    damage(per_job_file(folder, table))
    assert together(tables).equals(expected)


def garbled(path: Path) -> None:
    """Damage a file everywhere but at its end, which has the columns' places and is read first."""
    content = path.read_bytes()
    end = 8 + int.from_bytes(content[-8:-4], "little")
    path.write_bytes(b"\xff" * (len(content) - end) + content[-end:])


def large_parts(folder: Path, tables: Tables) -> dict[str, list[Callable[[], object]]]:
    """What reads the files of a large log, by table."""
    log, library = JobLogs(tables, held=-1).of(job_id(2)), Library(folder / "library")
    job = next(one for one in library.jobs() if one.job_id == job_id(2))
    source, now = folder / "library" / "jobs.json", datetime(2026, 11, 23, tzinfo=UTC)
    return {
        "entries": [
            lambda: list(log.first_users()),
            lambda: inputs_of_job(library, tables, job).named_users.ids,
            lambda: write_report(ReportRequest(tables, folder / "report", {}, now, None)),
        ],
        "users": [
            lambda: list(log.unresolved()),
            lambda: examine_job_source(tables.job(job_id(2)), tables, source),
        ],
    }


@pytest.mark.parametrize("table", ["entries", "users"])
def test_a_damaged_file_of_a_large_log_is_an_error_with_a_remedy(
    folder: Path, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analyzer.retry.inputs._HELD", 1)
    monkeypatch.setattr("analyzer.report.view.JobLogs", functools.partial(JobLogs, held=-1))
    monkeypatch.setattr("analyzer.history.job_log._TOGETHER", 0)
    tables = opened(folder)
    garbled(per_job_file(folder, table))
    for part in large_parts(folder, tables)[table]:
        with pytest.raises(InputError, match="a file of the history can't be read") as caught:
            part()
        assert caught.value.advice == "Run `upa-analyzer history rebuild`."
    assert not list(folder.glob("report/**/*.csv"))


def test_a_history_without_jobs_but_with_the_files_of_jobs_is_made_again(folder: Path) -> None:
    expected = content(opened(folder))
    for path in (folder / "history").glob("*.parquet"):
        path.unlink()
    assert_same(opened(folder), expected)


def test_a_folder_of_other_files_is_left_alone(folder: Path) -> None:
    stranger = folder / "history" / "entries" / "month=2026-11" / "notes.txt"
    stranger.write_text("mine", encoding="utf-8")
    write_nights(folder / "library", [5])
    opened(folder)
    assert stranger.read_text(encoding="utf-8") == "mine"


def test_a_file_in_place_of_the_history_leads_to_a_temporary_one_and_a_remark(tmp_path: Path) -> None:
    write_nights(tmp_path / "library", [1, 2])
    (tmp_path / "history").write_text("a file", encoding="utf-8")
    said: list[str] = []
    assert opened(tmp_path, said).jobs.height == 2
    assert len(said) == 1
    assert (tmp_path / "history").read_text(encoding="utf-8") == "a file"


def test_a_log_that_shrank_keeps_its_entries_and_is_reported(tmp_path: Path) -> None:
    write_nights(tmp_path / "library", [1, 2, 3])
    note_logs(tmp_path / "library", [1, 2, 3])
    before = opened(tmp_path)
    entries = before.entries_of(job_id(2))
    log = log_of(tmp_path / "library", 2)
    log.write_bytes(log.read_bytes()[:100])
    tables = opened(tmp_path)
    assert tables.entries_of(job_id(2)).equals(entries)
    assert [problem.what for problem in tables.log_problems if log.name in problem.what]
    log.unlink()
    assert opened(tmp_path).entries_of(job_id(2)).equals(entries)


def test_a_log_that_grew_is_read_again(folder: Path) -> None:
    write_log(folder / "library", 2, USERS)
    assert opened(folder).entries_of(job_id(2))["identity"].to_list() == USERS


def note_logs(root: Path, nights: list[int]) -> None:
    """Note the logs as pulled."""
    files = {
        f"/{path.relative_to(root).as_posix()}": {"etag": "", "length": path.stat().st_size}
        for path in (log_of(root, night) for night in nights)
    }
    (root / ".upa").mkdir(exist_ok=True)
    (root / ".upa" / "files.json").write_text(json.dumps(files), encoding="utf-8")


def test_a_history_by_a_newer_version_is_refused_in_a_plain_line_and_left_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as newer:
        newer.setattr("analyzer.history.store.VERSION", 99)
        write_nights(folder / "library", [5])
        opened(folder)
    before = {path: path.read_bytes() for path in (folder / "history").rglob("*.parquet")}
    with pytest.raises(InputError, match="newer version") as refused:
        opened(folder)
    assert refused.value.advice
    assert {path: path.read_bytes() for path in (folder / "history").rglob("*.parquet")} == before


def test_a_feed_that_is_renamed_in_the_configuration_is_compared_anew(folder: Path) -> None:
    before = opened(folder)
    rules = [FeedRule("Staff", "hr-feed*")]
    tables = load(Library(folder / "library"), folder / "history", rules=rules)
    assert tables.jobs["feed"].unique().to_list() == ["Staff"]
    assert tables.users_of(job_id(4)).equals(before.users_of(job_id(4)))
    fresh = load(Library(folder / "library"), folder / "fresh", rules=rules)
    assert_same(tables, content(fresh))


def test_a_feed_that_is_split_in_the_configuration_is_compared_anew(folder: Path) -> None:
    rules = [FeedRule("Even", "*-0[24].json")]
    tables = load(Library(folder / "library"), folder / "history", rules=rules)
    assert_same(tables, content(load(Library(folder / "library"), folder / "fresh", rules=rules)))


def test_a_full_disk_is_named_and_leaves_the_history_as_it_was(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {path: path.read_bytes() for path in (folder / "history").rglob("*.parquet")}
    write_nights(folder / "library", [5])

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def drops_the_number(*_: object, **__: object) -> None:
        raise pl.exceptions.ComputeError("something of the system")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        patch.setattr(pl.DataFrame, "write_parquet", drops_the_number)
        with pytest.raises(OutputError, match="the disk is full"):
            ingest(Library(folder / "library"), Store(folder / "history"))
    assert {path: path.read_bytes() for path in (folder / "history").rglob("*.parquet")} == before
    assert not list(folder.rglob("*.part"))
    assert opened(folder).jobs.height == 5
