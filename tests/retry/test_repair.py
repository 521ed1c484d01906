"""What is corrected on request and listed, and what is read around a fault; never a guess."""

from __future__ import annotations

import csv
import dataclasses
import json
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.errors import InputError, OutputError
from analyzer.retry.model import Reason, RetryOptions
from analyzer.retry.writing.write import write_retry
from analyzer.source import same_values
from analyzer.source.reader.json_text import NotJsonError
from tests.retry.small_source import ADA, ALL_RECORDS, BOB, EVE, files, partial, request, write_source

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.retry.model import RetryFiles, RetryRequest, Selection

SLASHED = r'{"IdName":"vic@contoso.com","Office":"R\V","Path":"C:\\x"}'
UNESCAPED = '{"IdName":"kim@contoso.com","Office":"Room "K" 2"}'
REPAIR = RetryOptions(repair=True)
SALVAGE = RetryOptions(salvage=True)


def written(wanted: RetryRequest, options: RetryOptions = REPAIR) -> RetryFiles:
    retry = write_retry(dataclasses.replace(wanted, options=options))
    assert retry is not None
    return retry


def content(*records: str) -> bytes:
    return b'\xef\xbb\xbf{"value":[\n' + ",\n".join(records).encode() + b"\n]}\n"


def rows(path: Path | None) -> list[dict[str, str]]:
    assert path is not None
    return list(csv.DictReader(path.read_text("utf-8-sig").splitlines()))


def test_a_backslash_that_begins_no_escape_is_doubled_and_listed(tmp_path: Path) -> None:
    wanted = request(write_source(tmp_path, ADA, SLASHED, BOB), ALL_RECORDS)
    with pytest.raises(NotJsonError):
        write_retry(wanted)
    retry = written(wanted)
    assert retry.path.read_bytes() == content(ADA, SLASHED.replace(r"R\V", r"R\\V"), BOB)
    assert (retry.complete, retry.respelled, retry.unmatched) == (True, 1, ())
    assert rows(retry.repairs_file) == [
        {"record": "2", "identity": "vic@contoso.com", "kind": "backslash", "before": r'"R\V"', "after": r'"R\\V"'}
    ]


def test_of_equal_records_one_is_kept_and_of_different_ones_none(tmp_path: Path) -> None:
    other = BOB.replace("City", "Town")
    retry = written(request(write_source(tmp_path, ADA, BOB, EVE, ADA, other, ADA), ALL_RECORDS))
    assert retry.path.read_bytes() == content(ADA, EVE)
    assert [(one.identity, one.reason, one.records) for one in retry.unmatched] == [
        ("bob@contoso.com", Reason.duplicate, "2, 5")
    ]
    assert [(row["record"], row["kind"], row["after"]) for row in rows(retry.repairs_file)] == [
        ("4", "the same record once more", ""),
        ("6", "the same record once more", ""),
    ]
    assert [one.before for one in retry.repairs] == [ADA, ADA]
    assert retry.complete is False


def test_equal_records_of_wanted_users_are_kept_once(tmp_path: Path) -> None:
    retry = written(request(write_source(tmp_path, ADA, BOB, ADA, BOB), partial("bob@contoso.com")))
    assert (retry.path.read_bytes(), retry.complete) == (content(BOB), True)


def test_without_repair_equal_records_are_kept_apart_and_no_list_of_repairs_is_written(tmp_path: Path) -> None:
    retry = written(request(write_source(tmp_path, ADA, BOB, BOB), ALL_RECORDS), RetryOptions())
    assert retry.path.read_bytes() == content(ADA)
    assert retry.repairs_file is None
    assert "hr-feed-retry.repairs.csv" not in files(retry.path.parent)


@pytest.mark.parametrize("options", [REPAIR, SALVAGE], ids=["repair", "salvage"])
def test_what_needs_a_guess_is_listed_and_the_rest_is_written(tmp_path: Path, options: RetryOptions) -> None:
    retry = written(request(write_source(tmp_path, ADA, UNESCAPED, BOB, EVE), ALL_RECORDS), options)
    assert retry.path.read_bytes() == content(ADA, BOB, EVE)
    (listed,) = retry.unmatched
    assert (listed.identity, listed.reason, listed.records) == ("kim@contoso.com", Reason.unreadable, "2")
    assert listed.detail.startswith("line 3, column 1: a quotation mark inside a value")
    assert retry.complete is False


