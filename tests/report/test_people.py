"""The people of a log, and its entries as they are in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.analysis.failures import naming_nobody
from analyzer.model.service import JobError
from analyzer.report.people import ENTRIES_SHOWN, OF_ONE_PERSON, entries_shown, people_of
from analyzer.report.rows import Entries, EntryRow, Person

if TYPE_CHECKING:
    from tests.report.conftest import Lines, LittleLibrary

PARTIAL = JobError.ImportCompleteWithError


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


def test_new_people_come_first_and_the_order_of_the_log_is_kept(little: LittleLibrary, lines: type[Lines]) -> None:
    little.job("hr-2026-11-16", PARTIAL, lines.unresolved("b@contoso.com", "d@contoso.com"))
    job_id = little.job("hr-2026-11-23", PARTIAL, lines.unresolved(*(f"{name}@contoso.com" for name in "dcba")))
    people, _ = people_of(*little.run(job_id))
    assert [(person.identity[0], person.status) for person in people] == [
        ("c", "New"),
        ("a", "New"),
        ("d", "Recurring"),
        ("b", "Recurring"),
    ]


def test_of_very_many_people_the_first_are_shown_and_the_rest_is_said(
    little: LittleLibrary, lines: type[Lines]
) -> None:
    log = lines.unresolved(*(f"user{number}@contoso.com" for number in range(1500)))
    people, note = people_of(*little.run(little.job("hr-2026-11-23", PARTIAL, log)))
    assert (len(people), people[-1].identity) == (1000, "user999@contoso.com")
    assert note == "The first 1,000 of 1,500 people are shown."


def test_of_very_many_entries_of_one_person_the_first_are_shown(little: LittleLibrary, lines: type[Lines]) -> None:
    log = lines.unresolved(*["a@contoso.com"] * (OF_ONE_PERSON + 5))
    ((person,), _) = people_of(*little.run(little.job("hr-2026-11-23", PARTIAL, log)))
    assert len(person.entries.rows) == OF_ONE_PERSON
    assert person.entries.left_out == "The first 20 of 25 entries are shown."


def test_a_job_without_a_log_has_no_people(little: LittleLibrary) -> None:
    assert people_of(*little.run(little.job("hr-2026-11-23"))) == ((), "")


def test_entries_without_a_user_are_shown_a_few_hundred_at_most(little: LittleLibrary, lines: type[Lines]) -> None:
    view, run = little.run(little.job("hr-2026-11-23", PARTIAL, lines.unresolved(*[""] * (ENTRIES_SHOWN + 1))))
    shown = entries_shown(naming_nobody(view.entries_of(run)))
    assert len(shown.rows) == ENTRIES_SHOWN
    assert shown.rows[0].identity == ""
    assert shown.left_out == "The first 200 of 201 entries are shown."
