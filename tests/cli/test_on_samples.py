"""Each command that needs no tenant, on the sample library."""

from __future__ import annotations

import csv
import errno
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from analyzer.model.tables import ENTRIES
from analyzer.storage.files import sample_library

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Ran

SAMPLES = sample_library()
LISTED = json.loads((SAMPLES / "jobs.json").read_bytes())["value"]


def _job(error: int, source: str) -> str:
    """The newest job of the samples with this error whose source file's name has ``source`` in it."""
    found: list[str] = [job["JobId"] for job in LISTED if job["Error"] == error and source in job["SourceUri"]]
    return found[-1]


PARTIAL, ABORTED = _job(30, "hr-feed"), _job(23, "badges-feed")


def _everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_jobs_lists_every_job_the_newest_last(upa: Callable[..., Ran]) -> None:
    ran = upa("jobs", "--library", SAMPLES)
    heading, *lines = ran.out.splitlines()
    assert ran.code == 0
    assert heading.split()[:2] == ["job", "feed"]
    assert sorted(line[:8] for line in lines) == sorted(job["JobId"][:8] for job in LISTED)


def test_jobs_as_json_has_the_columns_of_the_table(upa: Callable[..., Ran]) -> None:
    jobs = upa("jobs", "--json", "--library", SAMPLES).json["jobs"]
    assert {job["job_id"] for job in jobs} == {job["JobId"] for job in LISTED}
    by_id = {job["job_id"]: job for job in jobs}
    assert (by_id[PARTIAL]["outcome"], by_id[ABORTED]["outcome"]) == ("partial", "aborted")
    assert by_id[PARTIAL]["not_updated"] == 12


def _generic_library(folder: Path) -> str:
    """A library with one job whose log has GenericErrors of three kinds; returns the job's id."""
    job_id, feed = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c", folder / "library" / "sites" / "hr" / "Docs"
    uri = "https://contoso.sharepoint.com/sites/hr/Docs/hr.json"
    job = {"JobId": job_id, "State": 5, "Error": 30, "ErrorMessage": "", "SourceUri": uri, "LogFolderUri": ""}
    (feed / f"hr-{job_id}-Logs").mkdir(parents=True)
    (folder / "library" / "jobs.json").write_text(json.dumps({"value": [job]}), encoding="utf-8")
    lines = ["was deadlocked on lock", "was deadlocked on lock", "locked by Payroll", "something new"]
    log = "".join(f"GenericError\t\tSystem.Exception: {line}\r\n" for line in lines)
    (feed / f"hr-{job_id}-Logs" / f"ImportProfileProperties-{job_id}.log").write_text(log, encoding="utf-8")
    return job_id


def test_show_and_the_report_part_a_code_by_pattern_also_by_those_of_the_configuration(
    upa: Callable[..., Ran], tmp_path: Path
) -> None:
    job_id = _generic_library(tmp_path)
    own = '[codes."GenericError/payroll"]\ntitle = "payroll was at work"\nremedies = ["Ask Ada."]\nmessage = "payroll"'
    (tmp_path / "upa-analyzer.toml").write_text(own, encoding="utf-8")
    shown = upa("show", job_id, "--library", "library").out
    assert "Two writers blocked each other in the profile store (GenericError/deadlock): 2 entries." in shown
    assert "Payroll was at work (GenericError/payroll): 1 entry." in shown
    assert "(GenericError): 1 entry." in shown
    assert "  1. Ask Ada.\n" in shown
    assert "Import the retry file" not in shown  # there is no source file to make one from
    (failure,) = upa("show", job_id, "--library", "library", "--json").json["failures"]
    assert [one["name"] for one in failure["patterns"]] == ["GenericError/deadlock", "GenericError/payroll", None]
    upa("report", "library", "-o", "out")
    page = (tmp_path / "out" / "jobs" / f"{job_id}.html").read_text(encoding="utf-8")
    assert "Ask Ada." in page
    assert (
        page.index("Two writers blocked each other") < page.index("Payroll was at work") < page.index("Other messages")
    )


def test_an_empty_library_is_reported(upa: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "jobs.json").write_text('{"value": []}', encoding="utf-8")
    ran = upa("jobs")
    assert (ran.code, ran.out, ran.err) == (0, "", "The library has no jobs.\n")
    assert upa("jobs", "--json").json == {"jobs": []}


def test_show_prints_what_happened_and_the_next_step(upa: Callable[..., Ran]) -> None:
    ran = upa("show", PARTIAL[:8].upper(), "--library", SAMPLES)
    assert ran.code == 0
    assert ran.out.startswith("hr-feed: 12 of 295 users not updated, 4 new.\n")
    for words in (PARTIAL, "partial", "IdentityNotResolvable", "not updated  12"):
        assert words in ran.out
    assert ran.err == f"next: upa-analyzer retry {PARTIAL[:8]} --library {SAMPLES}\n"


