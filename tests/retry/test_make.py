"""A retry file for a job, or the reason why there is none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from analyzer.analysis.named_users import NamedUsers
from analyzer.errors import InputError, UsageError
from analyzer.model.job import Outcome
from analyzer.retry.inputs import RetryInputs
from analyzer.retry.make import file_name, make_retry
from tests.analysis.frames import GUID, entry, named
from tests.retry.small_source import ADA, BOB, EVE, JOB, write_source

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl


def inputs(
    source: Path | None,
    entries: pl.DataFrame,
    outcome: str = "partial",
    job_id: str | None = JOB,
    id_property: str = "",
) -> RetryInputs:
    named = NamedUsers.in_table(entries)
    return RetryInputs(source, "the tenant has deleted it", (), job_id, named, Outcome(outcome), id_property or None)


def ids(path: Path) -> list[str]:
    return [record["IdName"] for record in json.loads(path.read_text("utf-8-sig"))["value"]]


@pytest.mark.parametrize(
    ("source", "job_id", "expected"),
    [
        ("hr-feed.json", JOB, f"hr-feed-{JOB}-retry.json"),
        ("hr-feed.json", None, "hr-feed-retry.json"),
        ("hr.feed.txt", None, "hr.feed-retry.json"),
        ("hr-feed", None, "hr-feed-retry.json"),
    ],
)
def test_the_name_is_the_sources_and_the_jobs(source: str, job_id: str | None, expected: str) -> None:
    assert file_name(source, job_id) == expected


def test_a_partial_job_gives_the_users_that_its_log_names(tmp_path: Path) -> None:
    entries = named(entry(JOB, "IdentityNotResolvable", "BOB@contoso.com"))
    made = make_retry(inputs(write_source(tmp_path, ADA, BOB, EVE), entries), tmp_path / "x.json")
    assert made.retry is not None
    assert ids(made.retry.path) == ["bob@contoso.com"]
    assert made.sentence == "1 user (named in the log; everyone else was updated)."


def test_an_aborted_job_selects_all_records_with_a_condition(tmp_path: Path) -> None:
    entries = named(entry(JOB, "InvalidProperty", "ada@contoso.com", property="Floor"))
    made = make_retry(inputs(write_source(tmp_path, ADA, BOB), entries, "aborted"), tmp_path / "x.json")
    assert made.sentence == (
        "All 2 users (the import was aborted). Before you queue this file, map Floor or remove it from the feed."
    )


def test_the_sentence_names_an_inferred_id_property(tmp_path: Path) -> None:
    made = make_retry(inputs(write_source(tmp_path, ADA), named(), "unknown"), tmp_path / "x.json")
    assert made.id_property is not None
    assert made.sentence.endswith("Using IdName as the ID property (its values look like IDs).")


def test_the_users_word_on_the_id_property_wins(tmp_path: Path) -> None:
    entries = named(entry(JOB, "IdentityNotResolvable", "kiel"))
    made = make_retry(inputs(write_source(tmp_path, ADA, BOB), entries, id_property="City"), tmp_path / "x.json")
    assert made.retry is not None
    assert ids(made.retry.path) == ["Ada@contoso.com"]


def test_the_sentence_says_why_a_file_is_incomplete(tmp_path: Path) -> None:
    entries = named(
        entry(JOB, "IdentityNotResolvable", "ada@contoso.com"),
        entry(JOB, "IdentityNotResolvable", "x@contoso.com"),
        entry(JOB, "IdentityNotResolvable"),
    )
    made = make_retry(inputs(write_source(tmp_path, ADA), entries), tmp_path / "x.json")
    assert made.sentence.endswith(
        "Incomplete: 1 log entry doesn't identify a user and 1 ID isn't in the source file; see x.unmatched.csv."
    )


@pytest.mark.parametrize("outcome", ["succeeded", "running", "stuck"])
def test_where_there_is_nothing_to_retry_the_sentence_says_why_and_nothing_is_written(
    tmp_path: Path, outcome: str
) -> None:
    made = make_retry(inputs(None, named(), outcome), tmp_path / "x.json")
    assert made.retry is None
    assert made.sentence.startswith("Nothing to retry: ")
    assert list(tmp_path.iterdir()) == []


def test_a_bare_log_without_entries_is_nothing_to_retry(tmp_path: Path) -> None:
    source = write_source(tmp_path, ADA)
    assert make_retry(inputs(source, named(), job_id=None), tmp_path / "x.json").retry is None


LOG_OF_ADA = (entry(JOB, "IdentityNotResolvable", "ada@contoso.com"),)
REFUSED = {
    "no source": (None, LOG_OF_ADA, "there is no source file to take the records from: the tenant has deleted it"),
    "no entry names a user": ((ADA,), (entry(JOB, "E1"), entry(JOB, "E1")), "no entry of the log identifies a user"),
    "a partial job without entries": ((ADA,), (), "no entry of its log identifies one"),
    "no record matches": ((BOB,), LOG_OF_ADA, "no record has one of the log's IDs in 'IdName'"),
}


@pytest.mark.parametrize(("records", "entries", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_where_no_file_can_be_made_though_there_is_something_to_retry_it_is_an_error(
    tmp_path: Path, records: tuple[str, ...] | None, entries: tuple[dict[str, object], ...], words: str
) -> None:
    source = None if records is None else write_source(tmp_path, *records)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError) as raised:
        make_retry(inputs(source, named(*entries)), tmp_path / "x.json")
    assert words in raised.value.what
    assert raised.value.advice
    assert sorted(tmp_path.iterdir()) == before


def test_two_properties_with_different_users_are_not_guessed_between(tmp_path: Path) -> None:
    both = '{"IdName":"bob@contoso.com","Manager":"ada@contoso.com"}'
    with pytest.raises(UsageError, match="--id-property"):
        make_retry(inputs(write_source(tmp_path, ADA, both), named(*LOG_OF_ADA)), tmp_path / "x.json")


def test_a_record_that_the_log_says_lacks_an_id_and_that_is_not_found_makes_the_file_incomplete(tmp_path: Path) -> None:
    entries = named(entry(JOB, "MissingIdentity"))
    made = make_retry(
        inputs(write_source(tmp_path, ADA, BOB), entries, "aborted", id_property="IdName"), tmp_path / "x.json"
    )
    assert made.retry is not None
    assert (made.retry.without_user, made.retry.complete) == (1, False)
    assert "Incomplete: 1 log entry doesn't identify a user." in made.sentence


def test_a_guid_that_is_not_a_user_s_identifies_no_user(tmp_path: Path) -> None:
    entries = named(entry(JOB, "GenericError", GUID))
    with pytest.raises(InputError, match="no entry of the log identifies a user") as refused:
        make_retry(inputs(write_source(tmp_path, ADA, BOB), entries), tmp_path / "x.json")
    assert "mport the whole source file again" in refused.value.advice
    assert not (tmp_path / "x.json").exists()


def test_what_the_service_could_not_read_comes_first(tmp_path: Path) -> None:
    entries = named(entry(JOB, "DataFileNotJson", message="Unexpected character: [. Path 'value[0].City', line 1."))
    made = make_retry(inputs(write_source(tmp_path, ADA), entries, "aborted"), tmp_path / "x.json")
    assert (
        "Before you queue this file, correct what the service couldn't read (Unexpected character: [. Path"
        in made.sentence
    )
    assert "record 1 (IdName Ada@contoso.com), in City: " in made.sentence


def test_the_person_whose_record_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = write_source(tmp_path, ADA, r'{"IdName":"bob@contoso.com","City":"R\V"}', EVE)
    line = path.read_text(encoding="utf-8").splitlines()[2]
    message = f"Path 'value[1].City', line 3, position {line.index('V') + 1}."
    entries = named(entry(JOB, "DataFileNotJson", message=message))
    with pytest.raises(InputError, match=r"in record 2 \(IdName bob@contoso.com\)") as refused:
        make_retry(inputs(path, entries, "aborted"), tmp_path / "x.json")
    assert refused.value.advice.startswith("The service refused the file for the same reason.")
    with pytest.raises(InputError, match=r"in record 2 \(bob@contoso.com\)"):
        make_retry(inputs(path, entries, "aborted", id_property="IdName"), tmp_path / "x.json")


def test_only_a_log_that_names_all_proves_that_everyone_else_was_updated(tmp_path: Path) -> None:
    entries = named(entry(JOB, "IdentityNotResolvable", "bob@contoso.com"), entry(JOB, "GenericError", GUID))
    made = make_retry(inputs(write_source(tmp_path, ADA, BOB), entries), tmp_path / "x.json")
    assert made.sentence.startswith("1 user (named in the log). Incomplete: 1 log entry has a GUID")
