"""What a page rests on, and how we know it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from analyzer.model.service import JobError, State
from analyzer.report.evidence import facts_of, logs_of, observations_of
from analyzer.report.rows import Fact, Grid
from analyzer.report.times import minute_text, on_text, since_text, when_text

if TYPE_CHECKING:
    from tests.report.conftest import Lines, LittleLibrary

PARTIAL = JobError.ImportCompleteWithError


def facts(little: LittleLibrary, job_id: str) -> dict[str, tuple[str, str]]:
    return {fact.label: (fact.value, fact.note) for fact in facts_of(*little.run(job_id))}


def test_source_file_and_times_are_told_with_how_we_know_them(little: LittleLibrary, lines: type[Lines]) -> None:
    job_id = little.job("hr-2026-11-23", PARTIAL, lines.unresolved("a@contoso.com"), users=2)
    told = facts(little, job_id)
    assert told["Source file"] == ("https://contoso.sharepoint.com/sites/hr/Shared Documents/hr-2026-11-23.json", "")
    assert told["Its size"] == ("109 bytes", "")
    assert told["Users in it"] == ("2", "")
    assert told["Property values in it"] == ("2", "")
    assert told["Ran"] == ("23 Nov 2026, 02:00", "from the log's name")
    assert told["Finished"] == ("2026-11-23 02:00:00 UTC", "from the log's name")
    assert told["Started"] == ("unknown", "no pull saw it")
    assert told["Program"] == ("upa-analyzer 1.0", "this page was made on 2026-11-23 04:00:00 UTC")


def test_a_source_file_that_is_missing_says_why(little: LittleLibrary) -> None:
    told = facts(little, little.job("hr-2026-11-23", JobError.DataFileNotExist, users=None))
    for label in ("Its size", "Users in it", "Property values in it"):
        assert told[label] == ("unknown", "the library has no copy of it")


def test_a_missing_log_is_a_fault_only_where_there_should_be_one(little: LittleLibrary) -> None:
    assert facts(little, little.job("hr-2026-11-16", PARTIAL))["Log folder"][1] == "no log was found"
    assert facts(little, little.job("hr-2026-11-23"))["Log folder"][1] == (
        "no log was found; there is none when every user was updated"
    )


def test_what_pulls_saw_is_listed_with_the_pull_before(little: LittleLibrary) -> None:
    job_id = little.job("hr", message="")
    seen = {"job_id": job_id, "state": State.Processing, "error": 0}
    little.own(
        "observations",
        [
            {**seen, "observed_at": "2026-11-23T02:00:00Z", "previous_pull_at": None},
            {**seen, "observed_at": "2026-11-23T03:00:00Z", "previous_pull_at": "2026-11-23T02:00:00Z", "state": 4},
        ],
    )
    view, run = little.run(job_id)
    assert observations_of(view, run) == Grid(
        ("Seen at", "Pull before that", "SharePoint status", "Error"),
        (
            ("2026-11-23 02:00:00 UTC", "\u2013", "Processing", "NoError"),
            ("2026-11-23 03:00:00 UTC", "2026-11-23 02:00:00 UTC", "Succeeded", "NoError"),
        ),
    )
    assert Fact("Finished", "by 2026-11-23 03:00:00 UTC", "a pull saw that it had ended by then") in facts_of(view, run)


def test_a_start_that_a_pull_saw_is_a_bound(little: LittleLibrary) -> None:
    job_id = little.job("hr", state=State.Processing)
    times = {"observed_at": "2026-11-23T03:00:00Z", "previous_pull_at": "2026-11-23T02:00:00Z"}
    little.own("observations", [{"job_id": job_id, "state": State.Processing, "error": 0, **times}])
    assert facts(little, job_id)["Started"] == ("by 2026-11-23 03:00:00 UTC", "a pull saw that it had started by then")


def test_the_details_have_the_services_own_words(little: LittleLibrary) -> None:
    job_id = little.job("hr-2026-11-23", JobError.InternalError)
    assert facts(little, job_id)["SharePoint status"] == ("Error, InternalError", "")


def test_times_that_are_bounds_say_so_and_unknown_ones_too(little: LittleLibrary) -> None:
    by = little.retry(little.job("hr-2026-11-23"), seen="2026-11-28T14:05:00+00:00", users=1)
    _, run = little.run(by)
    assert when_text(run, None) == "by 28 Nov 2026, 14:05"
    assert when_text(run, ZoneInfo("Europe/Berlin")) == "by 28 Nov 2026, 15:05"
    assert on_text(run, None) == "that ran by 28 Nov 2026, 14:05"
    assert since_text(run, None) == "28 Nov 2026 at the latest"
    _, run = little.run(little.job("old"))
    assert (when_text(run, None), on_text(run, None), since_text(run, None)) == ("time unknown", "", "time unknown")


def test_a_log_file_says_how_it_was_read(little: LittleLibrary, lines: type[Lines]) -> None:
    name = "sites/hr/Shared Documents/hr-2026-11-23-{0}-Logs/ImportProfileProperties-{0}-20261123-020000-000.log"
    broken = b"\xef\xbb\xbf" + lines.unresolved("a@contoso.com").encode() + b"Odd\tb\xff\xfe@contoso.com\t?\r\n"
    job_id = little.job("hr-2026-11-23", PARTIAL, broken)
    grid = logs_of(*little.run(job_id))
    assert grid is not None
    ((path, encoding, entries, read),) = grid.rows
    assert (path, entries) == (name.format(job_id), "2")
    assert (encoding, read) == ("utf-8", "2 characters replaced: not readable as utf-8")


def test_an_empty_log_file_is_listed_too(little: LittleLibrary) -> None:
    grid = logs_of(*little.run(little.job("hr-2026-11-23", PARTIAL, b"")))
    assert grid is not None
    assert [row[2:] for row in grid.rows] == [("0", "whole")]


def test_a_job_without_log_or_pull_has_neither_table(little: LittleLibrary) -> None:
    view, run = little.run(little.job("hr-2026-11-23"))
    assert logs_of(view, run) is None
    assert observations_of(view, run) is None


def test_a_day_that_only_a_file_name_tells_is_not_moved_to_another_zone(little: LittleLibrary) -> None:
    _, run = little.run(little.job("hr-2026-11-23"))
    assert when_text(run, ZoneInfo("America/Los_Angeles")) == "23 Nov 2026"


def test_a_time_is_shown_in_the_tenants_zone() -> None:
    time = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    assert minute_text(time, ZoneInfo("Europe/Berlin")) == "24 Nov 2026, 00:30"
    assert minute_text(time, None) == "23 Nov 2026, 23:30"
    assert minute_text(None, None) == "\u2013"
