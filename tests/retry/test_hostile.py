"""Sources made to be hard: the right file or a clear error, never a wrong one."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import InputError
from analyzer.retry.model import Reason, RetryOptions
from analyzer.retry.writing.write import write_retry
from tests.retry.small_source import ADA, ALL_RECORDS, BOB, EVE, files, partial, request, write_source

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.retry.model import RetryFiles, Selection

HEAD = b'\xef\xbb\xbf{"value":[\n'
TAIL = b"\n]}\n"
DEEP = 10_000
NESTED = {
    "arrays": '{"IdName":"deep@contoso.com","X":' + "[" * DEEP + "]" * DEEP + "}",
    "objects": '{"IdName":"deep@contoso.com","X":' + '{"a":' * DEEP + "1" + "}" * DEEP + "}",
}
DIGITS = '{"IdName":"deep@contoso.com","X":' + "7" * 1_000_000 + ',"Y":-0.' + "3" * 1_000_000 + "e7}"
WANTED = [ALL_RECORDS, partial("deep@contoso.com", "ada@contoso.com"), partial("ada@contoso.com")]
WANTED_IDS = ["everybody", "it is wanted", "another is wanted"]


def content(*raws: str) -> bytes:
    return HEAD + ",\n".join(raws).encode() + TAIL


def expected(raw: str, selection: Selection) -> bytes:
    if selection is WANTED[2]:
        return content(ADA)
    return content(ADA, raw, BOB) if selection.all_records else content(ADA, raw)


@pytest.mark.parametrize("selection", WANTED, ids=WANTED_IDS)
@pytest.mark.parametrize("raw", [*NESTED.values(), DIGITS], ids=[*NESTED, "a million digits"])
@pytest.mark.parametrize("options", [RetryOptions(), RetryOptions(repair=True)], ids=["as it is", "repair"])
def test_deep_nesting_and_endless_numbers_are_copied(
    tmp_path: Path, raw: str, selection: Selection, options: RetryOptions
) -> None:
    retry = _made(tmp_path, selection, options, ADA, raw, BOB)
    assert retry.path.read_bytes() == expected(raw, selection)
    assert retry.respelled == 0
    assert {one.reason for one in retry.unmatched} <= {Reason.multi_value}


def test_deep_nesting_in_tolerated_spelling_is_listed(tmp_path: Path) -> None:
    for raw in NESTED.values():
        retry = _made(tmp_path, ALL_RECORDS, RetryOptions(), ADA, raw[:-1] + ",}", BOB)
        assert retry.path.read_bytes() == content(ADA, BOB)
        assert [(one.identity, one.reason) for one in retry.unmatched] == [("deep@contoso.com", Reason.uncertain)]


def _made(folder: Path, selection: Selection, options: RetryOptions, *records: str | bytes) -> RetryFiles:
    source = write_source(folder)
    raws = [one if isinstance(one, bytes) else one.encode() for one in records]
    source.write_bytes(b'{"value":[' + b",".join(raws) + b"]}")
    wanted = request(source, selection)
    object.__setattr__(wanted, "options", options)
    retry = write_retry(wanted)
    assert retry is not None
    return retry


def test_a_record_of_a_hundred_megabytes_is_copied(tmp_path: Path) -> None:
    source = tmp_path / "hr-feed.json"
    piece = b"Kiel and " * 110_000 + b"\\u00e9 "
    pieces = 100_000_000 // len(piece) + 1
    digest = hashlib.sha256(HEAD)
    with source.open("wb") as stream:
        stream.write(b'{"value":[' + ADA.encode() + b",")
        for raw in (b'{"IdName":"bob@contoso.com","About":"', *[piece] * pieces, b'"}'):
            stream.write(raw)
            digest.update(raw)
        stream.write(b"," + EVE.encode() + b"]}")
    digest.update(TAIL)
    retry = write_retry(request(source, partial("bob@contoso.com")))
    assert retry is not None
    with retry.path.open("rb") as stream:
        assert hashlib.file_digest(stream, "sha256").hexdigest() == digest.hexdigest()
    retry = write_retry(request(source, partial("ada@contoso.com", "eve@contoso.com")))
    assert retry is not None
    assert retry.path.read_bytes() == content(ADA, EVE)


DAMAGED = b'{"IdName":"dam@contoso.com","City":"M\xc3\xbcnchen","Office":"\xff"}'


@pytest.mark.parametrize(
    "options", [RetryOptions(), RetryOptions(repair=True), RetryOptions(salvage=True)], ids=["", "repair", "salvage"]
)
def test_a_damaged_byte_in_a_wanted_record_is_listed(tmp_path: Path, options: RetryOptions) -> None:
    retry = _made(tmp_path, ALL_RECORDS, options, EVE, DAMAGED, BOB)
    assert retry.path.read_bytes() == content(EVE, BOB)
    (listed,) = retry.unmatched
    assert (listed.identity, listed.reason, listed.records) == ("dam@contoso.com", Reason.uncertain, "2")


def test_a_damaged_byte_of_another_user_does_not_matter(tmp_path: Path) -> None:
    retry = _made(tmp_path, partial("eve@contoso.com"), RetryOptions(), EVE, DAMAGED)
    assert (retry.path.read_bytes(), retry.complete) == (content(EVE), True)


def test_a_byte_that_windows_1252_leaves_open_is_listed(tmp_path: Path) -> None:
    open_byte = b'{"IdName":"dam@contoso.com","City":"\x81"}'
    retry = _made(tmp_path, ALL_RECORDS, RetryOptions(), b'{"IdName":"a@contoso.com","City":"M\xfcnchen"}', open_byte)
    assert json.loads(retry.path.read_text("utf-8-sig"))["value"] == [{"IdName": "a@contoso.com", "City": "München"}]
    assert [(one.identity, one.reason, one.records) for one in retry.unmatched] == [
        ("dam@contoso.com", Reason.uncertain, "2")
    ]


WITHOUT_SPELLING = {
    "undefined": ("undefined", "undefined (a word"),
    "a date": ("new Date(2026, 11, 23)", "new Date("),
    "no number": ("NaN", "NaN (a number that JSON does not have)"),
    "infinite": ("[1, -Infinity]", "-Infinity ("),
}


@pytest.mark.parametrize(("value", "words"), WITHOUT_SPELLING.values(), ids=WITHOUT_SPELLING.keys())
def test_what_has_no_certain_spelling_is_left_to_the_person(tmp_path: Path, value: str, words: str) -> None:
    faulty = f'{{"IdName":"bob@contoso.com","X":{value}}}'
    retry = _made(tmp_path, ALL_RECORDS, RetryOptions(), ADA, faulty, EVE)
    assert retry.path.read_bytes() == content(ADA, EVE)
    (listed,) = retry.unmatched
    assert (listed.identity, listed.reason, listed.records) == ("bob@contoso.com", Reason.uncertain, "2")
    assert words in listed.detail
    assert retry.complete is False
    assert _made(tmp_path, partial("eve@contoso.com"), RetryOptions(), ADA, faulty, EVE).complete is True


@pytest.mark.parametrize("raw", [b"", b"\xef\xbb\xbf", b"[]", b"{}", b'{"value":[' + ADA.encode(), b"\xff\xfe{\0\xd8"])
def test_an_invalid_source_file_is_an_error(tmp_path: Path, raw: bytes) -> None:
    source = tmp_path / "hr-feed.json"
    source.write_bytes(raw)
    wanted = request(source, partial("ada@contoso.com"))
    with pytest.raises(InputError):
        write_retry(wanted)
    assert files(wanted.target.parent) == {}
