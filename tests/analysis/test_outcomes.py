"""How a job ended and who was updated: the table of outcomes row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from analyzer.model.job import Outcome
from analyzer.model.service import JobError, State
from tests.analysis.frames import FOLDER, GUID, at, entry, jobs, listed, seen

if TYPE_CHECKING:
    from datetime import datetime

UTC_TIME = pl.Datetime("us", "UTC")
SCHEMA = {
    "tenant": pl.String,
    "job_id": pl.String,
    "state": pl.String,
    "error": pl.String,
    "error_message": pl.String,
    "source_uri": pl.String,
    "log_folder_uri": pl.String,
    "gone": pl.Boolean,
    "first_seen": UTC_TIME,
    "last_changed": UTC_TIME,
    "started": UTC_TIME,
    "finished": UTC_TIME,
    "source_bytes": pl.UInt64,
    "users": pl.UInt32,
    "property_values": pl.UInt64,
    "entries": pl.UInt32,
    "named_users": pl.UInt32,
    "not_updated": pl.UInt32,
    "log_found": pl.Boolean,
    "outcome": pl.String,
    "feed": pl.String,
    "retry_of": pl.String,
    "log_time": UTC_TIME,
    "name_time": UTC_TIME,
    "source_time": UTC_TIME,
    "not_after": UTC_TIME,
    "previous_pull_at": UTC_TIME,
}
RUNNING = ("Submitted", "Processing", "Queued")
ENDED = ("Succeeded", "Error")
ABORTING = ("DataFileNotExist", "DataFileNotInTenant", "DataFileTooBig", "InvalidDataFile")
STATES = (*(state.name for state in State), "State 7")
ERRORS = (*(error.name for error in JobError), "Error 7")


def expected_outcome(state: str, error: str) -> str:
    """The table of outcomes, written out once more."""
    if state in RUNNING:
        return "running"
    if state not in ENDED:
        return "unknown"
    if error == "NoError":
        return "succeeded" if state == "Succeeded" else "unknown"
    if error == "ImportCompleteWithError":
        return "partial"
    return "aborted" if error in ABORTING else "unknown"


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("state", STATES)
def test_state_and_error_say_how_a_job_ended_and_how_many_were_not_updated(state: str, error: str) -> None:
    row = jobs(listed("a", state, error), entries=(entry("a", "IdentityNotResolvable", "x"),)).row(0, named=True)
    outcome = expected_outcome(state, error)
    assert (row["state"], row["error"], row["outcome"]) == (state, error, outcome)
    assert row["not_updated"] == {"succeeded": 0, "partial": 1, "aborted": 10}.get(outcome)


NOT_UPDATED = {
    "distinct users are counted": (("x@contoso.com", "X@contoso.com", "i:0#.f|membership|x@contoso.com", "y"), {}, 2),
    "an entry names no user": (("x", None), {}, None),
    "a Guid of the profile store is no user": (("x", GUID), {}, None),
    "no log": ((), {"log_found": False}, None),
    "a log that is not whole": (("x@contoso.com",), {"log_whole": False}, None),
    "a log without entries": ((), {}, None),
}


@pytest.mark.parametrize(("identities", "columns", "expected"), NOT_UPDATED.values(), ids=NOT_UPDATED.keys())
def test_a_partial_job_has_a_number_by_its_log_or_none(
    identities: tuple[str | None, ...], columns: dict[str, object], expected: int | None
) -> None:
    entries = tuple(entry("a", "GenericError", identity) for identity in identities)
    row = jobs(listed("a", "Error", "ImportCompleteWithError", **columns), entries=entries).row(0, named=True)
    assert (row["not_updated"], row["entries"]) == (expected, len(identities))


@pytest.mark.parametrize(
    ("code", "nameless", "without_id", "expected"),
    [
        ("IdentityNotResolvable", 2, 2, 3),
        ("GenericError", 1, 1, 2),
        ("IdentityNotResolvable", 2, 1, None),
        ("IdentityNotResolvable", 1, 2, None),
        ("IdentityNotResolvable", 1, None, None),
        ("InvalidProperty", 1, 1, None),
    ],
)
def test_as_many_entries_without_an_id_as_records_without_one_count_as_these(
    code: str, nameless: int, without_id: int | None, expected: int | None
) -> None:
    entries = [entry("a", "IdentityNotResolvable", "ada@contoso.com"), *[entry("a", code)] * nameless]
    table = jobs(listed("a", "Error", "ImportCompleteWithError", without_id=without_id), entries=tuple(entries))
    assert table["not_updated"].to_list() == [expected]


def test_of_an_aborted_job_it_is_everybody_or_null_where_the_source_is_not_known() -> None:
    table = jobs(listed("a", "Error", "InvalidDataFile"), listed("b", "Error", "InvalidDataFile", users=None))
    assert table["not_updated"].to_list() == [10, None]


def test_text_that_is_no_entry_is_not_counted() -> None:
    entries = (entry("a", None), entry("a", "GenericError", "x"), entry("b", "GenericError", "y"))
    row = jobs(listed("a", "Error", "ImportCompleteWithError"), entries=entries).row(0, named=True)
    assert (row["entries"], row["named_users"], row["not_updated"]) == (1, 1, 1)


def test_jobs_keep_their_order_and_their_columns() -> None:
    names = [f"{number:02}" for number in range(40, 0, -1)]
    table = jobs(*(listed(name, "Succeeded", error_message="m", gone=True) for name in names))
    assert table["job_id"].to_list() == names
    assert dict(table.schema) == SCHEMA
    assert table.row(0, named=True) == {
        **dict.fromkeys(SCHEMA),
        "tenant": "contoso.sharepoint.com",
        "job_id": "40",
        "state": "Succeeded",
        "error": "NoError",
        "error_message": "m",
        "source_uri": f"{FOLDER}hr-feed.json",
        "gone": True,
        "users": 10,
        "entries": 0,
        "named_users": 0,
        "not_updated": 0,
        "log_found": True,
        "outcome": "succeeded",
        "feed": "hr-feed",
    }


def test_no_jobs_are_an_empty_table_with_all_its_columns() -> None:
    assert dict(jobs(as_of=at(1)).schema) == SCHEMA


def test_times_are_what_was_observed_and_of_what_was_there_before_only_that() -> None:
    observations = (
        seen("a", "Submitted", at(1), None),
        seen("a", "Processing", at(2), at(1)),
        seen("a", "Queued", at(3), at(2)),
        seen("a", "Error", at(4), at(3)),
        seen("b", "Error", at(1), None),
    )
    table = jobs(listed("a", "Error"), listed("b", "Error"), listed("c", "Error"), observations=observations)
    columns = table.select("first_seen", "last_changed", "started", "finished").rows()
    assert columns == [(at(1), at(4), at(2), at(4)), (at(1), at(1), None, None), (None, None, None, None)]


def test_the_logs_name_tells_the_end_better_than_a_pull() -> None:
    observations = (seen("a", "Error", at(4), at(3)),)
    assert jobs(listed("a", "Error", log_time=at(3, 2)), observations=observations)["finished"].to_list() == [at(3, 2)]


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [(at(2), "running"), (at(2, 1), "stuck"), (None, "running")],
    ids=["24 hours", "more than 24 hours", "the time is unknown"],
)
def test_a_job_is_stuck_that_was_watched_for_more_than_a_day(as_of: datetime | None, expected: str) -> None:
    for state in RUNNING:
        table = jobs(listed("a", state), observations=(seen("a", state, at(1)),), as_of=as_of)
        assert table.select("outcome", "not_updated").rows() == [(expected, None)]


def test_a_job_that_ended_is_never_stuck() -> None:
    table = jobs(listed("a", "Succeeded"), observations=(seen("a", "Succeeded", at(1)),), as_of=at(20))
    assert table["outcome"].to_list() == ["succeeded"]


OVERTAKEN = {
    "a later run has ended": ("hr-feed-2026-11-02.json", "Succeeded", "stuck"),
    "a later run has failed": ("hr-feed-2026-11-02.json", "Error", "stuck"),
    "a later run is running": ("hr-feed-2026-11-02.json", "Processing", "running"),
    "an earlier run has ended": ("hr-feed-2026-10-31.json", "Succeeded", "running"),
    "a run of the same day has ended": ("hr-feed-2026-11-01.json", "Succeeded", "running"),
    "a run of another feed has ended": ("badges-feed-2026-11-02.json", "Succeeded", "running"),
    "a run of no known day has ended": ("hr-feed.json", "Succeeded", "running"),
    "a retry of a later run has ended": (f"hr-feed-2026-11-02-{GUID}-retry.json", "Succeeded", "running"),
}


@pytest.mark.parametrize(("name", "state", "expected"), OVERTAKEN.values(), ids=OVERTAKEN.keys())
def test_a_job_is_stuck_that_a_later_run_of_its_feed_has_overtaken(name: str, state: str, expected: str) -> None:
    table = jobs(
        listed("a", "Processing", source_uri=f"{FOLDER}hr-feed-2026-11-01.json"),
        listed("b", state, source_uri=FOLDER + name),
    )
    assert table["outcome"].to_list()[0] == expected


def test_a_job_without_a_source_is_of_no_feed() -> None:
    table = jobs(listed("a", "Processing", source_uri=None), listed("b", "Succeeded", source_uri=None), as_of=at(1))
    assert table["outcome"].to_list() == ["running", "succeeded"]


def test_outcomes_are_the_contracts() -> None:
    assert [outcome.value for outcome in Outcome] == ["succeeded", "partial", "aborted", "unknown", "running", "stuck"]


def test_a_job_that_the_tenant_forgets_did_not_end_on_that_day() -> None:
    observations = (seen("a", "Succeeded", at(2)), seen("a", "Succeeded", at(20), at(19)))
    row = jobs(listed("a", "Succeeded"), observations=observations).row(0, named=True)
    assert (row["finished"], row["first_seen"], row["last_changed"]) == (None, at(2), at(20))


def test_a_job_ended_when_a_pull_first_saw_its_end() -> None:
    observations = (seen("a", "Queued", at(2)), seen("a", "Error", at(3), at(2)), seen("a", "Error", at(20), at(19)))
    assert jobs(listed("a", "Error"), observations=observations)["finished"].item() == at(3)


@pytest.mark.parametrize("state", ["Submitted", "Processing", "Queued"])
def test_a_job_that_runs_has_not_finished_though_it_has_a_log(state: str) -> None:
    row = jobs(listed("a", state, log_time=at(2))).row(0, named=True)
    assert (row["outcome"], row["finished"]) == ("running", None)
