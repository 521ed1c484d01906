"""Retries where the IDs are what failed: missing, repeated, or not of the kind that the job was queued for."""

from __future__ import annotations

import csv
import dataclasses
import json
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import InputError
from analyzer.retry.make import RetryResult, make_retry
from analyzer.retry.model import Reason, RetryOptions
from tests.analysis.frames import GUID, entry, named
from tests.retry.test_make import inputs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.conftest import Ran

JOB = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
GUIDS = ["29c15105-5322-5cf7-9131-69b2b9b9279f", "f3672745-2626-57c5-aeb6-f4876c135ba0"]
TWICE = (
    "System.Data.SqlClient.SqlException (0x80131904): Input data contains multiple instances of the same single-value"
)
TWICE += " property for RecordId [2923275]"
NAMES = ["ada@contoso.com", "bob@contoso.com", "cleo@contoso.com"]
Row = dict[str, object]


def made(
    folder: Path, records: Sequence[Row], entries: Sequence[Row], outcome: str = "partial", **options: object
) -> RetryResult:
    source = folder / "feed.json"
    source.write_text(json.dumps({"value": records}), encoding="utf-8-sig")
    guids = any(value in GUIDS for record in records for value in record.values())
    ready = inputs(source, named(*entries, guid_jobs=(JOB,) if guids else ()), outcome)
    return make_retry(dataclasses.replace(ready, **options), folder / "feed-retry.json")  # type: ignore[arg-type]


def written(folder: Path) -> list[Row]:
    path = folder / "feed-retry.json"
    return list(json.loads(path.read_text("utf-8-sig"))["value"]) if path.exists() else []


def listed(folder: Path) -> list[tuple[str, str]]:
    text = (folder / "feed-retry.unmatched.csv").read_text("utf-8-sig")
    return [(row["reason"], row["records"]) for row in csv.DictReader(text.splitlines())]


def people(*identities: object) -> list[Row]:
    return [{"IdName": identity, "City": "Oslo"} for identity in identities]


def failed(*identities: str | None, code: str = "IdentityNotResolvable") -> list[Row]:
    return [entry(JOB, code, identity) for identity in identities]


ADA, BOB, CLEO = NAMES
NO_ID = Reason.not_importable.value
WITHOUT: dict[str, tuple[list[Row], list[Row], list[str], list[str], bool]] = {
    "empty texts": (people(ADA, "", BOB, ""), failed(None, None, BOB), [BOB], ["2", "4"], True),
    "nulls": (people(ADA, None, BOB), failed(None, BOB), [BOB], ["2"], True),
    "blanks": (people(ADA, " \t", BOB), failed(None, BOB), [BOB], ["2"], True),
    "no such property": ([*people(ADA, BOB), {"City": "Oslo"}], failed(BOB, None), [BOB], ["3"], True),
    "another code": (people(ADA, "", BOB), [*failed(BOB), *failed(None, code="GenericError")], [BOB], ["2"], True),
    "MissingIdentity in a partial import": (
        people(ADA, "", BOB),
        [*failed(BOB), *failed(None, code="MissingIdentity")],
        [BOB],
        ["2"],
        True,
    ),
    "a code that is not about IDs": (
        people(ADA, "", BOB),
        [*failed(BOB), *failed(None, code="InvalidProperty")],
        [BOB],
        ["2"],
        False,
    ),
    "fewer records than entries": (people(ADA, "", BOB), failed(None, None, BOB), [BOB], ["2"], False),
    "more records than entries": (people("", ADA, "", BOB), failed(None, BOB), [BOB], ["1", "3"], False),
    "nobody else failed": (people(ADA, "", BOB), failed(None), [], ["2"], True),
}


@pytest.mark.parametrize("case", WITHOUT.values(), ids=WITHOUT.keys())
def test_records_without_an_id_explain_as_many_entries_without_one(
    tmp_path: Path, case: tuple[list[Row], list[Row], list[str], list[str], bool]
) -> None:
    records, entries, identities, places, complete = case
    result = made(tmp_path, records, entries)
    assert [record["IdName"] for record in written(tmp_path)] == identities
    assert listed(tmp_path) == [(NO_ID, place) for place in places]
    assert result.complete is complete
    assert "no ID" in result.sentence


