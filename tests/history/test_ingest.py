"""A history is made once of each file, and again of files that changed; what the library no longer has stays."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

import analyzer.history.entry_sort
import analyzer.history.ingest
import analyzer.history.read_job
from analyzer.analysis.named_users import SOURCE_IDS, naming
from analyzer.errors import InputError
from analyzer.history.entry_sort import EntrySort
from analyzer.history.job_tables import SmallJob, users_in, write_entries, write_small
from analyzer.history.load import load
from analyzer.history.store import Store
from analyzer.library.mirror import Library
from analyzer.model.tables import ENTRIES, USERS, table
from analyzer.storage.files import sample_library

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from analyzer.history.load import Tables

JOB_ID = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
PATH = "sites/hr/Shared Documents/feed.json"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A library of one job without a log."""
    root = tmp_path / "library"
    root.mkdir()
    job = {"JobId": JOB_ID, "State": 4, "Error": 0, "SourceUri": f"https://contoso.sharepoint.com/{PATH}"}
    (root / "jobs.json").write_text(json.dumps({"value": [job]}), encoding="utf-8")
    write_source(root, users=3)
    return root


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """A copy of the sample library."""
    shutil.copytree(sample_library(), tmp_path / "samples", ignore=shutil.ignore_patterns("history"))
    return tmp_path / "samples"


def write_source(root: Path, *, users: int) -> None:
    source = root / PATH
    source.parent.mkdir(parents=True, exist_ok=True)
    records = [{"IdName": f"user{number}@contoso.com", "City": "Oslo"} for number in range(users)]
    source.write_text(json.dumps({"value": records}), encoding="utf-8")


def opened(root: Path, **options: Any) -> Tables:  # noqa: ANN401 - those of load
    return load(Library.existing(root), root.parent / "history", **options)


def content(tables: Tables) -> dict[str, pl.DataFrame]:
    """Everything that a history says."""
    return {
        "jobs": tables.jobs,
        "codes": tables.codes,
        "observations": tables.observations,
        "entries": tables.scan_entries().collect().sort("log_file", "line"),
        "users": tables.scan_users().collect().sort("job_id", "key"),
    }


def are_equal(one: Tables, other: Tables) -> bool:
    both = zip(content(one).values(), content(other).values(), strict=True)
    return all(mine.equals(theirs) for mine, theirs in both)