def test_show_as_json_has_causes_and_people(upa: Callable[..., Ran]) -> None:
    shown = upa("show", PARTIAL, "--library", SAMPLES, "--json").json
    assert shown["job_id"] == PARTIAL
    assert shown["failures"] == [{"code": "IdentityNotResolvable", "entries": 12, "users": 12, "patterns": []}]
    assert len(shown["users"]) == 12


def test_show_names_the_person_whose_record_the_service_could_not_read(upa: Callable[..., Ran]) -> None:
    job = _job(23, "hr-feed")
    words = "Record 102 (IdName guenter.loewental@contoso.com), in Office: a single backslash before"
    assert words in upa("show", job, "--library", SAMPLES).out
    (located,) = upa("show", job, "--library", SAMPLES, "--json").json["located"]
    assert (located["record"], located["identity"], located["sure"]) == (102, "guenter.loewental@contoso.com", "sure")


def test_show_bounds_the_place_of_unidentified_entries(upa: Callable[..., Ran]) -> None:
    job = _job(30, "hr-feed-2026-10-19")
    out = upa("show", job, "--library", SAMPLES).out
    assert "3 entries don't identify a user. Their places are likely, not certain: all 32 entries" in out
    assert "line 2: between record 4 (agnieszka.gorzelak@fabrikam.com) and record 15 (amal.farouk@fabrikam.com)" in out
    bounds = upa("show", job, "--library", SAMPLES, "--json").json["bounds"]
    assert [(row["line"], row["after_record"], row["before_record"]) for row in bounds] == [
        (2, 4, 15),
        (5, 16, 27),
        (8, 31, 39),
    ]


@pytest.mark.parametrize(
    ("job", "fail_on", "code"),
    [
        (PARTIAL, "never", 0),
        (PARTIAL, "partial", 1),
        (PARTIAL, "aborted", 0),
        (PARTIAL, "any", 1),
        (ABORTED, "aborted", 1),
        (ABORTED, "any", 1),
        (_job(0, "phones-feed-2026-11-17"), "any", 0),
    ],
)
def test_show_fails_on_the_specified_outcomes(upa: Callable[..., Ran], job: str, fail_on: str, code: int) -> None:
    assert upa("show", job, "--library", SAMPLES, "--fail-on", fail_on).code == code


@pytest.mark.parametrize("command", [["show"], ["retry"]])
def test_an_unknown_job_names_the_nearest(upa: Callable[..., Ran], command: list[str]) -> None:
    wanted = ("0" if PARTIAL[0] != "0" else "1") + PARTIAL[1:]
    ran = upa(*command, wanted, "--library", SAMPLES)
    assert ran.code == 5
    assert f"the library has no job '{wanted}'" in ran.err
    assert f"Did you mean {PARTIAL}?" in ran.err


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".ndjson", ".xlsx"])
def test_parse_writes_a_table_and_prints_its_path_last(upa: Callable[..., Ran], tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"entries{suffix}"
    ran = upa("parse", SAMPLES, "-o", out)
    assert (ran.code, ran.out) == (0, f"{out}\n")
    assert out.stat().st_size > 0
    if suffix == ".parquet":
        assert pl.read_parquet(out).schema == pl.Schema(ENTRIES)


def test_parse_of_a_library_names_files_within_it(upa: Callable[..., Ran]) -> None:
    entries = upa("parse", SAMPLES, "--json").json
    assert all(entry["log_file"].startswith("sites/") for entry in entries)
    assert {entry["tenant"] for entry in entries} == {"contoso.sharepoint.com"}


def test_parse_of_an_unknown_format_keeps_its_text_and_reports_it(upa: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "notes.log").write_text("Dear all,\nthe import went well.\n", encoding="utf-8")
    ran = upa("parse", "notes.log", "--json")
    assert ran.code == 0
    assert [(entry["code"], entry["message"]) for entry in ran.json] == [(None, "Dear all,")]
    assert "notes.log has no entries in a known format" in ran.err


def test_parse_refuses_an_output_without_a_known_format_before_it_reads(
    upa: Callable[..., Ran], tmp_path: Path
) -> None:
    ran = upa("parse", SAMPLES, "-o", "entries.docx")
    assert ran.code == 2
    assert ".parquet" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_a_retry_of_a_partial_job_contains_the_users_in_the_log(upa: Callable[..., Ran], tmp_path: Path) -> None:
    ran = upa("retry", PARTIAL[:8], "--library", SAMPLES)
    path = tmp_path / ran.out.strip()
    assert (ran.code, path.parent) == (0, tmp_path / "upa-data" / "contoso.sharepoint.com" / "retry")
    assert len(json.loads(path.read_text(encoding="utf-8-sig"))["value"]) == 12
    assert path.name.endswith(f"-{PARTIAL}-retry.json")


def test_a_retry_that_is_not_the_whole_truth_is_a_finding(upa: Callable[..., Ran]) -> None:
    naming_nobody = _job(30, "hr-feed-2026-10-19")
    ran = upa("retry", naming_nobody, "--superseded", "--library", SAMPLES, "--json", "-o", "out.json")
    assert (ran.code, ran.json["complete"], ran.json["entries_naming_nobody"]) == (1, False, 3)


def test_a_retry_of_a_job_that_succeeded_makes_no_file(upa: Callable[..., Ran], tmp_path: Path) -> None:
    ran = upa("retry", _job(0, "phones-feed-2026-11-17"), "--library", SAMPLES)
    assert (ran.code, ran.out) == (0, "")
    assert "Nothing to retry" in ran.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("job", "words"),
    [
        (_job(30, "hr-feed-2026-10-05"), "there is no source file to take the records from"),
        (_job(23, "hr-feed-2026-11-09"), "isn't valid JSON: line 1, column"),
    ],
    ids=["source gone", "source no JSON"],
)
def test_a_retry_without_a_usable_source_file_says_why(upa: Callable[..., Ran], job: str, words: str) -> None:
    ran = upa("retry", job, "--superseded", "--library", SAMPLES)
    assert (ran.code, ran.out) == (5, "")
    assert words in ran.err


