"""A history is held against its library, and made again from it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import msgspec
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from analyzer.analysis.feeds import source_name
from analyzer.errors import InputError, OutputError
from analyzer.history import check as module
from analyzer.history.check import check, rebuild
from analyzer.history.load import load
from analyzer.history.record import JobRecord, LogSummary
from analyzer.history.store import SMALL, Head, Store, stored
from analyzer.library.mirror import Library, WritableLibrary
from analyzer.library.model import FileSeen
from analyzer.logs.model import Encoding
from analyzer.model.tables import JOBS
from analyzer.storage.files import sample_library
from analyzer.storage.traces import Pseudonyms, Redaction, Traces

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from analyzer.history.load import Tables


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the samples with their history."""
    root = tmp_path_factory.mktemp("made")
    shutil.copytree(sample_library(), root / "library", ignore=shutil.ignore_patterns("history"))
    load(Library.existing(root / "library"), root / "history")
    return root


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "copy")
    return tmp_path / "copy"


def _library(place: Path) -> Library:
    return Library.existing(place / "library")


def _found(place: Path) -> list[tuple[str, str]]:
    return [(one.about, one.what) for one in check(_library(place), Store(place / "history"))]


def _file(store: Store, table: str = "entries") -> tuple[str, str, str]:
    rows = store.small("jobs").filter(pl.col("named_users") > 1)
    return table, *rows.select("job_id", "month").row(0)


def test_an_untouched_history_has_no_difference_and_is_only_read(place: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in place.rglob("*")}
    assert _found(place) == []
    assert {path: path.stat().st_mtime_ns for path in place.rglob("*")} == before


def _remove(store: Store) -> tuple[str, str]:
    store.file(*_file(store)).unlink()
    return f"entries of {_file(store)[1]}", "is missing"


def _spoil(store: Store) -> tuple[str, str]:
    store.file(*_file(store, "users")).write_bytes(b"PAR1")
    return f"users of {_file(store)[1]}", "is damaged"


def _shorten(store: Store) -> tuple[str, str]:
    file = _file(store)
    frame = store.read(*file)
    store.write(*file, stored(frame.head(-1), "entries"))
    return f"entries of {file[1]}", f"it has {frame.height - 1:,} rows, not {frame.height:,}"


def _unsort(store: Store) -> tuple[str, str]:
    file = _file(store, "users")
    store.write(*file, stored(store.read(*file).reverse(), "users"))
    return f"users of {file[1]}", "its rows aren't sorted by key"


def _reword(store: Store) -> tuple[str, str]:
    file = _file(store)
    store.write(*file, stored(store.read(*file).with_columns(message=pl.lit("else")), "entries"))
    return file[1], "its entries aren't those in its logs"


def _miscount(store: Store) -> tuple[str, str]:
    codes = store.small("job_codes")
    store.write_small("job_codes", codes.with_columns(entries=pl.col("entries") + 1))
    job_id = min(codes["job_id"])
    number = codes.filter(job_id=job_id)["entries"].sum()
    of_job = codes.filter(job_id=job_id).height
    return job_id, f"its logs have {number:,} entries, and the history counts {number + of_job:,}"


def _add_file(store: Store) -> tuple[str, str]:
    path = store.file("entries", "00000000-0000-0000-0000-000000000000", "2026-01")
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(store.file(*_file(store)), path)
    return path.relative_to(store.root).as_posix(), "it belongs to no job"


def _double(store: Store) -> tuple[str, str]:
    jobs = store.small("jobs")
    store.write_small("jobs", pl.concat([jobs, jobs.head(1)]), store.head())
    return jobs["job_id"][0], "it has 2 rows in jobs"


def _drop(store: Store) -> tuple[str, str]:
    jobs = store.small("jobs").sort("entries", descending=True)
    store.write_small("jobs", jobs.tail(-1), store.head())
    return jobs["job_id"][0], "it is in the library, but not in the history"


def _spoil_jobs(store: Store) -> tuple[str, str]:
    (store.root / "jobs.parquet").write_bytes(b"nothing")
    return "", "is damaged"


@pytest.mark.parametrize(
    "spoil", [_remove, _spoil, _shorten, _unsort, _reword, _miscount, _add_file, _double, _drop, _spoil_jobs]
)
def test_a_difference_is_found_and_a_rebuild_removes_it(place: Path, spoil: Callable[[Store], tuple[str, str]]) -> None:
    about, what = spoil(Store(place / "history"))
    assert [one for one in _found(place) if one[0] == about and what in one[1]]
    rebuild(_library(place), place / "history")
    assert _found(place) == []


def test_a_library_that_changed_since_is_reported_as_such(place: Path) -> None:
    job = next(job for job in _library(place).jobs() if _library(place).log_files(job))
    with _library(place).log_files(job)[0].open("ab") as log:
        log.write(b"IdentityNotResolvable\tx@contoso.com\tUser identity cannot be resolved\r\n")
    assert _found(place) == [(job.job_id, "the library has other files of it since")]
    load(_library(place), place / "history")
    assert _found(place) == []