def test_without_repair_a_backslash_is_only_listed(tmp_path: Path) -> None:
    retry = written(request(write_source(tmp_path, ADA, SLASHED, BOB), ALL_RECORDS), SALVAGE)
    assert retry.path.read_bytes() == content(ADA, BOB)
    assert [(one.reason, one.records) for one in retry.unmatched] == [(Reason.unreadable, "2")]


@pytest.mark.parametrize(
    ("selection", "listed"),
    [
        (partial("ada@contoso.com"), []),
        (partial("ada@contoso.com", "kim@contoso.com"), ["kim@contoso.com"]),
    ],
    ids=["of somebody else", "of somebody wanted"],
)
def test_a_record_that_cannot_be_read_is_listed_where_it_may_be_wanted(
    tmp_path: Path, selection: Selection, listed: list[str]
) -> None:
    retry = written(request(write_source(tmp_path, ADA, UNESCAPED, BOB), selection), SALVAGE)
    assert retry.path.read_bytes() == content(ADA)
    assert [(one.identity, one.reason) for one in retry.unmatched] == [(one, Reason.unreadable) for one in listed]


def test_an_excluded_user_with_an_unreadable_record_is_listed_as_unreadable(tmp_path: Path) -> None:
    selection = dataclasses.replace(ALL_RECORDS, excluded={"kim@contoso.com": "kim@contoso.com"})
    retry = written(request(write_source(tmp_path, ADA, UNESCAPED, BOB), selection), SALVAGE)
    assert [(one.identity, one.reason) for one in retry.unmatched] == [("kim@contoso.com", Reason.unreadable)]


def test_a_record_with_a_backslash_and_a_damaged_byte_is_listed_with_its_id(tmp_path: Path) -> None:
    source = tmp_path / "hr-feed.json"
    both = b'{"IdName":"kim@contoso.com","Office":"R\\V","City":"K\xf6ln"}'
    source.write_bytes(b'{"value":[' + EVE.encode() + b"," + both + b"]}")
    retry = written(request(source, partial("eve@contoso.com", "kim@contoso.com")), RetryOptions(repair=True))
    assert [(one.identity, one.reason) for one in retry.unmatched] == [("kim@contoso.com", Reason.uncertain)]


def test_a_file_that_breaks_off_gives_what_is_whole(tmp_path: Path) -> None:
    source = tmp_path / "hr-feed.json"
    source.write_text(f'{{"value":[{ADA},{BOB},{EVE[:30]}', encoding="utf-8")
    retry = written(request(source, ALL_RECORDS), SALVAGE)
    assert retry.path.read_bytes() == content(ADA, BOB)
    assert [(one.reason, one.records) for one in retry.unmatched] == [(Reason.unreadable, "3")]


def test_a_broken_source_is_searched_for_users_of_two_records_too(tmp_path: Path) -> None:
    source = write_source(tmp_path, ADA, BOB, BOB, UNESCAPED, EVE)
    retry = written(request(source, partial("ada@contoso.com", without_user=1)), SALVAGE)
    assert retry.path.read_bytes() == content(ADA)
    assert (Reason.possible_duplicate, "2, 3") in [(one.reason, one.records) for one in retry.unmatched]


@pytest.mark.parametrize(
    ("records", "options", "words"),
    [
        ((UNESCAPED,), SALVAGE, r"at record 1 \(kim@contoso.com\): the record can't be read: line 1"),
        (('{"IdName":"a@contoso.com","X":NaN}',), RetryOptions(), r"at record 1 \(a@contoso.com\): .*: NaN \(a number"),
    ],
    ids=["unreadable", "no spelling"],
)
def test_where_no_record_can_be_written_the_error_names_the_first_and_its_fault(
    tmp_path: Path, records: tuple[str, ...], options: RetryOptions, words: str
) -> None:
    wanted = dataclasses.replace(request(write_source(tmp_path, *records), ALL_RECORDS), options=options)
    with pytest.raises(InputError, match=words):
        write_retry(wanted)
    assert files(wanted.target.parent) == {}


@pytest.mark.parametrize(
    ("record", "options"),
    [(SLASHED, REPAIR), ('{"IdName":"kim@contoso.com","City":"Kiel",}', RetryOptions())],
    ids=["repaired", "respelled without --repair"],
)
def test_a_record_that_would_have_other_values_as_json_is_refused_and_no_file_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record: str, options: RetryOptions
) -> None:
    wanted = request(write_source(tmp_path, ADA, record), ALL_RECORDS)
    monkeypatch.setattr(same_values, "same_values", lambda _before, _after: False)
    with pytest.raises(OutputError, match=r"record 2 \(.*\) would have other values when written as JSON"):
        write_retry(dataclasses.replace(wanted, options=options))
    assert files(wanted.target.parent) == {}


