"""The page of a job: people, entries, bounds, and what it rests on."""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from analyzer.history.job_sources import JobSources, PerJob
from analyzer.history.log_parts import Limits
from analyzer.library.mirror import Library
from analyzer.model.service import JobError, State
from analyzer.report.details import facts_of, logs_of, observations_of, sharepoint_link
from analyzer.report.job_model import Entries, EntryRow, Fact, Person, Shared
from analyzer.report.job_page import job_page, located_in, nameless_shown, people_of
from analyzer.report.model import Grid, Note
from analyzer.report.sentences import minute_text, on_text, since_text, when_text
from analyzer.report.view import RetryLink
from analyzer.report.write import write_report
from tests.report.conftest import FOLDER

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.report.view import Run, View
    from tests.report.conftest import Lines, LittleLibrary

PARTIAL = JobError.ImportCompleteWithError


def test_a_jobs_page_parts_people_entries_without_a_user_and_text_that_is_no_entry(
    little: LittleLibrary, lines: type[Lines]
) -> None:
    log = "Saved by somebody\r\n" + lines.unresolved("a@contoso.com", "")
    view, run = little.run(
        little.job("hr-2026-11-23", PARTIAL, log, message="Oh no."), RetryLink(None, "There is no source file.")
    )
    page = job_page(view, run)
    assert [person.identity for person in page.people] == ["a@contoso.com"]
    assert [entry.place.rsplit(", ", 1)[1] for entry in page.nameless.rows] == ["line 3"]
    assert [(entry.code, entry.message) for entry in page.no_entry.rows] == [("", "Saved by somebody")]
    assert page.next is not None
    assert (page.next.note, page.next.button) == ("There is no source file.", None)
    assert ("SharePoint message", "Oh no.") in [(fact.label, fact.value) for fact in page.facts]
    assert page.frame.tenant == "contoso.sharepoint.com"


def test_a_jobs_page_without_a_log_has_neither_causes_nor_people(little: LittleLibrary) -> None:
    view, run = little.run(little.job("hr-2026-11-23"))
    page = job_page(view, run)
    assert (page.causes, page.people, page.nameless, page.no_entry) == ((), (), Entries((), ""), Entries((), ""))
    assert (page.next, page.properties, page.shared) == (None, None, ())


def test_what_failures_have_in_common_is_shown_if_the_source_file_was_read(
    little: LittleLibrary, lines: type[Lines]
) -> None:
    failed = [f"user{number}@fabrikam.com" for number in range(9)]
    job_id = little.job("hr-2026-11-23", PARTIAL, lines.unresolved(*failed))
    users = [*failed, *(f"user{number}@contoso.com" for number in range(60))]
    little.source("hr-2026-11-23", [{"IdName": user, "City": "Kiel"} for user in users])
    view, run = little.run(job_id)
    assert job_page(view, run).shared == ()
    findings = PerJob([job_id], JobSources(Library.existing(little.root), view.tables).findings)
    page = job_page(replace(view, findings=findings), run)
    assert page.shared[0] == Shared(
        "All 9 users who failed have the domain ",
        "fabrikam.com",
        " (13% of all users).",
        "Updated: 0 of 9 of them, and 60 of 60 of the others.",
    )
    assert "Look at the domain fabrikam.com" in page.causes[0].steps[0].text


def test_the_runs_of_a_feed_lead_to_each_other_and_the_newest_to_when_the_next_is_expected(
    little: LittleLibrary,
) -> None:
    names = [f"hr-2026-{day}" for day in ("10-19", "10-26", "11-02", "11-09", "11-16", "11-23")]
    ids = [little.job(name) for name in names]
    for name, job_id in zip(names, ids, strict=True):
        little.log(name, job_id, "")
    view = little.view()
    first, second, *_, last = [job_page(view, view.by_id[job_id]) for job_id in ids]
    assert (first.previous, second.previous) == (None, Note("19 Oct 2026", f"jobs/{ids[0]}.html"))
    assert first.following == Note("26 Oct 2026", f"jobs/{ids[1]}.html")
    assert (last.following, last.expected, first.expected) == (None, "30 Nov", "")
    assert last.feed == Note("hr", "index.html#feed=hr")


def test_damaged_values_are_warned_of_at_the_top(little: LittleLibrary) -> None:
    job_id = little.job("hr-2026-11-23")
    little.source("hr-2026-11-23", [{"IdName": "a@contoso.com", "City": "K\u00c3\u00b6ln"}] * 3)
    (warning, *_) = job_page(*little.run(job_id)).warnings
    assert warning.startswith("Warning: ")
    assert "City (3 records)" in warning