def test_without_a_history_that_is_the_difference(place: Path) -> None:
    shutil.rmtree(place / "history")
    assert _found(place) == [("", "there is no history yet")]


def test_a_history_of_a_newer_version_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(place / "history")
    with monkeypatch.context() as patched:
        patched.setattr("analyzer.history.store.VERSION", 99)
        store.write_small("jobs", store.small("jobs"), Head())
    for call in (
        check,
        lambda library, store: rebuild(library, store.root),
        lambda library, store: load(library, store.root),
    ):
        with pytest.raises(InputError, match="was written by a newer version of upa-analyzer"):
            call(_library(place), store)


def _tables(tables: Tables) -> dict[str, pl.DataFrame]:
    return {
        "jobs": tables.jobs.select(*JOBS).sort("job_id"),
        "codes": tables.codes.sort("job_id", "code"),
        "entries": tables.scan_entries().collect().sort("log_file", "line"),
        "users": tables.scan_users().collect().sort("job_id", "key"),
    }


def _assert_same(ours: Tables, expected: Tables) -> None:
    mine, others = _tables(ours), _tables(expected)
    for name in others:
        assert_frame_equal(mine[name], others[name])


def test_a_rebuilt_history_has_the_same_tables(place: Path) -> None:
    before = load(_library(place), place / "history")
    expected = _tables(before)
    made_again = rebuild(_library(place), place / "history")
    after = _tables(load(_library(place), place / "history"))
    for name in expected:
        assert_frame_equal(after[name], expected[name])
    assert (made_again.jobs, made_again.without_logs, made_again.was_readable) == (before.jobs.height, (), True)
    assert not list((place / "history").glob("rebuild*"))


def test_what_the_library_no_longer_has_is_kept(place: Path, made: Path) -> None:
    library = _library(place)
    logged = [job for job in library.jobs() if library.log_files(job)]
    for job in logged[:3]:
        shutil.rmtree(library.log_files(job)[0].parent)
    load(_library(place), place / "history")
    made_again = rebuild(_library(place), place / "history")
    assert set(made_again.without_logs) == {job.job_id for job in logged[:3]}
    after = load(_library(place), place / "history")
    expected = load(_library(made), made / "history")
    assert_frame_equal(_tables(after)["entries"], _tables(expected)["entries"])
    assert_frame_equal(_tables(after)["users"], _tables(expected)["users"])
    assert [one for one in _found(place) if "belongs" in one[1] or "rows" in one[1]] == []


def test_the_entries_of_a_log_that_became_shorter_are_kept(place: Path, made: Path) -> None:
    library = WritableLibrary(place / "library")
    job = next(job for job in library.jobs() if library.log_files(job))
    log = library.log_files(job)[0]
    library.state.files[f"/{library.name_of(log)}"] = FileSeen("", log.stat().st_size)
    library.state.save()
    load(_library(place), place / "history")
    log.write_bytes(log.read_bytes()[:-20])
    load(_library(place), place / "history")
    assert job.job_id in rebuild(_library(place), place / "history").without_logs
    assert _found(place) == []
    after, expected = load(_library(place), place / "history"), load(_library(made), made / "history")
    assert_frame_equal(_tables(after)["entries"], _tables(expected)["entries"])


def test_what_an_unreadable_history_had_is_lost_and_said(place: Path) -> None:
    (place / "history" / "jobs.parquet").write_bytes(b"nothing")
    assert rebuild(_library(place), place / "history").was_readable is False
    assert _found(place) == []


def test_a_rebuild_that_fails_leaves_the_old_history(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OutputError("the disk is full")

    before = {path: path.read_bytes() for path in (place / "history").rglob("*.parquet")}
    monkeypatch.setattr(module, "ingest", fail)
    with pytest.raises(OutputError):
        rebuild(_library(place), place / "history")
    assert {path: path.read_bytes() for path in (place / "history").rglob("*.parquet")} == before


def test_every_small_table_is_there(made: Path) -> None:
    assert {table for table in SMALL if (made / "history" / f"{table}.parquet").exists()} >= {"jobs", "job_codes"}


def test_a_record_without_its_users_keeps_how_its_logs_were_read() -> None:
    encoding = msgspec.Raw(msgspec.msgpack.encode(Encoding("utf-16-le", mark=2)))
    logs = [LogSummary("ada@contoso.com/a.log", encoding=encoding), LogSummary("other.log", lines=3)]
    record = JobRecord("", {}, source_name("https://contoso.sharepoint.com/hr/feed.json"), [], logs=logs)
    keys = ["ada@contoso.com"]
    found = module._without_users(record, Redaction(Traces(keys), Pseudonyms(keys, [Pseudonyms.drawn()])))
    assert [(bytes(log.encoding), log.lines) for log in found.logs] == [
        (bytes(encoding), 0),
        (bytes(logs[1].encoding), 3),
    ]
    assert "ada" not in found.logs[0].name