def test_records_without_an_id_are_named_and_what_to_do_with_them(tmp_path: Path) -> None:
    result = made(tmp_path, people(ADA, "", "", BOB), failed(None, None, BOB))
    assert result.sentence == (
        "1 user (named in the log; everyone else was updated)."
        " Records 2 and 3 have no ID: give them one in the feed, or remove them."
    )


def test_of_many_records_without_an_id_a_few_are_named(tmp_path: Path) -> None:
    result = made(tmp_path, people(ADA, *[""] * 8), failed(ADA, *[None] * 8))
    assert "Records 2, 3, 4, 5, 6 and 3 more have no ID" in result.sentence


def test_where_no_record_lacks_an_id_nameless_entries_stay_unexplained(tmp_path: Path) -> None:
    result = made(tmp_path, people(ADA, BOB), failed(None, BOB))
    assert result.retry is not None
    assert (result.retry.without_user, result.complete) == (1, False)


MISSING: dict[str, tuple[list[Row], int, str, bool, int]] = {
    "another spelling": (people(*NAMES), 3, "(such as idName)", True, 0),
    "an entry for the file": (people(*NAMES), 1, "(such as idName)", True, 0),
    "a lower case name": ([{"mail": name} for name in NAMES], 3, "(such as Mail)", True, 0),
    "an object ID from Graph": (
        [{"City": "Oslo", "Id": GUIDS[0]}, {"City": "Bergen", "Id": GUIDS[1]}],
        2,
        "set the ID property to Id and the ID type to CloudId",
        True,
        0,
    ),
    "null in every record": (
        [{"idName": None, "DisplayName": f"User {number}"} for number in range(3)],
        3,
        "ave the feed write idName: it is empty in every record",
        False,
        3,
    ),
    "null in every record beside an object ID": (
        [{"userPrincipalName": None, "Id": guid} for guid in GUIDS],
        2,
        "ave the feed write userPrincipalName",
        False,
        2,
    ),
    "another property that is null": ([{**one, "Phone": None} for one in people(*NAMES)], 3, "IdName", True, 0),
    "dropped": ([{"City": "Oslo"}, {"City": "Bergen"}], 2, "no property of its records looks like one", False, 0),
    "some records have it": (people(ADA, "", BOB), 1, "give each record an ID", False, 1),
}


@pytest.mark.parametrize("case", MISSING.values(), ids=MISSING.keys())
def test_where_the_service_missed_every_id_the_condition_names_what_the_records_have(
    tmp_path: Path, case: tuple[list[Row], int, str, bool, int]
) -> None:
    records, entries, words, complete, unmatched = case
    result = made(tmp_path, records, failed(*[None] * entries, code="MissingIdentity"), "aborted")
    assert words in result.sentence
    assert written(tmp_path) == records
    assert result.complete is complete
    assert listed(tmp_path) == [
        (Reason.without_id.value, str(place))
        for place, record in enumerate(records, start=1)
        if unmatched and not (record.get("IdName") or (record.get("Id") and "userPrincipalName" not in record))
    ]


def test_a_named_id_property_that_every_record_has_was_queued_with_another_name(tmp_path: Path) -> None:
    entries = failed(None, None, None, code="MissingIdentity")
    result = made(tmp_path, people(*NAMES), entries, "aborted", id_property="IdName")
    assert "set the ID property to IdName" in result.sentence
    assert result.complete


def test_an_unmapped_property_and_a_wrong_name_of_the_ids_are_both_conditions(tmp_path: Path) -> None:
    entries = [*failed(None, None, code="MissingIdentity"), entry(JOB, "InvalidProperty", property="Floor")]
    result = made(tmp_path, people(ADA, BOB), entries, "aborted")
    assert (
        "Before you queue this file, map Floor or remove it from the feed, and set the ID property to IdName"
        in result.sentence
    )