def test_a_person_has_all_entries_with_detail_file_and_line(little: LittleLibrary) -> None:
    log = "Odd\tAda@contoso.com\twhat?\r\n   at System.Data\r\n   at Import\r\nWeird\tada@contoso.com\thow?\r\n"
    job_id = little.job("hr-2026-11-23", PARTIAL, log)
    file = f"ImportProfileProperties-{job_id}-20261123-020000-000.log"
    assert people_of(*little.run(job_id)) == (
        (
            Person(
                identity="Ada@contoso.com",
                codes=("Odd", "Weird"),
                status="\u2013",
                since="",
                count=2,
                counted="2 entries",
                entries=Entries(
                    (
                        EntryRow(
                            "Odd", "Ada@contoso.com", "what?", "   at System.Data\n   at Import", f"{file}, line 1"
                        ),
                        EntryRow("Weird", "ada@contoso.com", "how?", "", f"{file}, line 4"),
                    ),
                    "",
                ),
            ),
        ),
        "",
    )


def test_new_people_come_first_each_group_by_id(little: LittleLibrary, lines: type[Lines]) -> None:
    little.job("hr-2026-11-16", PARTIAL, lines.unresolved("b@contoso.com", "d@contoso.com"))
    job_id = little.job("hr-2026-11-23", PARTIAL, lines.unresolved(*(f"{name}@contoso.com" for name in "dcba")))
    people, _ = people_of(*little.run(job_id))
    assert [(person.identity[0], person.status) for person in people] == [
        ("a", "New"),
        ("c", "New"),
        ("b", "Recurring"),
        ("d", "Recurring"),
    ]


def test_the_first_of_many_people_are_shown_and_the_rest_counted(little: LittleLibrary, lines: type[Lines]) -> None:
    log = lines.unresolved(*(f"user{number:04}@contoso.com" for number in range(1500)))
    people, note = people_of(*little.run(little.job("hr-2026-11-23", PARTIAL, log)))
    assert (len(people), people[-1].identity) == (1000, "user0999@contoso.com")
    assert note == "The first 1,000 of 1,500 people are shown."


def test_the_first_of_many_entries_of_one_person_are_shown(little: LittleLibrary, lines: type[Lines]) -> None:
    log = lines.unresolved(*["a@contoso.com"] * 25)
    ((person,), _) = people_of(*little.run(little.job("hr-2026-11-23", PARTIAL, log)))
    assert len(person.entries.rows) == Limits().of_user == 20
    assert person.entries.left_out == "The first 20 of 25 entries are shown."


def test_a_job_without_a_log_has_no_people(little: LittleLibrary) -> None:
    assert people_of(*little.run(little.job("hr-2026-11-23"))) == ((), "")


def test_entries_without_a_user_are_shown_a_few_hundred_at_most(little: LittleLibrary, lines: type[Lines]) -> None:
    view, run = little.run(little.job("hr-2026-11-23", PARTIAL, lines.unresolved(*[""] * 201)))
    shown, _ = nameless_shown(view, run)
    assert len(shown.rows) == Limits().entries == 200
    assert shown.rows[0].identity == ""
    assert shown.left_out == "The first 200 of 201 entries are shown."


EVIL = "<script>alert(1)</script>"
NOT_JSON = "DataFileNotJson\t\tBad JSON escape sequence: \\V. Path 'value[0].City', line 1, position {}.\r\n"


def job_not_json(little: LittleLibrary) -> str:
    """A job whose source file isn't valid JSON, and holds what would be a script."""
    text = f'{{"value":[{{"IdName":"{EVIL}@contoso.com","City":"{EVIL}R\\V"}}]}}'
    job_id = little.job("hr-2026-11-23", JobError.InvalidDataFile, NOT_JSON.format(text.index("\\") + 2))
    (little.root / f"{FOLDER[1:]}/hr-2026-11-23.json").write_text(text, encoding="utf-8")
    return job_id


def seen(little: LittleLibrary, job_id: str) -> tuple[View, Run]:
    view, run = little.run(job_id)
    found = PerJob([job_id], JobSources(Library.existing(little.root), view.tables).whereabouts)
    return dataclasses.replace(view, whereabouts=found), run


def test_the_place_of_a_fault_names_the_person(little: LittleLibrary) -> None:
    (sentence,) = located_in(*seen(little, job_not_json(little)))
    assert sentence.startswith(f"Record 1 (IdName {EVIL}@contoso.com), in City: a single backslash")
    assert sentence.endswith("Using IdName as the ID property (its values look like IDs).")


