"""Outcome and entries to a selection."""

from __future__ import annotations

import pytest

from analyzer.analysis.named_users import NamedUsers
from analyzer.model.job import Outcome
from analyzer.retry.inputs import outcome_suggested_by
from tests.analysis.frames import GUID, entry, named
from tests.retry.selecting import select

ENTRIES = named(
    entry("a", "IdentityNotResolvable", "Ada@contoso.com"),
    entry("a", "IdentityNotResolvable", "ada@contoso.com"),
    entry("a", "GenericError", GUID),
    entry("a", "IdentityNotResolvable"),
    entry("a", None, message="text"),
)


def test_of_a_partial_job_the_named_users_are_selected() -> None:
    found = select(Outcome.partial, ENTRIES)
    assert dict(found.identities) == {"ada@contoso.com": "Ada@contoso.com", GUID: GUID}
    assert (found.all_records, found.without_user, found.empty) == (False, 1, False)


@pytest.mark.parametrize(("outcome", "because"), [("aborted", "was aborted"), ("unknown", "is unknown")])
def test_an_aborted_or_unknown_job_selects_all_records(outcome: str, because: str) -> None:
    found = select(Outcome(outcome), ENTRIES)
    assert (found.all_records, dict(found.identities), found.without_user, found.empty) == (True, {}, 0, False)
    assert because in found.because


@pytest.mark.parametrize(
    ("outcome", "because"), [("succeeded", "updated"), ("running", "hasn't ended"), ("stuck", "seems stuck")]
)
def test_of_other_jobs_no_user_is_selected(outcome: str, because: str) -> None:
    found = select(Outcome(outcome), ENTRIES)
    assert found.empty
    assert because in found.because


def test_of_a_partial_job_without_entries_no_user_is_selected() -> None:
    assert select(Outcome.partial, named()).empty


FIRST = {
    "an unmapped property": ([("InvalidProperty", "Floor")], "map Floor or remove it from the feed"),
    "several": (
        [("InvalidProperty", "Floor"), ("InvalidProperty", "Badge"), ("InvalidProperty", "Floor")],
        "map Floor and Badge or remove them from the feed",
    ),
    "a record without an id": (
        [("MissingIdentity", None)],
        "give each record an ID, or queue with the right name of the ID property",
    ),
    "a file that is no JSON": ([("DataFileNotJson", None)], "correct what the service couldn't read ()"),
    "no log": ([], ""),
}


@pytest.mark.parametrize(("codes", "first"), FIRST.values(), ids=FIRST.keys())
def test_what_has_to_be_done_before_an_aborted_job_is_retried(codes: list[tuple[str, str | None]], first: str) -> None:
    entries = named(*(entry("a", code, property=name) for code, name in codes))
    assert select(Outcome.aborted, entries).condition == first


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("DataFileNotJson", "aborted"),
        ("InvalidProperty", "aborted"),
        ("MissingIdentity", "aborted"),
        ("IdentityNotResolvable", "partial"),
        ("GenericError", "partial"),
        ("ProfileLocked", "partial"),
        (None, "partial"),
    ],
)
def test_a_log_alone_suggests_an_outcome(code: str | None, outcome: str) -> None:
    entries = named(entry("a", "IdentityNotResolvable", "x"), entry("a", code, message="InvalidProperty"))
    assert outcome_suggested_by(NamedUsers.in_table(entries)).value == outcome