SAME = people(ADA, BOB, "Ada@contoso.com")
DUPLICATES: dict[str, tuple[list[Row], list[Row], list[object], str]] = {
    "names, and nobody else": (SAME, [entry(JOB, "GenericError", GUID, message=TWICE)], [], "1, 3"),
    "object IDs, and nobody else": (
        people(GUIDS[0], GUIDS[1], GUIDS[0]),
        [entry(JOB, "GenericError", GUID, message=TWICE)],
        [],
        "1, 3",
    ),
    "names and another user": (
        [*SAME, *people(CLEO)],
        [entry(JOB, "GenericError", GUID, message=TWICE), *failed(CLEO)],
        [CLEO],
        "1, 3",
    ),
    "object IDs and another user": (
        people(GUIDS[0], GUIDS[1], GUIDS[0]),
        [entry(JOB, "GenericError", GUID, message=TWICE), *failed(GUIDS[1])],
        [GUIDS[1]],
        "1, 3",
    ),
    "without a Guid": (SAME, [entry(JOB, "GenericError", message=TWICE)], [], "1, 3"),
    "the message in the lines below": (
        SAME,
        [entry(JOB, "GenericError", GUID, message="Unexpected exception", detail=f"  at {TWICE}")],
        [],
        "1, 3",
    ),
    "the user's own ID": (SAME, [entry(JOB, "GenericError", ADA, message=TWICE)], [], "1, 3"),
}


@pytest.mark.parametrize(("records", "entries", "identities", "places"), DUPLICATES.values(), ids=DUPLICATES.keys())
def test_users_with_several_records_are_listed_if_an_entry_reports_duplicates(
    tmp_path: Path, records: list[Row], entries: list[Row], identities: list[object], places: str
) -> None:
    result = made(tmp_path, records, entries)
    assert [record["IdName"] for record in written(tmp_path)] == identities
    assert listed(tmp_path) == [(Reason.duplicate.value, places)]
    assert not result.complete
    assert "Records 1 and 3 have the same ID (" in result.sentence
    assert "keep one in the feed" in result.sentence


def test_identical_records_are_listed_as_such_and_repair_writes_one_of_them(tmp_path: Path) -> None:
    entries = [entry(JOB, "GenericError", GUID, message=TWICE)]
    records = people(ADA, BOB, ADA)
    assert "(ada@contoso.com) and are identical: keep one" in made(tmp_path, records, entries).sentence
    repaired = made(tmp_path, records, entries, options=RetryOptions(repair=True))
    assert written(tmp_path) == people(ADA)
    assert repaired.complete


def test_more_entries_than_records_leave_some_unexplained(tmp_path: Path) -> None:
    entries = [entry(JOB, "GenericError", f"{number}{GUID[1:]}", message=TWICE) for number in range(5)]
    result = made(tmp_path, SAME, entries)
    assert result.retry is not None
    assert result.retry.without_user == 5 - 2


