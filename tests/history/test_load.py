from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl
import pytest

from analyzer.history.load import load
from analyzer.library.mirror import Library
from analyzer.model.service import JobError
from analyzer.model.tables import ENTRIES, JOBS, OBSERVATIONS
from analyzer.storage.files import sample_library
from tests.report.conftest import Lines, LittleLibrary

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.history.load import Tables
    from tests.conftest import LoopbackTenant


@pytest.fixture(scope="module")
def samples() -> Tables:
    return load(Library.existing(sample_library()))


def _entries(tables: Tables) -> pl.DataFrame:
    return tables.scan_entries().collect().sort("log_file", "line")


def test_the_columns_of_the_contract_come_first_with_their_types(samples: Tables) -> None:
    assert samples.jobs.select(*JOBS).schema == pl.Schema(JOBS)
    assert samples.entries_of("").select(*ENTRIES).schema == pl.Schema(ENTRIES)
    assert samples.observations.schema == pl.Schema(OBSERVATIONS)


def test_the_tables_of_an_empty_library_have_every_column(tmp_path: Path) -> None:
    (tmp_path / "jobs.json").write_text('{"value": []}', encoding="utf-8")
    tables = load(Library.existing(tmp_path))
    assert tables.jobs.is_empty()
    assert tables.jobs.select(*JOBS).schema == pl.Schema(JOBS)
    assert tables.entries_of("").select(*ENTRIES).schema == pl.Schema(ENTRIES)
    assert tables.as_of is None


def test_a_library_without_our_own_files_gives_the_same_entries_and_outcomes(samples: Tables, tmp_path: Path) -> None:
    shutil.copytree(sample_library(), tmp_path / "library")
    shutil.rmtree(tmp_path / "library" / ".upa")
    tables = load(Library.existing(tmp_path / "library"))
    assert _entries(tables).equals(_entries(samples))
    ended = ["succeeded", "partial", "aborted", "unknown"]
    both = [one.jobs.filter(pl.col("outcome").is_in(ended)).sort("job_id") for one in (samples, tables)]
    columns = ["job_id", "outcome", "not_updated", "users"]
    assert both[0].select(columns).equals(both[1].select(columns))


def test_each_job_without_a_usable_source_file_says_why(samples: Tables) -> None:
    for job in samples.jobs.iter_rows(named=True):
        assert (job["users"] is None) == (job["job_id"] in samples.source_problems)


@pytest.mark.parametrize(
    "name", ["renamed.log", "ImportProfileProperties-a81b2f90-0000-4000-8000-000000000000-20151130-174205-993.log"]
)
def test_the_folder_says_whose_log_it_is_though_the_file_was_renamed(tmp_path: Path, name: str) -> None:
    job_id = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
    job = {"JobId": job_id, "State": 5, "Error": 30, "SourceUri": "https://contoso.sharepoint.com/sites/hr/Docs/a.json"}
    (tmp_path / "jobs.json").write_text(json.dumps({"value": [job]}), encoding="utf-8")
    log = tmp_path / "sites/hr/Docs" / f"a-{job_id}-Logs" / name
    log.parent.mkdir(parents=True)
    log.write_text("IdentityNotResolvable\tada@contoso.com\tUser identity cannot be resolved\n", encoding="utf-8")
    tables = load(Library.existing(tmp_path))
    assert _entries(tables)["job_id"].to_list() == [job_id]
    assert tables.jobs["named_users"].to_list() == [1]


def test_progress_is_told_job_by_job() -> None:
    told: list[tuple[int, int]] = []
    load(Library.existing(sample_library()), progress=lambda *step: told.append(step))
    assert told == [(number, len(told)) for number in range(1, len(told) + 1)]


def test_what_is_left_out_of_the_jobs_is_left_out_of_every_table(samples: Tables) -> None:
    job_id = samples.jobs.filter(pl.col("outcome") == "partial")["job_id"][-1]
    only = samples.only([job_id])
    assert set(only.jobs["job_id"]) == set(_entries(only)["job_id"]) == set(only.observations["job_id"]) == {job_id}
    since = datetime(2026, 11, 20, tzinfo=UTC)
    recent = samples.since(since)
    assert 0 < recent.jobs.height < samples.jobs.height
    assert all(ran is None or ran >= since for ran in recent.jobs["ran"])
    assert set(_entries(recent)["job_id"]) <= set(recent.jobs["job_id"])


def test_a_narrowed_table_keeps_who_is_new() -> None:
    tables = load(Library.existing(sample_library()))
    job_id = tables.jobs.filter(pl.col("outcome") == "partial")["job_id"][-1]
    whole = tables.users_of(job_id)
    narrowed = tables.only([job_id])
    assert narrowed.users_of(job_id).equals(whole)
    assert whole["new"].sum() == 4
    assert set(_entries(narrowed)["job_id"]) == {job_id}


def test_a_run_without_a_log_stands_behind_what_earlier_pulls_saw_and_before_the_logs_since(
    loopback: LoopbackTenant, tmp_path: Path
) -> None:
    night, line = loopback.add_job(1), b"IdentityNotResolvable\tada@contoso.com\tUser identity cannot be resolved\r\n"
    loopback.add_log(night, line, time="20261123-020000-000")
    loopback.pull_into(tmp_path, now=datetime(2026, 11, 23, 3, tzinfo=UTC))
    next_night, morning = loopback.add_job(2), loopback.add_job(3, state=4, error=0)
    loopback.add_log(next_night, line, time="20261124-020000-000")
    loopback.pull_into(tmp_path, now=datetime(2026, 11, 24, 3, tzinfo=UTC))
    assert [*load(Library(tmp_path)).jobs["job_id"]] == [night, morning, next_night]


def test_the_parts_of_a_job_are_its_whole_tables(samples: Tables) -> None:
    for job_id in samples.jobs["job_id"]:
        whole = samples.entries_of(job_id)
        assert samples.scan_entries_of(job_id).collect().sort("log_file", "line").equals(whole.sort("log_file", "line"))
        assert samples.scan_users_of(job_id).collect().equals(samples.users_of(job_id).drop("open"))


def test_the_version_of_a_job_changes_with_its_log_only(tmp_path: Path) -> None:
    little = LittleLibrary(tmp_path)
    first = little.job("hr-2026-11-16", JobError.ImportCompleteWithError, Lines.unresolved("a@contoso.com"))
    second = little.job("hr-2026-11-23", JobError.ImportCompleteWithError, Lines.unresolved("a@contoso.com"))
    before = little.tables()
    little.log("hr-2026-11-23", second, Lines.unresolved("a@contoso.com", "b@contoso.com"))
    after = little.tables()
    assert after.version_of(first) == before.version_of(first)
    assert after.version_of(second) != before.version_of(second)