def test_text_of_a_source_file_is_escaped_in_the_page(little: LittleLibrary, tmp_path: Path) -> None:
    job_id = job_not_json(little)
    found = PerJob([job_id], JobSources(Library.existing(little.root), little.tables()).whereabouts)
    write_report(dataclasses.replace(little.request(tmp_path), whereabouts=found))
    html = (tmp_path / f"jobs/{job_id}.html").read_text(encoding="utf-8")
    (located,) = re.findall(r'<p class="located"><bdi>(.*?)</bdi></p>', html)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;@contoso.com" in located
    assert EVIL not in html


def test_an_entry_without_an_id_has_its_bounds(little: LittleLibrary, lines: type[Lines], tmp_path: Path) -> None:
    users = [f"user{number}@contoso.com" for number in (1, 3, 4, 6, 8)]
    log = lines.unresolved(*users[:2], "", *users[2:])
    job_id = little.job("hr-2026-11-23", JobError.ImportCompleteWithError, log, users=10)
    view, run = seen(little, job_id)
    entries, note = nameless_shown(view, run)
    assert [row.whereabouts for row in entries.rows] == [
        "between record 4 (user3@contoso.com) and record 5 (user4@contoso.com)"
    ]
    assert note.startswith("Their places are likely, not certain: all 5 entries")
    write_report(dataclasses.replace(little.request(tmp_path), whereabouts=view.whereabouts))
    html = (tmp_path / f"jobs/{job_id}.html").read_text(encoding="utf-8")
    assert f"In the source file <bdi>{entries.rows[0].whereabouts}</bdi>" in html
    assert "Their places are likely" in html


def test_unknown_places_are_left_out(little: LittleLibrary) -> None:
    job_id = little.job("hr-2026-11-23", JobError.ImportCompleteWithError, "Odd\t\t?\r\n")
    view, run = seen(little, job_id)
    entries, note = nameless_shown(view, run)
    assert ([row.whereabouts for row in entries.rows], note, located_in(view, run)) == ([""], "", ())
    assert json.dumps(located_in(*little.run(job_id))) == "[]"


def test_entries_that_records_without_an_id_explain_have_their_numbers(
    little: LittleLibrary, lines: type[Lines]
) -> None:
    job_id = little.job("hr-2026-11-23", JobError.ImportCompleteWithError, lines.unresolved("user1@contoso.com", ""))
    records = [{"IdName": f"user{number}@contoso.com", "City": "Kiel"} for number in range(8)]
    little.source("hr-2026-11-23", [*records, {"IdName": "", "City": "Kiel"}])
    view, run = seen(little, job_id)
    assert nameless_shown(view, run)[1] == "As many records of the source file have no ID (1 record)."
    findings = PerJob([job_id], JobSources(Library.existing(little.root), view.tables).findings)
    assert nameless_shown(dataclasses.replace(view, findings=findings), run)[1] == (
        "As many records of the source file have no ID (1 record: 9)."
    )


def facts(little: LittleLibrary, job_id: str) -> dict[str, tuple[str, str]]:
    view, run = little.run(job_id)
    return {fact.label: (fact.value, fact.note) for fact in facts_of(view, run, view.facts_of(run))}


def test_source_file_and_times_say_how_they_are_known(little: LittleLibrary, lines: type[Lines]) -> None:
    job_id = little.job("hr-2026-11-23", PARTIAL, lines.unresolved("a@contoso.com"), users=2)
    details = facts(little, job_id)
    assert details["Source file"] == (
        "https://contoso.sharepoint.com/sites/hr/Shared Documents/hr-2026-11-23.json",
        "",
    )
    assert details["Size"] == ("109 bytes", "")
    assert details["Users"] == ("2", "")
    assert details["Property values"] == ("2", "")
    assert details["Ran"] == ("23 Nov 2026, 02:00", "from the log's name")
    assert details["Finished"] == ("2026-11-23 02:00:00 UTC", "from the log's name")
    assert details["Started"] == ("unknown", "no pull saw it")
    assert details["Program"] == ("upa-analyzer 1.0", "")


