"""``show`` begins with the answer, then why, then what to do; for every job, with a log or without."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from analyzer.storage.files import sample_library

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import LoopbackTenant, Ran

SAMPLES = sample_library()
JOB = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
URI = "https://contoso.sharepoint.com/sites/sync/Shared Documents/src.json"
UNRESOLVED = "IdentityNotResolvable\t{}\tUser identity cannot be resolved\r\n"
NO_ID = "MissingIdentity\t\tThe identity is missing for the user object\r\n"
UNMAPPED = "InvalidProperty\tada@contoso.com\tProperty 'Quick Dial' is not mapped to any property in the user profile application.\r\n"  # noqa: E501
GUIDS = ["29c15105-5322-5cf7-9131-69b2b9b9279f", "f3672745-2626-57c5-aeb6-f4876c135ba0"]


def _records(*ids: str | None, **values: object) -> str:
    return json.dumps({"value": [{"IdName": user, "City": "Oslo", **values} for user in ids]})


def _library(folder: Path, error: int, source: str | None, log: str = "", encoding: str = "utf-8-sig") -> Path:
    """A library with a job of one source file, and its log if there is one."""
    path = folder / urlsplit(URI).path[1:]
    path.parent.mkdir(parents=True)
    job = {"JobId": JOB, "State": 5, "Error": error, "ErrorMessage": "", "SourceUri": URI, "LogFolderUri": ""}
    (folder / "jobs.json").write_text(json.dumps({"value": [job]}), encoding="utf-8")
    if source is not None:
        path.write_text(source, encoding=encoding)
    if log:
        logs = path.parent / f"src-{JOB}-Logs"
        logs.mkdir()
        name = f"ImportProfileProperties-{JOB}-20240301-101500-123.log"
        (logs / name).write_text(log, encoding="utf-8-sig")
    return folder


@pytest.mark.parametrize(
    ("error", "source", "log", "answer", "advice", "command"),
    [
        (
            30,
            _records(*GUIDS),
            "".join(map(UNRESOLVED.format, GUIDS)),
            "src: 2 of 2 users not updated.",
            "Queue with the ID type CloudId. All 2 users failed, and the IDs are object IDs.",
            "retry 5f05e38c",
        ),
        (
            30,
            _records("ada@contoso.com", "", "bob@contoso.com", "", "cleo@contoso.com"),
            UNRESOLVED.format("") * 2 + UNRESOLVED.format("cleo@contoso.com"),
            "src: 3 of 5 users not updated.",
            "There is no ID in IdName in records 2 and 4.",
            "retry 5f05e38c",
        ),
        (
            23,
            _records("ada@contoso.com", "bob@contoso.com", "cleo@contoso.com"),
            NO_ID * 3,
            "src: the import was aborted, none of 3 users updated.",
            "Set the ID property to IdName. Every record has IdName",
            "retry 5f05e38c",
        ),
        (
            23,
            _records(None, None, None),
            NO_ID * 3,
            "src: the import was aborted, none of 3 users updated.",
            "Have the feed write IdName. It is empty in every record.",
            "",
        ),
        (
            23,
            _records("ada@contoso.com", "bob@contoso.com", **{"Quick Dial": "1"}),
            UNMAPPED,
            "src: the import was aborted, none of 2 users updated.",
            "Map Quick Dial or remove it from the feed before you import again.",
            "retry 5f05e38c",
        ),
        (
            23,
            '{"value": []}',
            "",
            "src: the source file has no users (InvalidDataFile).",
            "There is nothing to import again. The source file has no users.",
            "",
        ),
        (
            30,
            _records("ada@contoso.com", "bob@contoso.com"),
            "",
            "src: some users not updated; who is unknown.",
            "Import the whole file again. Importing a value twice does no harm. No log says who failed.",
            "retry 5f05e38c --outcome unknown",
        ),
    ],
    ids=[
        "object-ids",
        "entries-without-an-id",
        "another-id-property",
        "ids-all-null",
        "a-blank-in-a-property",
        "no-users",
        "no-log",
    ],
)
def test_the_answer_comes_first_and_the_advice_fits(  # noqa: PLR0913, PLR0917 - a row of the table
    upa: Callable[..., Ran],
    tmp_path: Path,
    error: int,
    source: str,
    log: str,
    answer: str,
    advice: str,
    command: str,
) -> None:
    _library(tmp_path / "lib", error, source, log)
    ran = upa("show", JOB, "--library", "lib")
    lines = ran.out.splitlines()
    assert (ran.code, lines[0]) == (0, answer)
    assert lines[lines.index("What to do:") + 1].startswith("  1. ")
    assert advice in lines[lines.index("What to do:") + 1]
    assert ran.err == (f"next: upa-analyzer {command} --library lib\n" if command else "")


def test_the_property_that_aborted_an_import_is_in_the_first_lines(upa: Callable[..., Ran]) -> None:
    second = upa("show", "869b00a6", "--library", SAMPLES).out.splitlines()[1]
    assert second == "  The property Floor is not mapped (InvalidProperty): 28 users."


def test_what_failures_have_in_common_is_printed_and_in_the_json(upa: Callable[..., Ran]) -> None:
    words = "24 of the 58 users who failed have the domain mail.contoso.com (9% of all users)."
    assert words in upa("show", "d797cc3f", "--library", SAMPLES).out
    first, *_ = upa("show", "d797cc3f", "--library", SAMPLES, "--json").json["in_common"]
    assert (first["trait"], first["value"], first["failed"], first["failed_of"]) == (
        "domain",
        "mail.contoso.com",
        24,
        58,
    )


@pytest.mark.parametrize(
    ("state", "error", "meaning"),
    [
        (5, 1, "The service failed and wrote no log"),
        (5, 20, "The service could not find the source file"),
        (5, 21, "The source file is outside the tenant"),
        (5, 22, "The source file is over 2 GB or has more than 500,000 property values"),
        (5, 23, "The service rejected the source file but wrote no log"),
        (5, 31, "a number for the job's error that Microsoft doesn't document"),
        (1, 0, "The job is in the state Submitted, Processing, or Queued"),
    ],
)
def test_a_job_without_a_log_is_explained(
    upa: Callable[..., Ran], tmp_path: Path, state: int, error: int, meaning: str
) -> None:
    library = _library(tmp_path / "lib", error, None)
    jobs = json.loads((library / "jobs.json").read_bytes())
    jobs["value"][0]["State"] = state
    (library / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
    out = upa("show", "--library", "lib", JOB).out
    assert meaning in out
    assert "What to do:\n  1. " in out
    assert "next: upa-analyzer retry" not in out


def test_after_an_error_of_the_service_there_is_a_text_for_its_support(upa: Callable[..., Ran], tmp_path: Path) -> None:
    _library(tmp_path / "lib", 1, _records("ada@contoso.com"), encoding="utf-16")
    out = upa("show", JOB, "--library", "lib").out
    assert "1. Have the feed write the file as UTF-8." in out
    text = out.split("For Microsoft's support:\n")[1]
    assert f"Job ID:          {JOB}\n" in text
    assert "Error:           InternalError\n" in text


def test_without_a_job_it_is_the_newest_run_that_failed(upa: Callable[..., Ran]) -> None:
    assert upa("show", "--library", SAMPLES, "--json").json["job_id"].startswith("869b00a6")
    assert upa("show", "--library", SAMPLES, "--json", "--feed", "hr-feed").json["job_id"].startswith("cc75e06b")
    assert upa("show", "--library", SAMPLES, "--json", "--feed", "PHONES").json["job_id"].startswith("12d97ad1")


def test_an_unknown_feed_names_those_there_are(upa: Callable[..., Ran]) -> None:
    ran = upa("show", "--library", SAMPLES, "--feed", "payroll")
    assert ran.code == 5
    assert "the library has no feed 'payroll'" in ran.err
    assert "badges-feed" in ran.err


def test_where_no_run_failed_it_says_so(upa: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "jobs.json").write_text('{"value": []}', encoding="utf-8")
    assert (upa("show").code, upa("show").out) == (0, "No run failed.\n")
    assert upa("show", "--json").json is None


@pytest.mark.parametrize(
    ("terminal", "words", "users"),
    [(False, [], 58), (True, [], 30), (True, ["--all"], 58)],
    ids=["pipe", "terminal", "all"],
)
def test_a_terminal_gets_the_first_users_and_a_pipe_all(
    upa: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, words: list[str], users: int, *, terminal: bool
) -> None:
    monkeypatch.setattr("analyzer.cli.terminal.output.Terminal.interactive", terminal)
    out = upa("show", "d797cc3f", "--library", SAMPLES, *words).out
    rows = [line for line in out.splitlines() if line.rstrip().endswith("IdentityNotResolvable        1")]
    assert len(rows) == users
    assert ("Showing 30 of 58; --all shows every user." in out) is (users == 30)


def test_a_pull_is_the_next_step_only_where_it_reaches_the_library(upa: Callable[..., Ran], tmp_path: Path) -> None:
    assert upa("show", "2965ed96", "--library", SAMPLES).err == ""
    data = tmp_path / "upa-data" / "contoso" / "library"
    job = {"JobId": JOB, "State": 2, "Error": 0, "ErrorMessage": "", "SourceUri": URI, "LogFolderUri": ""}
    data.mkdir(parents=True)
    (data / "jobs.json").write_text(json.dumps({"value": [job]}), encoding="utf-8")
    tenant = '[tenants.contoso]\nadmin_url = "https://contoso-admin.sharepoint.com"'
    (tmp_path / "my.toml").write_text(tenant, encoding="utf-8")
    ran = upa("show", JOB, "--config", "my.toml")
    assert ran.err == "next: upa-analyzer pull --config my.toml\n"
    assert "1. Wait, and run `upa-analyzer pull --config my.toml` again." in ran.out


def test_entries_that_the_records_without_an_id_explain_are_not_placed_between_others(
    upa: Callable[..., Ran], tmp_path: Path
) -> None:
    people = [f"u{number}@contoso.com" for number in range(12)]
    log = "".join(UNRESOLVED.format(user) for user in (*people[:4], "", *people[5:9]))
    for name, ids in (("explained", [*people[:4], "", *people[4:]]), ("not", people)):
        _library(tmp_path / name, 30, _records(*ids), log)
    assert "between record" not in upa("show", JOB, "--library", "explained").out
    assert "between record 4 (u3@contoso.com) and record 6" in upa("show", JOB, "--library", "not").out


def test_where_there_is_a_retry_file_it_says_how_to_queue_it(upa: Callable[..., Ran], tmp_path: Path) -> None:
    made = tmp_path / upa("retry", "cc75e06b", "--library", SAMPLES).out.strip()
    ran = upa("show", "cc75e06b", "--library", SAMPLES)
    assert "\nNew-PnPUPABulkImportJob -Folder 'Shared Documents/imports' -Path " in ran.out
    assert f"'{made}'" in ran.out
    assert "Create a retry file" not in ran.out
    assert ran.err == ""
    shown = upa("show", "cc75e06b", "--library", SAMPLES, "--json").json
    assert (shown["retry_files"], len(shown["queue_commands"])) == ([str(made)], 2)
    made.write_bytes(made.read_bytes() + b" ")
    altered = upa("show", "cc75e06b", "--library", SAMPLES)
    assert "New-PnPUPABulkImportJob" not in altered.out
    assert altered.err.startswith("next: upa-analyzer retry cc75e06b ")


def test_the_reports_pages_name_the_library_in_the_commands_that_they_advise(
    upa: Callable[..., Ran], tmp_path: Path
) -> None:
    _library(tmp_path / "my lib", 22, None)
    own = '[codes.DataFileTooBig]\nremedies = ["Run `upa-analyzer retry JOB`."]'
    (tmp_path / "upa-analyzer.toml").write_text(own, encoding="utf-8")
    upa("report", "my lib", "-o", "out")
    page = (tmp_path / "out" / "jobs" / f"{JOB}.html").read_text(encoding="utf-8")
    assert "Run <code>upa-analyzer retry 5f05e38c --library &#39;my lib&#39;</code>." in page


def test_a_retry_is_shown_with_its_run(upa: Callable[..., Ran], tmp_path: Path) -> None:
    library = _library(
        tmp_path / "lib", 30, _records("ada@contoso.com", "bob@contoso.com"), UNRESOLVED.format("ada@contoso.com")
    )
    retry_uri = URI.replace("src.json", f"src-{JOB}-retry.json")
    second = "6a05e38c-bd0e-49ec-8c9c-c4cfe370248d"
    jobs = json.loads((library / "jobs.json").read_bytes())
    jobs["value"].append({**jobs["value"][0], "JobId": second, "State": 4, "Error": 0, "SourceUri": retry_uri})
    (library / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
    path = library / urlsplit(retry_uri).path[1:]
    path.write_text(_records("ada@contoso.com"), encoding="utf-8-sig")
    logs = path.parent / f"{path.stem}-{second}-Logs"
    logs.mkdir()
    (logs / f"ImportProfileProperties-{second}-20240302-101500-123.log").write_text("", encoding="utf-8")
    out = upa("show", JOB, "--library", "lib").out
    assert "  Retried 2 Mar 2024 10:15: 1 of 1 updated.\n  0 still open.\n" in out
    assert "What to do:\n  1. Nothing is left to do. A later run or a retry updated every user.\n" in out
    assert f"This job imports a retry file of the job {JOB}." in upa("show", second, "--library", "lib").out


def test_the_text_for_support_says_of_a_job_without_a_log_by_when_it_had_ended(
    upa: Callable[..., Ran], only_tenant: LoopbackTenant
) -> None:
    job_id = only_tenant.add_job(1, state=2, error=0)
    upa("pull")
    only_tenant.jobs[0] |= {"State": 5, "Error": 1}
    upa("pull")
    shown = upa("show", job_id).out
    assert "For Microsoft's support:" in shown
    assert re.findall(r"(?m)^Ended.*?:", shown) == ["Ended by:"]