# Of single backslashes beside escapes nobody knows which are meant.
PLAIN = ["a", "é", "/", "]", "V"]
SLASHES = st.lists(st.sampled_from(["\\V", "\\(", "\\ ", *PLAIN]), max_size=6).map("".join)
ESCAPES = st.lists(st.sampled_from(["\\\\", "\\u0041", "\\n", *PLAIN]), max_size=6).map("".join)
TEXT = st.tuples(SLASHES, ESCAPES).map(lambda texts: f'{texts[0]}","Title":"{texts[1]}')


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from("abcd"), TEXT), min_size=1, max_size=7))
def test_of_any_backslashes_and_equal_records_the_file_holds_what_they_mean(
    tmp_path: Path, people: list[tuple[str, str]]
) -> None:
    raws = [f'{{"IdName":"{name}@contoso.com","Office":"{office}"}}' for name, office in people]
    by_name = {name: [raw for raw, (other, _) in zip(raws, people, strict=True) if other == name] for name, _ in people}
    certain = [name for name, same in by_name.items() if len(set(same)) == 1]
    wanted = request(write_source(tmp_path, *raws), ALL_RECORDS)
    retry = written(wanted)
    if not certain:
        assert (retry.paths, retry.records) == ((), 0)
        assert {one.identity[0] for one in retry.unmatched if one.reason is Reason.duplicate} == by_name.keys()
        return
    expected = [by_name[name][0] for name in by_name if name in certain]
    expected = [re.sub(r"(?<!\\)\\(?=[V( ])", r"\\\\", raw) for raw in expected]
    assert retry.path.read_bytes() == content(*expected)
    assert len(json.loads(retry.path.read_text("utf-8-sig"))["value"]) == len(certain)
    assert {one.identity[0] for one in retry.unmatched} == by_name.keys() - set(certain)
    once_more = [one for one in retry.repairs if one.kind == "the same record once more"]
    assert len(once_more) == sum(len(by_name[name]) - 1 for name in certain)


@pytest.mark.parametrize("options", [SALVAGE, REPAIR], ids=["salvage", "repair"])
@pytest.mark.parametrize("stray", ["7", '"x"', "null"])
def test_of_a_file_without_faults_every_record_is_read_whatever_else_its_list_has(
    tmp_path: Path, options: RetryOptions, stray: str
) -> None:
    ada = "{'IdName':'ada@contoso.com','City':'Kiel'}"
    retry = written(request(write_source(tmp_path, ada, stray, BOB, EVE), partial("bob@contoso.com")), options)
    assert retry.path.read_bytes() == content(BOB)
    assert [(one.reason, one.records) for one in retry.unmatched] == [(Reason.no_record, "2")]


def test_of_a_stretch_that_cannot_be_read_each_wanted_user_in_it_is_listed(tmp_path: Path) -> None:
    broken = r'{"IdName":"vic@contoso.com","Office":"Sales\","City":"Oslo"}'
    source = write_source(tmp_path, EVE, broken, BOB, '"x"', ADA)
    retry = written(request(source, partial("eve@contoso.com", "bob@contoso.com")), SALVAGE)
    assert retry.path.read_bytes() == content(EVE)
    # Of Ada's record it isn't sure that it is one.
    assert [(one.identity, one.reason) for one in retry.unmatched] == [
        ("bob@contoso.com", Reason.unreadable),
        ("Ada@contoso.com", Reason.unreadable),
    ]
    everybody = written(request(source, ALL_RECORDS), SALVAGE)
    assert {one.identity for one in everybody.unmatched} >= {"vic@contoso.com", "bob@contoso.com"}


def test_of_a_user_who_has_a_record_that_cannot_be_read_no_other_is_written(tmp_path: Path) -> None:
    broken = BOB.replace("City", 'Ci"ty')
    wanted = request(write_source(tmp_path, EVE, broken, ADA, BOB), partial("eve@contoso.com", "bob@contoso.com"))
    retry = written(wanted, SALVAGE)
    assert retry.path.read_bytes() == content(EVE)
    assert [(one.reason, one.records) for one in retry.unmatched] == [
        (Reason.duplicate, "2, 4"),
        (Reason.unreadable, "2"),
    ]