def _bare(folder: Path) -> list[str]:
    (folder / "feed.json").write_text('{"value": [{"mail": "a@b.c"}, {"mail": "d@e.f"}]}', encoding="utf-8")
    (folder / "feed.log").write_text(
        "IdentityNotResolvable\td@e.f\tUser identity cannot be resolved\n", encoding="utf-8"
    )
    return ["retry", "--source", "feed.json", "--log", "feed.log"]


def test_a_retry_from_bare_files_says_as_what_it_takes_the_job(upa: Callable[..., Ran], tmp_path: Path) -> None:
    ran = upa(*_bare(tmp_path))
    assert (ran.code, ran.out) == (0, "feed-retry.json\n")
    assert "Treating the job as partial, by the codes in its log" in ran.err
    assert json.loads((tmp_path / "feed-retry.json").read_text(encoding="utf-8-sig")) == {"value": [{"mail": "d@e.f"}]}


def test_the_outcome_that_the_user_gives_wins(upa: Callable[..., Ran], tmp_path: Path) -> None:
    assert upa(*_bare(tmp_path), "--outcome", "aborted", "--json").json["records"] == 2


def test_a_source_file_with_invalid_json_is_an_error_with_line_and_column(
    upa: Callable[..., Ran], tmp_path: Path
) -> None:
    words = _bare(tmp_path)
    (tmp_path / "feed.json").write_text('{"value": [\n  {"mail": "d\\e.f"}]}', encoding="utf-8")
    ran = upa(*words)
    assert ran.code == 5
    assert "line 2, column 14" in ran.err
    assert [path.name for path in tmp_path.iterdir() if "retry" in path.name] == []


def test_a_source_file_with_invalid_json_is_an_error_with_the_user(upa: Callable[..., Ran], tmp_path: Path) -> None:
    words = _bare(tmp_path)
    (tmp_path / "feed.json").write_text(
        '{"value": [{"mail": "a@b.c"}, {"mail": "d@e.f", "x": "\\V"}]}', encoding="utf-8"
    )
    (tmp_path / "feed.log").write_text("DataFileNotJson\t\tPath 'value[1].x', line 1, position 57.\n", encoding="utf-8")
    ran = upa(*words)
    assert ran.code == 5
    assert "in record 2 (mail d@e.f).\n" in ran.err
    assert "The service refused the file for the same reason." in ran.err


def test_a_log_in_an_unknown_format_makes_no_retry(upa: Callable[..., Ran], tmp_path: Path) -> None:
    words = _bare(tmp_path)
    (tmp_path / "feed.log").write_text("Dear all,\n", encoding="utf-8")
    ran = upa(*words)
    assert ran.code == 5
    assert "feed.log has no entry of a known shape" in ran.err


