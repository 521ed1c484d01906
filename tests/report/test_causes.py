"""Codes counted, explained, and ordered by how many users they affect."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analyzer.catalogue import explain
from analyzer.config.read import CodeConfig, catalogue_of
from analyzer.model.service import JobError
from analyzer.report.causes import Steps, properties_of
from analyzer.report.causes import causes_of as causes_with_steps
from analyzer.report.job_model import Cause, ToDo
from analyzer.report.model import Grid
from analyzer.report.sentences import clause, reason
from analyzer.report.view import Run, View

if TYPE_CHECKING:
    from pathlib import Path

    from tests.report.conftest import Lines, LittleLibrary

PARTIAL, ABORTED = JobError.ImportCompleteWithError, JobError.InvalidDataFile
NOT_JSON = "DataFileNotJson\t\tBad JSON escape sequence: \\V. Path 'value[2].City', line 1, position 9.\r\n"


def causes_of(view: View, run: Run) -> tuple[Cause, ...]:
    facts = view.facts_of(run)
    return causes_with_steps(view, run, facts, Steps(view, facts, has_file=False))


def test_a_cause_is_the_catalogues_explanation_with_counts_and_steps(little: LittleLibrary, lines: type[Lines]) -> None:
    log = lines.unresolved("a@contoso.com", "A@contoso.com", "b@contoso.com")
    view, run = little.run(little.job("hr-2026-11-23", PARTIAL, log))
    known = explain("IdentityNotResolvable")
    assert causes_of(view, run) == (
        Cause(
            code="IdentityNotResolvable",
            title="The user is not known to SharePoint",
            counted="2 users, 3 entries",
            meaning=known.meaning,
            causes=known.causes,
            who="Feed owner",
            retry="Importing the same records unchanged can help.",
            known_from=known.known_from,
            steps=(ToDo("Look up each ID in Entra ID; correct it in the feed, or remove it.", "", "", ""),),
        ),
    )


def test_an_unknown_code_is_kept_and_called_unknown(little: LittleLibrary) -> None:
    view, run = little.run(little.job("hr-2026-11-23", PARTIAL, "Weird\t\twhat?\r\n"))
    (cause,) = causes_of(view, run)
    assert (cause.code, cause.title, cause.counted) == (
        "Weird",
        "The log has an unknown code",
        "1 entry, no user named",
    )
    assert cause.retry == "Whether importing the same records unchanged helps is unknown."
    assert reason(view, run) == "the log says Weird, an unknown code"


def test_the_code_that_names_most_users_is_the_worst(little: LittleLibrary, lines: type[Lines]) -> None:
    log = (
        "Odd\t\t?\r\n" * 5
        + lines.unresolved("a@contoso.com")
        + "Weird\ta@contoso.com\t?\r\nWeird\tb@contoso.com\t?\r\n"
    )
    view, run = little.run(little.job("hr-2026-11-23", PARTIAL, log))
    assert view.log_of(run).ranked_codes(run.outcome) == [
        ("Weird", 2, 2),
        ("IdentityNotResolvable", 1, 1),
        ("Odd", 5, 0),
    ]


def test_what_aborted_an_import_is_worse_than_what_names_more_users(little: LittleLibrary, lines: type[Lines]) -> None:
    log = lines.unresolved("a@contoso.com", "b@contoso.com") + NOT_JSON
    view, run = little.run(little.job("hr-2026-11-23", ABORTED, log))
    assert [code for code, *_ in view.log_of(run).ranked_codes(run.outcome)] == [
        "DataFileNotJson",
        "IdentityNotResolvable",
    ]


def _generic(user: str, message: str) -> str:
    return f"GenericError\t{user}\tSystem.Data.SqlClient.SqlException (0x80131904): {message}\r\n   at System.X()\r\n"


DEADLOCK = "Etwas\r\n   at System.Y()\r\nError Number:1205,State:51,Class:13"


def test_messages_of_a_code_are_grouped_by_pattern_the_worst_first(little: LittleLibrary) -> None:
    log = (
        _generic("a@contoso.com", "Timeout expired.") * 3
        + _generic("a@contoso.com", DEADLOCK)
        + _generic("b@contoso.com", DEADLOCK)
        + _generic("", "Something new")
    )
    view, run = little.run(little.job("hr-2026-11-23", PARTIAL, log))
    (cause,) = causes_of(view, run)
    assert (cause.code, cause.counted, cause.meaning) == (
        "GenericError",
        "2 users, 6 entries",
        explain("GenericError").meaning,
    )
    assert (cause.causes, cause.who, cause.retry, cause.known_from) == ((), "", "", "")
    assert [(one.code, one.title, one.counted) for one in cause.patterns] == [
        ("GenericError/deadlock", "Two writers blocked each other in the profile store", "2 users"),
        ("GenericError/time-out", "The profile store took too long", "1 user, 3 entries"),
        ("GenericError", "Other messages", "1 entry, no user named"),
    ]
    assert cause.patterns[0].retry == "Importing the same records unchanged can help."
    assert (cause.steps, [bool(one.steps) for one in cause.patterns]) == ((), [True, True, True])
    assert cause.patterns[2].retry == "Whether importing the same records unchanged helps is unknown."
    assert reason(view, run) == "the profile store failed"


def test_where_no_message_matches_a_pattern_the_code_is_explained_alone(little: LittleLibrary) -> None:
    view, run = little.run(little.job("hr-2026-11-23", PARTIAL, _generic("a@contoso.com", "Something new")))
    (cause,) = causes_of(view, run)
    assert (cause.patterns, cause.meaning) == ((), explain("GenericError").meaning)


def test_where_all_messages_are_of_one_pattern_it_is_the_cause_and_the_reason(little: LittleLibrary) -> None:
    log = _generic("a@contoso.com", DEADLOCK) * 2
    view, run = little.run(little.job("hr-2026-11-23", PARTIAL, log))
    (cause,) = causes_of(view, run)
    assert (cause.code, cause.patterns) == ("GenericError/deadlock", ())
    assert reason(view, run) == "two writers blocked each other in the profile store"


def test_patterns_of_one_job_are_not_those_of_another(little: LittleLibrary) -> None:
    little.job("hr-2026-11-16", PARTIAL, _generic("a@contoso.com", DEADLOCK))
    view, run = little.run(little.job("hr-2026-11-23", PARTIAL, _generic("a@contoso.com", "Timeout expired.")))
    assert [one.code for one in causes_of(view, run)] == ["GenericError/time-out"]


def test_codes_and_patterns_of_the_configuration_are_explained(little: LittleLibrary, tmp_path: Path) -> None:
    own = {
        "Weird": CodeConfig(title="it was full moon", retry_helps=True),
        "GenericError/payroll": CodeConfig(title="payroll was at work", message="payroll"),
        "InternalError/moved": CodeConfig(title="the service was moved", message="moved to"),
    }
    log = "Weird\ta@contoso.com\tx\r\n" + _generic("b@contoso.com", "Locked by Payroll")
    little.job("hr-2026-11-16", JobError.InternalError, message="Moved to another farm.")
    little.job("hr-2026-11-23", PARTIAL, log)
    view = View.of(replace(little.request(tmp_path), catalogue=catalogue_of(own, "upa-analyzer.toml")), "1.0")
    moved, run = view.runs
    generic, weird = causes_of(view, run)
    assert (weird.code, weird.title, weird.known_from) == ("Weird", "It was full moon", "your configuration")
    assert weird.retry == "Importing the same records unchanged can help."
    assert (generic.code, generic.title) == ("GenericError/payroll", "Payroll was at work")
    assert clause(view, run, "Weird") == "it was full moon"
    (error,) = causes_of(view, moved)
    assert error.title == "The service was moved"
    assert reason(view, moved) == "the service was moved (InternalError)"


def test_properties_that_are_not_mapped_are_named_a_few_at_most(little: LittleLibrary, lines: type[Lines]) -> None:
    two = lines.unmapped(["a@contoso.com", "b@contoso.com"], "Floor") + lines.unmapped(["a@contoso.com"], "Wing")
    view, run = little.run(little.job("badges-2026-11-16", ABORTED, two))
    assert reason(view, run) == "the properties Floor and Wing are not mapped"
    view, run = little.run(little.job("badges-2026-11-23", ABORTED, lines.unmapped(["a@contoso.com"], *"ABCDE")))
    assert reason(view, run) == "the properties A, B, C and 2 more are not mapped"


def test_a_message_without_a_property_leaves_the_general_words(little: LittleLibrary) -> None:
    view, run = little.run(little.job("badges-2026-11-23", ABORTED, "InvalidProperty\ta@contoso.com\tOh no\r\n"))
    assert reason(view, run) == "a property is not mapped"


def test_failures_by_property_are_counted(little: LittleLibrary, lines: type[Lines]) -> None:
    log = lines.unmapped(["a@contoso.com", "b@contoso.com"], "Floor") + lines.unmapped(["a@contoso.com"], "Wing")
    view, run = little.run(little.job("badges-2026-11-23", ABORTED, log))
    assert properties_of(view.log_of(run)) == Grid(
        ("Property", "Code", "Entries", "Users"),
        (("Floor", "InvalidProperty", "2", "2"), ("Wing", "InvalidProperty", "1", "1")),
    )


def test_a_log_that_names_no_property_has_no_such_table(little: LittleLibrary, lines: type[Lines]) -> None:
    view, run = little.run(little.job("hr-2026-11-23", PARTIAL, lines.unresolved("a@contoso.com")))
    assert properties_of(view.log_of(run)) is None


def test_a_property_that_is_not_mapped_is_named_by_the_cause_instead_of_a_table(
    little: LittleLibrary, lines: type[Lines]
) -> None:
    view, run = little.run(little.job("hr-2026-11-23", ABORTED, lines.unmapped(["a@contoso.com"], "Floor")))
    assert properties_of(view.log_of(run)) is None
    assert causes_of(view, run)[0].title == "The property Floor is not mapped"


def test_the_services_own_error_is_the_cause_of_a_job_without_a_log(little: LittleLibrary) -> None:
    view, run = little.run(little.job("hr-2026-11-16", JobError.DataFileTooBig, message="Too big."))
    (cause,) = causes_of(view, run)
    assert (cause.code, cause.title, cause.counted) == ("DataFileTooBig", "The source file is too big", "")
    assert (cause.message, cause.who) == ("Too big.", "Feed owner")
    assert cause.steps[0].text == "Split the file, and queue the parts one after the other."
    assert causes_of(*little.run(little.job("hr-2026-11-23"))) == ()


def test_steps_of_a_pattern_belong_to_the_pattern_and_each_step_is_there_once(little: LittleLibrary) -> None:
    log = _generic("a@contoso.com", "Timeout expired.") + _generic("b@contoso.com", DEADLOCK)
    view, run = little.run(little.job("hr-2026-11-23", PARTIAL, log))
    (cause,) = causes_of(view, run)
    texts = [step.text for one in (cause, *cause.patterns) for step in one.steps]
    assert len(texts) == len(set(texts)) > 0
    assert [bool(one.steps) for one in cause.patterns] == [True, True]