def test_source_file_and_log_folder_lead_to_sharepoint(little: LittleLibrary) -> None:
    job_id = little.job("hr 2026")
    little.answers[0]["LogFolderUri"] = "https://fabrikam.sharepoint.com/sites/hr/logs"
    little.job("hr-2026-11-23")
    view, run = little.run(job_id)
    linked = {fact.label: fact.href for fact in facts_of(view, run, view.facts_of(run)) if fact.href}
    assert linked == {"Log folder": "https://fabrikam.sharepoint.com/sites/hr/logs"}  # the only log's tenant
    linked = {fact.label: fact.href for fact in facts_of(view, replace(run, tenant=TENANT), view.facts_of(run))}
    assert linked["Source file"] == f"https://{TENANT}/sites/hr/Shared%20Documents/hr%202026.json"
    assert linked["Log folder"] == ""


TENANT = "contoso.sharepoint.com"


@pytest.mark.parametrize(
    "uri",
    [
        "http://contoso.sharepoint.com/sites/hr/a.json",
        "https://contoso.sharepoint.com.example.com/sites/hr/a.json",
        "https://contoso.sharepoint.com@example.com/a.json",
        "https://example.com/contoso.sharepoint.com/a.json",
        "https://contoso.sharepoint.com:444/a.json",
        "javascript://contoso.sharepoint.com/%0Aalert(1)",
        "/sites/hr/a.json",
        "",
        None,
    ],
)
def test_an_address_that_is_no_https_address_of_the_tenant_is_no_link(uri: str | None) -> None:
    assert sharepoint_link(uri, TENANT) == ""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a b/\u00e4.json", "/a%20b/%C3%A4.json"),
        ("/a%20b/c.json?web=1#x", "/a%20b/c.json"),
        ('/"><script>', "/%22%3E%3Cscript%3E"),
        ("//example.com/a", "//example.com/a"),
    ],
)
def test_a_link_to_sharepoint_has_the_path_only(path: str, expected: str) -> None:
    assert sharepoint_link(f"https://Contoso.sharepoint.com{path}", TENANT) == f"https://{TENANT}{expected}"


def test_a_source_file_that_is_missing_says_why(little: LittleLibrary) -> None:
    details = facts(little, little.job("hr-2026-11-23", JobError.DataFileNotExist, users=None))
    for label in ("Size", "Users", "Property values"):
        assert details[label] == ("unknown", "the library has no copy of it")


def test_a_missing_log_is_a_fault_only_where_there_should_be_one(little: LittleLibrary) -> None:
    assert facts(little, little.job("hr-2026-11-16", PARTIAL))["Log folder"][1] == "no log was found"
    assert facts(little, little.job("hr-2026-11-23"))["Log folder"][1] == (
        "no log was found; there is none when all users are updated"
    )


def test_observations_are_listed_with_the_previous_pull(little: LittleLibrary) -> None:
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
        ("Seen at", "Previous pull", "SharePoint status", "Error"),
        (
            ("2026-11-23 02:00:00 UTC", "\u2013", "Processing", "NoError"),
            ("2026-11-23 03:00:00 UTC", "2026-11-23 02:00:00 UTC", "Succeeded", "NoError"),
        ),
    )
    assert Fact("Finished", "by 2026-11-23 03:00:00 UTC", "a pull saw that it had ended by then") in facts_of(
        view, run, view.facts_of(run)
    )


def test_a_start_that_a_pull_saw_is_a_bound(little: LittleLibrary) -> None:
    job_id = little.job("hr", state=State.Processing)
    times = {"observed_at": "2026-11-23T03:00:00Z", "previous_pull_at": "2026-11-23T02:00:00Z"}
    little.own("observations", [{"job_id": job_id, "state": State.Processing, "error": 0, **times}])
    assert facts(little, job_id)["Started"] == ("by 2026-11-23 03:00:00 UTC", "a pull saw that it had started by then")


def test_the_details_have_the_services_message(little: LittleLibrary) -> None:
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
    assert [row[2:] for row in grid.rows] == [("0", "completely")]


def test_a_job_without_log_or_pull_has_neither_table(little: LittleLibrary) -> None:
    view, run = little.run(little.job("hr-2026-11-23"))
    assert logs_of(view, run) is None
    assert observations_of(view, run) is None


def test_a_day_known_only_from_a_file_name_is_not_moved_to_another_zone(little: LittleLibrary) -> None:
    _, run = little.run(little.job("hr-2026-11-23"))
    assert when_text(run, ZoneInfo("America/Los_Angeles")) == "23 Nov 2026"


def test_a_time_is_shown_in_the_tenants_zone() -> None:
    time = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    assert minute_text(time, ZoneInfo("Europe/Berlin")) == "24 Nov 2026, 00:30"
    assert minute_text(time, None) == "23 Nov 2026, 23:30"
    assert minute_text(None, None) == "\u2013"