def test_a_full_disk_leaves_the_retry_file_that_was_there(
    upa: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = _bare(tmp_path)
    upa(*words)
    before = _everything(tmp_path)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    ran = upa(*words)
    assert ran.code == 5
    assert "the disk is full" in ran.err
    assert _everything(tmp_path) == before


def test_a_report_is_written_and_its_first_page_printed_last(upa: Callable[..., Ran], tmp_path: Path) -> None:
    ran = upa("report", SAMPLES, "-o", "out")
    assert (ran.code, ran.out) == (0, f"{Path('out', 'index.html')}\n")
    assert len(list((tmp_path / "out" / "jobs").glob("*.html"))) == len(LISTED)
    assert {path.name for path in (tmp_path / "out" / "data").glob("*.csv")} == {"jobs.csv", "observations.csv"}


def test_a_report_says_how_to_queue_its_retry_files_and_what_comes_before(
    upa: Callable[..., Ran], tmp_path: Path
) -> None:
    upa("report", SAMPLES, "-o", "out")
    index = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "Retry file of hr-feed (12 users)</bdi>" in index
    assert "Retry file of badges-feed (112 users) \u2013 first map Floor or remove it from the feed</bdi>" in index
    page = (tmp_path / "out" / "jobs" / f"{ABORTED}.html").read_text(encoding="utf-8")
    assert "<span>New-PnPUPABulkImportJob</span>" in page
    assert "(112 users) \u2013 first map Floor or remove it from the feed</bdi>" in page
    assert "All 28 users who failed have" in page


def test_a_report_of_some_jobs_is_about_these_alone(upa: Callable[..., Ran], tmp_path: Path) -> None:
    actual = upa("report", SAMPLES, "-o", "out", "--job", PARTIAL[:8], "--job", ABORTED, "--json").json
    assert {job["job_id"] for job in actual["jobs"]} == {PARTIAL, ABORTED}
    assert all((tmp_path / retry["file"]).is_file() for retry in actual["retries"])


def test_a_report_since_a_day_leaves_out_what_ran_before(upa: Callable[..., Ran]) -> None:
    actual = upa("report", SAMPLES, "-o", "out", "--since", "2026-11-20", "--json").json
    assert {PARTIAL, ABORTED} < {job["job_id"] for job in actual["jobs"]}
    assert len(actual["jobs"]) < len(LISTED)


def test_a_template_that_is_wrong_is_named_and_the_old_report_stays(upa: Callable[..., Ran], tmp_path: Path) -> None:
    upa("report", SAMPLES, "-o", "out")
    before = _everything(tmp_path / "out")
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "index.html").write_text("{% if %}", encoding="utf-8")
    (tmp_path / "upa-analyzer.toml").write_text('templates = "ours"', encoding="utf-8")
    ran = upa("report", SAMPLES, "-o", "out")
    assert ran.code in (2, 5)
    assert "index.html" in ran.err
    assert "Traceback" not in ran.err
    assert _everything(tmp_path / "out") == before


@pytest.mark.parametrize("words", [["jobs"], ["show", "cc75e06b"], ["retry", "cc75e06b"], ["report"]], ids=" ".join)
def test_a_tenant_that_was_never_pulled_has_advice(upa: Callable[..., Ran], tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "upa-analyzer.toml").write_text(
        '[tenants.contoso]\nadmin_url = "https://contoso-admin.sharepoint.com"', encoding="utf-8"
    )
    ran = upa(*words)
    folder = Path("upa-data", "contoso", "library")
    assert (ran.code, ran.err.splitlines()) == (
        5,
        [
            f"upa-analyzer: no library found for contoso: there is no {folder}.",
            "              Run `upa-analyzer pull` first, or specify --library DIR.",
        ],
    )


def test_the_library_of_the_current_folder_is_meant_where_none_is_named(
    upa: Callable[..., Ran], tmp_path: Path
) -> None:
    shutil.copy(SAMPLES / "jobs.json", tmp_path)
    assert len(upa("jobs", "--json").json["jobs"]) == len(LISTED)


def test_the_samples_are_never_written_to(upa: Callable[..., Ran]) -> None:
    before = _everything(SAMPLES)
    for words in (["jobs"], ["show", PARTIAL], ["retry", PARTIAL]):
        upa(*words, "--library", SAMPLES)
    upa("report", SAMPLES)
    assert _everything(SAMPLES) == before


def test_a_report_of_one_job_leaves_that_of_all_jobs_alone_and_knows_who_is_new(
    upa: Callable[..., Ran], tmp_path: Path
) -> None:
    whole = tmp_path / upa("report", SAMPLES).out.strip()
    before = whole.read_bytes()
    part = tmp_path / upa("report", SAMPLES, "--job", PARTIAL[:8]).out.strip()
    assert part.parent == whole.parent / "selection"
    assert whole.read_bytes() == before
    page = (part.parent / "jobs" / f"{PARTIAL}.html").read_text(encoding="utf-8")
    assert "12 of 295 users weren&#39;t updated; 4 are new" in page