def test_where_no_id_is_in_two_records_two_ids_may_be_one_user(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no two records have the same ID") as refused:
        made(tmp_path, people(ADA, BOB), [entry(JOB, "GenericError", GUID, message=TWICE)])
    assert "queue with the ID type CloudId" in refused.value.advice
    assert "whole source file" not in refused.value.advice


ALL: dict[str, tuple[list[Row], list[Row], str]] = {
    "object IDs": (
        people(*GUIDS),
        failed(*GUIDS),
        "all 2 users failed, and the IDs are object IDs, so queue with the ID type CloudId",
    ),
    "names": (people(*NAMES), failed(*NAMES), "so queue with the ID type PrincipalName if the job used another one"),
    "logins": (people("CONTOSO\\ada", "CONTOSO\\bob"), failed("CONTOSO\\ada", "CONTOSO\\bob"), "no ID type takes"),
    "beside a record without an ID": (people(*GUIDS, ""), failed(*GUIDS, None), "so queue with the ID type CloudId"),
}


@pytest.mark.parametrize(("records", "entries", "words"), ALL.values(), ids=ALL.keys())
def test_where_all_users_are_unresolvable_the_id_type_is_the_condition(
    tmp_path: Path, records: list[Row], entries: list[Row], words: str
) -> None:
    result = made(tmp_path, records, entries)
    users = len([one for one in entries if one["identity"]])
    assert f"Before you queue this file, check the ID type: all {users} users failed" in result.sentence
    assert words in result.sentence
    assert "everyone else" not in result.sentence
    assert written(tmp_path) == [record for record in records if record["IdName"]]


NOT_ALL: dict[str, tuple[list[Row], list[Row]]] = {
    "one was updated": (people(*NAMES), failed(ADA, BOB)),
    "a single user": (people(ADA), failed(ADA)),
    "another code": (people(ADA, BOB), [*failed(ADA), *failed(BOB, code="GenericError")]),
    "an ID that the source lacks": (people(ADA, BOB), failed(ADA, CLEO)),
}


@pytest.mark.parametrize(("records", "entries"), NOT_ALL.values(), ids=NOT_ALL.keys())
def test_else_the_id_type_is_not_in_doubt(tmp_path: Path, records: list[Row], entries: list[Row]) -> None:
    assert "ID type" not in made(tmp_path, records, entries).sentence


SAID: dict[str, tuple[list[object], str, int, str]] = {
    "without an ID": (
        [ADA, "", BOB],
        "IdentityNotResolvable\t\tx\nIdentityNotResolvable\tbob@contoso.com\tx\n",
        0,
        "Record 2 has no ID",
    ),
    "the same ID": ([ADA, BOB, ADA], f"GenericError\t{GUID}\t{TWICE}\n", 1, "Records 1 and 3 have the same ID"),
    "null throughout": ([None] * 2, "MissingIdentity\t\tx\n" * 2, 1, "IdName: it is empty in every record"),
    "another name": ([ADA, BOB], "MissingIdentity\t\tx\n" * 2, 0, "set the ID property to IdName"),
}


@pytest.mark.parametrize(("ids", "log", "code", "words"), SAID.values(), ids=SAID.keys())
def test_the_command_says_it_with_the_exit_code_of_the_contract(  # noqa: PLR0913 - a table's columns
    upa: Callable[..., Ran], tmp_path: Path, *, ids: list[object], log: str, code: int, words: str
) -> None:
    (tmp_path / "feed.json").write_text(json.dumps({"value": people(*ids)}), encoding="utf-8-sig")
    (tmp_path / "feed.log").write_text(log, encoding="utf-8")
    ran = upa("retry", "--source", "feed.json", "--log", "feed.log", "--json")
    assert ran.code == code, ran.err
    assert words in ran.json["sentence"]
    assert ran.json["file"] == (None if "the same ID" in words else "feed-retry.json")
    assert (tmp_path / "feed-retry.unmatched.csv").exists()


def test_a_retry_warns_of_damaged_values_in_its_records_alone(upa: Callable[..., Ran], tmp_path: Path) -> None:
    records = people(*NAMES)
    records[1]["City"], records[2]["City"] = "KÃ¶ln", "System.Object[]"
    (tmp_path / "feed.json").write_text(json.dumps({"value": records}, ensure_ascii=False), encoding="utf-8")
    (tmp_path / "feed.log").write_text(f"IdentityNotResolvable\t{BOB}\tx\n", encoding="utf-8")
    ran = upa("retry", "--source", "feed.json", "--log", "feed.log", "--json")
    assert ran.code == 0
    assert [(one["kind"], one["property"], one["record"]) for one in ran.json["damage"]] == [
        ("no_mark", "City", 2),
        ("garbled", "City", 2),
    ]
    assert "Warning: garbled letters in City (1 record)" in ran.json["sentence"]
    assert "The retry file has the mark" in ran.json["sentence"]


def test_a_dropped_property_is_not_warned_of(upa: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "feed.json").write_text(json.dumps({"value": people(ADA)}).replace("Oslo", "@{a=b}"), encoding="utf-8")
    (tmp_path / "feed.log").write_text(f"GenericError\t{ADA}\tx\n", encoding="utf-8")
    arguments = ("retry", "--source", "feed.json", "--log", "feed.log", "--json")
    assert len(upa(*arguments).json["damage"]) == 1
    assert upa(*arguments, "--drop-property", "City").json["damage"] == []
