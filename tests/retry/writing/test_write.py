"""The retry file: exactly the wanted records, byte for byte, and all of its files or none."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.errors import InputError, OutputError
from analyzer.model.identity import identity_key
from analyzer.retry.model import IDENTICAL, Mismatch, Reason, RetryFiles, RetryRequest
from analyzer.retry.writing.write import write_retry
from tests.retry.small_source import (
    ADA,
    ALL_RECORDS,
    BOB,
    EVE,
    JOB,
    described,
    files,
    manifest_of,
    partial,
    request,
    write_source,
)

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.retry.model import Selection


def written(wanted: RetryRequest) -> RetryFiles:
    retry = write_retry(wanted)
    assert retry is not None
    return retry


def test_the_file_holds_the_wanted_records_byte_for_byte_in_the_sources_order(tmp_path: Path) -> None:
    source = write_source(tmp_path, ADA, BOB, EVE)
    retry = written(request(source, partial("EVE@contoso.com", "ada@contoso.com")))
    assert retry.path.read_bytes() == b'\xef\xbb\xbf{"value":[\n' + f"{ADA},\n{EVE}".encode() + b"\n]}\n"
    assert (retry.records, retry.users, retry.unmatched, retry.complete) == (2, 2, (), True)


def test_all_records_are_written(tmp_path: Path) -> None:
    retry = written(request(write_source(tmp_path, BOB, ADA), ALL_RECORDS))
    assert json.loads(retry.path.read_text("utf-8-sig")) == {"value": [json.loads(BOB), json.loads(ADA)]}
    assert (retry.records, retry.users, retry.complete) == (2, 2, True)


def test_tolerated_spellings_are_written_as_json_and_nothing_else_is_touched(tmp_path: Path) -> None:
    odd = """{IdName:'ada@contoso.com',/*x*/"City" : "\\u0041\t", "N":1.50,}"""
    retry = written(request(write_source(tmp_path, BOB, odd), partial("ada@contoso.com")))
    expected = r"""{"IdName":"ada@contoso.com","City" : "\u0041\t", "N":1.50}"""
    assert retry.path.read_bytes() == b'\xef\xbb\xbf{"value":[\n' + expected.encode() + b"\n]}\n"
    assert (retry.respelled, retry.complete) == (1, True)


def test_a_source_in_utf_16_gives_a_retry_file_in_utf_8(tmp_path: Path) -> None:
    source = tmp_path / "hr-feed.json"
    source.write_text(f'{{"value":[{EVE}]}}', encoding="utf-16")
    assert EVE.encode() in written(request(source, partial("eve@contoso.com"))).path.read_bytes()


GUID = "8a4b2c1d-0000-4000-8000-000000000001"


def leaving_out(*identities: str, doubtful: bool = False) -> Selection:
    """Everybody but these."""
    excluded = {identity.lower(): identity for identity in identities}
    return dataclasses.replace(ALL_RECORDS, excluded=excluded, doubtful=frozenset(excluded if doubtful else ()))


UNMATCHED = {
    "an id that the source lacks": (
        (ADA,),
        partial("ada@contoso.com", "gone@contoso.com"),
        (Mismatch("gone@contoso.com", Reason.not_in_source),),
    ),
    "a user of two records": (
        (ADA, BOB, ADA.upper().replace("IDNAME", "IdName")),
        partial("ada@contoso.com", "bob@contoso.com"),
        (Mismatch("Ada@contoso.com", Reason.duplicate, "1, 3", "they differ in City and CITY"),),
    ),
    "somebody else of two records": ((ADA, BOB, BOB), partial("ada@contoso.com"), ()),
    "another user with two records, which may explain an unidentified entry": (
        (ADA, BOB, BOB),
        partial("ada@contoso.com", without_user=1),
        (Mismatch("bob@contoso.com", Reason.possible_duplicate, "2, 3"),),
    ),
    "everybody, and one user of three records": (
        (BOB, ADA, BOB, BOB),
        ALL_RECORDS,
        (Mismatch("bob@contoso.com", Reason.duplicate, "1, 3, 4", IDENTICAL),),
    ),
    "a value that JSON cannot spell": (
        (ADA, '{"IdName":"bob@contoso.com","City":undefined,"N":NaN}'),
        ALL_RECORDS,
        (
            Mismatch(
                "bob@contoso.com",
                Reason.uncertain,
                "2",
                "undefined (a word that JSON does not have), NaN (a number that JSON does not have)",
            ),
        ),
    ),
    "a user to be left out whom the source lacks": (
        (ADA, BOB),
        leaving_out("Bob@contoso.com", "Gone@contoso.com"),
        (Mismatch("Gone@contoso.com", Reason.not_left_out),),
    ),
    "a Guid to be left out that is nobody's": (
        (ADA, BOB),
        leaving_out(GUID, doubtful=True),
        (Mismatch(GUID, Reason.doubtful_id),),
    ),
    "a record without an id": (
        (ADA, '{"City":"x"}', '{"IdName":""}'),
        ALL_RECORDS,
        (Mismatch("", Reason.without_id, "2"), Mismatch("", Reason.without_id, "3")),
    ),
    "a record without an id that nobody wants": ((ADA, '{"City":"x"}'), partial("ada@contoso.com"), ()),
    "half a surrogate pair": (
        (ADA, '{"IdName":"\\ud800"}', '{"IdName":"\\ud800"}'),
        ALL_RECORDS,
        (Mismatch("\ufffd", Reason.duplicate, "2, 3", IDENTICAL),),
    ),
}


@pytest.mark.parametrize(("records", "selection", "expected"), UNMATCHED.values(), ids=UNMATCHED.keys())
def test_what_the_file_cannot_hold_is_listed(
    tmp_path: Path, records: tuple[str, ...], selection: Selection, expected: tuple[Mismatch, ...]
) -> None:
    retry = written(request(write_source(tmp_path, *records), selection))
    assert retry.unmatched == expected
    assert retry.complete is (not expected)
    rows = retry.unmatched_file.read_text("utf-8-sig").splitlines()
    assert rows[0] == "identity,reason,records,detail"
    assert len(rows) == 1 + len(expected)


def test_the_list_of_what_did_not_match_holds_no_formula(tmp_path: Path) -> None:
    retry = written(request(write_source(tmp_path, ADA), partial("ada@contoso.com", "=1+1")))
    rows = list(csv.reader(retry.unmatched_file.read_text("utf-8-sig").splitlines()))
    assert rows == [["identity", "reason", "records", "detail"], ["'=1+1", Reason.not_in_source.value, "", ""]]


def test_entries_that_name_no_user_make_it_incomplete(tmp_path: Path) -> None:
    retry = written(request(write_source(tmp_path, ADA), partial("ada@contoso.com", without_user=2)))
    assert (retry.unmatched, retry.without_user, retry.complete) == ((), 2, False)


def test_the_manifest_describes_its_inputs(tmp_path: Path) -> None:
    source = write_source(tmp_path, ADA, BOB)
    log = tmp_path / "a.log"
    log.write_bytes(b"IdentityNotResolvable\tada@contoso.com\tx")
    wanted = request(source, partial("ada@contoso.com", "x@contoso.com", without_user=1), log)
    uri = "https://contoso.sharepoint.com/sites/hr/Shared%20Documents/hr-feed.json"
    error = "ImportCompleteWithError"
    retry = written(dataclasses.replace(wanted, given_id_property="mail", error=error, source_uri=uri))
    manifest = manifest_of(retry.path)
    program = manifest.pop("program")
    sentence = manifest.pop("sentence")
    assert str(program).startswith("upa-analyzer ")
    assert str(sentence).endswith(
        "Incomplete: 1 log entry doesn't identify a user and 1 ID isn't in the source file;"
        " see hr-feed-retry.unmatched.csv."
    )
    assert manifest == {
        "job_id": JOB,
        "outcome": "partial",
        "id_property": "IdName",
        "id_property_because": "you specified it",
        "id_type": "Email",
        "id_type_because": "the only ID is an address, which fits Email and PrincipalName",
        "properties": ["City"],
        "error": "ImportCompleteWithError",
        "first": "",
        "site": "https://contoso.sharepoint.com/sites/hr",
        "folder": "Shared Documents",
        "source": described(source),
        "logs": [described(log)],
        "choices": {
            "users": [],
            "id_property": "mail",
            "drop_properties": [],
            "salvage": False,
            "repair": False,
            "max_bytes": 2_000_000_000,
            "max_properties": 500_000,
            "force": False,
        },
        "files": [{**described(retry.path), "records": 1, "property_values": 1}],
        "companions": [described(retry.unmatched_file)],
        "records": 1,
        "users": 1,
        "property_values": 1,
        "respelled": 0,
        "repairs": 0,
        "corrected_ids": [],
        "unmatched": 1,
        "entries_naming_nobody": 1,
        "unfinished_logs": 0,
        "source_later": "",
        "left_to_later": 0,
        "before": [],
        "complete": False,
    }


def test_made_again_the_files_are_the_same(tmp_path: Path) -> None:
    wanted = request(write_source(tmp_path, ADA, BOB), partial("ada@contoso.com", "x"))
    written(wanted)
    first = files(wanted.target.parent)
    written(wanted)
    assert files(wanted.target.parent) == first
    assert sorted(first) == ["hr-feed-retry.json", "hr-feed-retry.manifest.json", "hr-feed-retry.unmatched.csv"]


def test_a_retry_of_a_retry_file_holds_the_same_records(tmp_path: Path) -> None:
    first = written(request(write_source(tmp_path, ADA, BOB, EVE), partial("ada@contoso.com", "eve@contoso.com")))
    again = written(request(first.path, ALL_RECORDS))
    assert again.path.read_bytes() == first.path.read_bytes()


@pytest.mark.parametrize("selection", [partial("x@contoso.com"), ALL_RECORDS])
def test_where_nothing_is_selected_nothing_is_written(tmp_path: Path, selection: Selection) -> None:
    records = (ADA,) if selection is not ALL_RECORDS else ()
    wanted = request(write_source(tmp_path, *records), selection)
    assert write_retry(wanted) is None
    assert files(wanted.target.parent) == {}


def test_a_source_that_breaks_off_leaves_no_files(tmp_path: Path) -> None:
    source = tmp_path / "hr-feed.json"
    source.write_text(f'{{"value":[{ADA},{{"IdName":"R\\V"}}]}}', encoding="utf-8")
    wanted = request(source, ALL_RECORDS)
    with pytest.raises(InputError, match="in record 2"):
        write_retry(wanted)
    assert files(wanted.target.parent) == {}


@pytest.mark.parametrize("name", ["hr-feed.json", "a.log"])
def test_what_a_retry_is_made_from_is_never_written_over(tmp_path: Path, name: str) -> None:
    source = write_source(tmp_path, ADA)
    log = tmp_path / "a.log"
    log.write_bytes(b"log")
    wanted = request(source, ALL_RECORDS, log)
    before = files(tmp_path)
    onto = RetryRequest(source, (log,), JOB, wanted.id_property, ALL_RECORDS, tmp_path / name)
    with pytest.raises(OutputError, match=f"{name} is the (source file|log) itself"):
        write_retry(onto)
    assert files(tmp_path) == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes with a place")
def test_a_pipe_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    wanted = request(write_source(tmp_path, ADA), ALL_RECORDS)
    wanted.target.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(wanted.target)
    with pytest.raises(OutputError, match="it isn't a file"):
        write_retry(wanted)
    assert wanted.target.is_fifo()


def test_a_folder_in_the_place_of_a_file_is_an_error_before_any_is_written(tmp_path: Path) -> None:
    wanted = request(write_source(tmp_path, ADA), ALL_RECORDS)
    (wanted.target.parent / "hr-feed-retry.manifest.json").mkdir(parents=True)
    with pytest.raises(OutputError, match="it is a folder"):
        write_retry(wanted)
    assert [path.name for path in wanted.target.parent.iterdir()] == ["hr-feed-retry.manifest.json"]


IDENTITY = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(IDENTITY, IDENTITY), max_size=8), st.sets(IDENTITY, max_size=5), st.data())
def test_of_any_source_exactly_the_wanted_records_are_written(
    tmp_path: Path, users: list[tuple[str, str]], strangers: set[str], draw: st.DataObject
) -> None:
    chosen = draw.draw(st.sets(st.sampled_from([user for user, _ in users]))) if users else set()
    # An id of blanks is nobody's.
    keys = {identity_key(identity) for identity in (*chosen, *strangers)} - {""}
    records = [
        json.dumps({"IdName": user, "City": city}, ensure_ascii=draw.draw(st.booleans())) for user, city in users
    ]
    number = Counter(identity_key(user) for user, _ in users)
    once = keys & {key for key, found in number.items() if found == 1}
    expected = [{"IdName": user, "City": city} for user, city in users if identity_key(user) in once]
    wanted = request(write_source(tmp_path, *records), partial(*sorted(chosen | strangers)))
    retry = write_retry(wanted)
    assert (retry is None) is (not expected and all(number[key] < 2 for key in keys))
    if retry is not None:
        assert bool(retry.paths) is bool(expected)
        assert not expected or json.loads(retry.path.read_text("utf-8-sig"))["value"] == expected
        assert (retry.records, retry.users) == (len(expected), len(expected))
        twice = {identity_key(one.identity) for one in retry.unmatched if one.reason is Reason.duplicate}
        assert twice == {key for key in keys if number[key] > 1}