def test_a_job_without_a_source_is_listed_with_the_others(upa: Callable[..., Ran], tmp_path: Path) -> None:
    job = {"JobId": "aaaaaaaa-0000-4000-8000-000000000001", "State": 1, "Error": 0, "SourceUri": None}
    (tmp_path / "jobs.json").write_text(json.dumps({"value": [job]}), encoding="utf-8")
    ran = upa("jobs")
    assert (ran.code, ran.out.splitlines()[1].split()[:2]) == (0, ["aaaaaaaa", "unknown"])
    assert "feed         unknown" in upa("show", "aaaaaaaa").out


def test_a_damaged_state_file_counts_as_missing_and_is_reported(upa: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "jobs.json").write_text('{"value": []}', encoding="utf-8")
    (tmp_path / ".upa").mkdir()
    (tmp_path / ".upa" / "pull.json").write_text("garbage", encoding="utf-8")
    ran = upa("jobs")
    assert ran.code == 0
    assert "pull.json is damaged" in ran.err


@pytest.mark.parametrize(
    ("content", "words"),
    [("[]", "there is no list of jobs"), ('{"value": 3}', "there is no list of jobs"), ('{"value": [3]}', "no list")],
)
def test_a_job_list_of_another_shape_is_an_error(
    upa: Callable[..., Ran], tmp_path: Path, content: str, words: str
) -> None:
    (tmp_path / "jobs.json").write_text(content, encoding="utf-8")
    ran = upa("jobs")
    assert (ran.code, ran.out) == (5, "")
    assert words in ran.err


def test_the_logs_of_several_jobs_make_no_retry_file(upa: Callable[..., Ran], tmp_path: Path) -> None:
    source = tmp_path / "source.json"
    source.write_text('{"value":[{"IdName":"ada@contoso.com"}]}', encoding="utf-8")
    ran = upa("retry", "--source", source, "--log", SAMPLES)
    assert (ran.code, ran.out) == (2, "")
    assert "the logs are of 15 jobs" in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["source.json"]


def test_a_retry_after_a_missing_id_lists_the_record_that_lacks_it(upa: Callable[..., Ran], tmp_path: Path) -> None:
    records = [{"City": "Oslo"}, {"City": "Bergen", "IdName": "b@contoso.com"}]
    (tmp_path / "source.json").write_text(json.dumps({"value": records}), encoding="utf-8")
    (tmp_path / "job.log").write_text("MissingIdentity\t\tThe identity is missing\r\n", encoding="utf-8")
    ran = upa("retry", "--source", "source.json", "--log", "job.log")
    assert ran.code == 1
    assert "1 record has no ID" in ran.err
    assert "Using IdName as the ID property" in ran.err
    (row,) = csv.DictReader((tmp_path / "source-retry.unmatched.csv").read_text(encoding="utf-8-sig").splitlines())
    assert (row["identity"], row["records"]) == ("", "1")


def test_a_windows_1252_source_is_converted_to_utf_8_and_reported(upa: Callable[..., Ran], tmp_path: Path) -> None:
    record = '{"IdName":"b@contoso.com","City":"München"}'
    (tmp_path / "source.json").write_bytes(f'{{"value":[{record}]}}'.encode("cp1252"))
    (tmp_path / "job.log").write_text("IdentityNotResolvable\tb@contoso.com\t?\r\n", encoding="utf-8")
    ran = upa("retry", "--source", "source.json", "--log", "job.log")
    assert ran.code == 0
    assert "The source file is Windows-1252" in ran.err
    assert json.loads((tmp_path / "source-retry.json").read_text(encoding="utf-8-sig"))["value"] == [json.loads(record)]


def test_a_retry_file_is_written_to_an_existing_folder(upa: Callable[..., Ran], tmp_path: Path) -> None:
    ran = upa("retry", PARTIAL, "--library", SAMPLES, "-o", ".")
    assert ran.code == 0
    assert (tmp_path / ran.out.strip()).name == f"hr-feed-2026-11-23-{PARTIAL}-retry.json"


def test_parse_to_a_file_returns_its_name_as_json(upa: Callable[..., Ran]) -> None:
    actual = upa("parse", SAMPLES, "--json", "-o", "all.parquet").json
    assert (actual["file"], actual["rows"]) == ("all.parquet", pl.read_parquet("all.parquet").height)