def test_a_source_file_is_counted_once(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert opened(library).jobs["users"].item() == 3
    monkeypatch.delattr(analyzer.history.read_job, "measure")
    assert opened(library).jobs["users"].item() == 3


def test_a_source_file_that_changed_is_counted_again(library: Path) -> None:
    assert opened(library).jobs["users"].item() == 3
    write_source(library, users=5)
    assert opened(library).jobs["users"].item() == 5


def test_a_source_file_of_the_same_size_written_later_is_counted_again(library: Path) -> None:
    assert opened(library).jobs["users"].item() == 3
    source = library / PATH
    source.write_text(source.read_text(encoding="utf-8").replace('"IdName"', '"Id","e"', 1)[: source.stat().st_size])
    os.utime(source, ns=(1, 1))
    assert "isn't valid JSON" in opened(library).source_problems[JOB_ID]


def test_why_a_source_file_could_not_be_counted_is_remembered(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (library / PATH).write_text('{"value": [{"IdName": "R\\V"}]}', encoding="utf-8")
    problems = opened(library).source_problems
    assert "a backslash" in problems[JOB_ID]
    monkeypatch.delattr(analyzer.history.read_job, "measure")
    assert opened(library).source_problems == problems


def test_damaged_values_are_remembered(library: Path) -> None:
    records = [{"IdName": "ada@contoso.com", "City": "System.Object[]"}, {"IdName": None, "City": "Oslo"}]
    (library / PATH).write_text(json.dumps({"value": records}), encoding="utf-8")
    found = opened(library).damage
    assert [(one.property, one.records, one.record) for one in found[JOB_ID]] == [("City", 1, 1)]
    assert opened(library).damage == found


def test_numbers_of_a_removed_source_file_stay(library: Path) -> None:
    opened(library)
    (library / PATH).unlink()
    tables = opened(library)
    assert tables.jobs["users"].item() == 3
    assert tables.source_problems[JOB_ID] == "the library has no copy of it"


def test_no_log_is_read_twice(samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = opened(samples)
    monkeypatch.delattr(analyzer.history.ingest, "LogReader")
    assert are_equal(opened(samples), first)
    os.utime(samples / "jobs.json", ns=(1, 1))  # behind, so that it is ingested again
    assert are_equal(opened(samples), first)


def test_a_log_that_changed_is_read_again_and_no_other(samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(samples)
    read: list[str] = []

    def noted(store: Store, jobs: Sequence[SmallJob], entries: pl.DataFrame) -> object:
        read.extend(job.job_id for job in jobs)
        return write_small(store, jobs, entries)

    monkeypatch.setattr(analyzer.history.ingest, "write_small", noted)
    log = next(path for path in sorted(samples.rglob("*.log")) if b"IdentityNotResolvable" in path.read_bytes())
    log.write_bytes(log.read_bytes() + b"IdentityNotResolvable\tzoe@contoso.com\tUser identity cannot be resolved\r\n")
    changed = opened(samples)
    assert len(read) == 1
    assert changed.users_of(read[0]).filter(key="zoe@contoso.com").height == 1
    assert are_equal(changed, load(Library.existing(samples)))


def test_a_history_that_was_brought_up_to_date_is_one_made_anew(samples: Path, tmp_path: Path) -> None:
    jobs = json.loads((samples / "jobs.json").read_text(encoding="utf-8"))["value"]
    part = tmp_path / "part"
    shutil.copytree(samples, part)
    for count in range(1, len(jobs) + 1):
        (part / "jobs.json").write_text(json.dumps({"value": jobs[:count]}), encoding="utf-8")
        tables = opened(part)
    assert are_equal(tables, load(Library.existing(part)))


def test_nothing_has_happened_to_the_users_of_a_feeds_last_job(samples: Path) -> None:
    tables = opened(samples)
    history = tables._history
    last = [job_id for job_id in tables.jobs["job_id"] if history.is_last(job_id)]
    assert len(last) > 1
    for job_id in last:
        feed = history.feed_users(tables.job(job_id)["feed"])
        found = feed.of_job(job_id) if feed else None
        assert found == tables.users_after(job_id)
        assert found is not None
        assert (found.newer, found.updated_since) == (frozenset(), frozenset())


def test_open_users_of_a_feed_that_has_not_changed_are_not_computed_again(
    samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = opened(samples)
    monkeypatch.delattr(analyzer.history.ingest, "FeedUsers")
    os.utime(samples / "jobs.json", ns=(1, 1))  # behind, so that it is ingested again
    assert are_equal(opened(samples), first)


def test_jobs_and_logs_that_the_library_lost_stay(samples: Path) -> None:
    before = opened(samples)
    named = before.jobs.filter(pl.col("named_users") > 0)["job_id"]
    for log in samples.rglob("*.log"):
        log.unlink()
    after = opened(samples)
    assert all(after.users_of(job_id).equals(before.users_of(job_id)) for job_id in named)
    (samples / "jobs.json").write_text('{"value": []}', encoding="utf-8")
    last = opened(samples)
    assert set(last.jobs["job_id"]) == set(before.jobs["job_id"])
    assert last.jobs["gone"].all()
    assert all(last.entries_of(job_id).equals(before.entries_of(job_id)) for job_id in named)


@pytest.mark.parametrize("name", ["entries", "users"])
def test_a_lost_file_of_a_job_is_made_again(samples: Path, name: str) -> None:
    first = content(opened(samples))
    for path in (samples.parent / "history" / name).rglob("*.parquet"):
        path.unlink()
    again = content(opened(samples))
    assert all(again[table].equals(first[table]) for table in first)


@pytest.mark.parametrize("damage", [b"", b"PAR1 not a table"], ids=["empty", "garbage"])
def test_a_damaged_table_of_jobs_is_made_again_with_a_remark(samples: Path, damage: bytes) -> None:
    first = content(opened(samples))
    (samples.parent / "history" / "jobs.parquet").write_bytes(damage)
    said: list[str] = []
    again = content(opened(samples, say=said.append))
    assert all(again[table].equals(first[table]) for table in first)
    assert len(said) == 1
    assert "Making the history again" in said[0]


def test_a_history_of_a_newer_version_is_refused_and_stays(library: Path) -> None:
    opened(library)
    path = library.parent / "history" / "jobs.parquet"
    pl.read_parquet(path).write_parquet(path, metadata={"upa-analyzer": '{"version": 2}'})
    before = path.read_bytes()
    with pytest.raises(InputError, match="newer version") as raised:
        opened(library)
    assert "Update upa-analyzer" in raised.value.advice
    assert path.read_bytes() == before


def test_while_another_command_writes_the_library_an_existing_history_is_opened_as_it_is(library: Path) -> None:
    opened(library)
    write_source(library, users=5)
    said: list[str] = []
    assert opened(library, is_busy=lambda: True, say=said.append).jobs["users"].item() == 3
    assert said == ["Another command is writing to the library. What it has added isn't shown yet."]
    assert opened(library).jobs["users"].item() == 5


def test_a_history_that_cannot_be_written_is_made_for_one_command(library: Path) -> None:
    (library.parent / "history").write_bytes(b"in the way")
    said: list[str] = []
    assert opened(library, say=said.append).jobs["users"].item() == 3
    assert "Using a temporary history" in said[0]


def rows(count: int) -> pl.DataFrame:
    """Entries of all kinds in no order of IDs, several for some users."""
    kinds: list[tuple[str | None, str | None]] = [
        ("IdentityNotResolvable", "user{}@contoso.com"),
        ("InvalidProperty", "I:0#.f|membership|User{}@contoso.com"),
        ("MissingIdentity", ""),
        ("GenericError", "eb659162-3fb5-4f01-9a2e-{:012x}"),
        (None, None),
    ]
    made = []
    for number in range(count):
        code, identity = kinds[number % len(kinds)]
        shown = identity.format(number * 7919 % (count // 3)) if identity is not None else None
        row = {"job_id": "a", "log_file": "a.log", "line": number + 1, "code": code, "identity": shown, "message": "m"}
        made.append(dict.fromkeys(ENTRIES) | row)
    return table(made, ENTRIES)


@pytest.mark.parametrize("guid_ids", [True, False])
def test_a_large_log_is_sorted_in_parts_like_a_small_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, guid_ids: bool
) -> None:
    entries = rows(3_000)

    def frames() -> Iterator[pl.DataFrame]:
        yield from entries.iter_slices(170)

    small, large = Store(tmp_path / "small"), Store(tmp_path / "large")
    counts, of_small = write_entries(small, "a", "2026-11", frames(), guid_ids=guid_ids)
    monkeypatch.setattr(analyzer.history.entry_sort, "IN_MEMORY", 500)
    in_parts, of_large = write_entries(large, "a", "2026-11", frames(), guid_ids=guid_ids)
    assert len(in_parts.ranges) > 3
    assert (in_parts.rows, in_parts.entries, in_parts.named_users, in_parts.unnamed, in_parts.nameless) == (
        (counts.rows, counts.entries, counts.named_users, counts.unnamed, counts.nameless)
    )
    assert in_parts.codes == counts.codes
    both = [store.read("entries", "a", "2026-11") for store in (small, large)]
    assert both[0].equals(both[1])
    assert both[0]["key"].is_sorted()
    ids = pl.DataFrame({"job_id": ["a"], "guid_ids": [guid_ids]}, SOURCE_IDS)
    assert both[0].sort("line").equals(naming(entries, ids))
    users = users_in(small, "a", "2026-11")
    assert pl.concat([users_in(large, "a", "2026-11", keys) for keys in in_parts.ranges]).equals(users)
    for read in (of_small, of_large):
        assert read is not None
        assert read.equals(users)


def test_nothing_remains_of_a_large_log_if_its_reading_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spilled: list[Path] = []

    def frames() -> Iterator[pl.DataFrame]:
        yield from rows(1_000).iter_slices(100)
        spilled.extend(tmp_path.iterdir())
        raise KeyboardInterrupt

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(analyzer.history.entry_sort, "IN_MEMORY", 200)
    with pytest.raises(KeyboardInterrupt):
        EntrySort(frames())
    assert spilled
    assert not list(tmp_path.iterdir())


def test_nothing_remains_of_a_large_log_if_its_removal_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_folder: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(analyzer.history.entry_sort, "IN_MEMORY", 200)
    with EntrySort(rows(1_000).iter_slices(100)) as found:
        assert list(tmp_path.iterdir())
        monkeypatch.setattr(tempfile.TemporaryDirectory, "cleanup", interrupted)
        with pytest.raises(KeyboardInterrupt):
            found.__exit__()
        monkeypatch.undo()
        assert not list(tmp_path.iterdir())


def test_the_users_of_a_large_log_are_compared_in_parts(samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = content(load(Library.existing(samples)))
    monkeypatch.setattr(analyzer.history.ingest, "_SMALL", 0)
    assert all(content(load(Library.existing(samples)))[table].equals(whole[table]) for table in whole)
    monkeypatch.setattr(analyzer.history.entry_sort, "IN_MEMORY", 10)
    monkeypatch.setattr(analyzer.history.entry_sort, "_SAMPLED", 1)
    in_parts = content(load(Library.existing(samples)))
    assert all(in_parts[table].equals(whole[table]) for table in whole)
    assert in_parts["users"].schema == pl.Schema(USERS)
