"""Respelling, over records in every tolerated spelling, and by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analyzer.emulator.jsonnet import JsonReaderError, read_records
from analyzer.source.model import GrammarError
from analyzer.source.reader.tolerant import read_object
from analyzer.source.strict_json import Change, ChangeKind, Respelled, respell
from tests.source.spellings import FLAT, RANDOM, RECORD, Pairs, Pen, loaded, spelled

if TYPE_CHECKING:
    from random import Random

no_deadline = settings(deadline=None)


@settings(no_deadline, max_examples=500)
@given(RECORD, RANDOM, st.booleans())
def test_each_tolerated_token_gets_its_spelling_and_all_other_bytes_stay(
    record: Pairs, random: Random, repair: bool
) -> None:
    raw, expected = spelled(Pen(random, repair=repair), record)
    found = respell(raw, repair=repair)
    assert found.raw == expected
    assert loaded(expected) == record
    assert all(change.before in raw and change.after in expected for change in found.changes)
    assert bool(found.changes) == (raw != expected)
    assert respell(expected) == Respelled(expected)


@settings(no_deadline, max_examples=300)
@given(FLAT, RANDOM)
def test_jsonnet_reads_the_same_before_and_after(record: Pairs, random: Random) -> None:
    raw, _ = spelled(Pen(random, jsonnet=True), record)
    found = respell(raw).raw
    assert found is not None
    before = list(read_records(b'{"value":[%b]}' % raw))
    assert list(read_records(b'{"value":[%b]}' % found)) == before


PIECES = [b"{", b"}", b"[", b"]", b",", b":", b'"a"', b"'b'", b"c", b"1", b"017", b"-0x1", b".5", b"5.", b"+5", b"00.5"]
PIECES += [b"//", b"/*", b"*/", b"\n", b"\xc2\xa0", b"\xff", b"\\", b"\\V", b"NaN", b"new Date(1)", b"null", b"'", b'"']


@settings(no_deadline, max_examples=1000)
@given(st.lists(st.sampled_from(PIECES), max_size=12), st.booleans())
def test_what_the_reader_takes_becomes_json_or_is_said_to_be_uncertain(pieces: list[bytes], repair: bool) -> None:
    raw = b'{"x":' + b"".join(pieces) + b"}"
    try:
        assume(read_object(raw, 0).end == len(raw))
    except GrammarError:
        respell(raw, repair=repair)  # no JSON can be promised, but an end
        return
    found = respell(raw, repair=repair)
    if found.raw is None:
        assert found.uncertain
        return
    assert not found.uncertain
    json.loads(found.raw.decode("utf-8"), parse_constant=pytest.fail)
    assert respell(found.raw).raw == found.raw
    try:
        before = list(read_records(b'{"value":[%b]}' % raw))
    except JsonReaderError:
        return  # a nested value, or a comment behind a name
    assert list(read_records(b'{"value":[%b]}' % found.raw)) == before


CHANGES = {
    "comma": (b'{"a":[1 , ],}', b'{"a":[1  ]}', ["comma", "comma"]),
    "comma and comment": (b'{"a":1,/*x*/ //y\n}', b'{"a":1 \n}', ["comma", "comment", "comment"]),
    "comment that is no UTF-8": (b'{"a":1/*\xff*/,"b":2}', b'{"a":1,"b":2}', ["comment"]),
    "single quotes": (rb"""{'a':'"\'\"'}""", rb'{"a":"\"' + rb"'" + rb'\""}', ["quotes", "quotes"]),
    "escaped quote": (rb'{"a":"it\'s"}', b'{"a":"it\'s"}', ["quotes"]),
    "names": (b"{true:true,1 :1,\xc3\xa9:null}", b'{"true":true,"1" :1,"\xc3\xa9":null}', ["unquoted_name"] * 3),
    "control characters": (b'{"a":"\r\n\t\x08\x0c\0\x1f\x7f"}', rb'{"a":"\r\n\t\b\f\u0000\u001f' + b'\x7f"}', None),
    "blanks": (b'{\xc2\xa0\x0b"a":\xe2\x80\xa81}', b'{  "a": 1}', ["blank", "blank"]),
    "blank behind a name": (
        b"{a\xc2\xa0:1,\xc3\xa9\xe2\x80\xa8:2}",
        b'{"a" :1,"\xc3\xa9" :2}',
        ["unquoted_name", "blank"] * 2,
    ),
    "numbers": (
        b"{a:[0x1F,017,.5,5.,-.5,-017]}",
        b'{"a":[31,15,0.5,5.0,-0.5,-17]}',
        ["unquoted_name"] + ["number"] * 6,
    ),
    "64 bits": (
        b'{"a":[0xFFFFFFFFFFFFFFFF,0x8000000000000000,00]}',
        b'{"a":[-1,-9223372036854775808,0]}',
        ["number"] * 3,
    ),
    "two kinds": (b"{\"a\":'\t'}", rb'{"a":"\t"}', ["control_character", "quotes"]),
}


@pytest.mark.parametrize(("raw", "expected", "kinds"), CHANGES.values(), ids=CHANGES)
def test_what_changes_is_said(raw: bytes, expected: bytes, kinds: list[str] | None) -> None:
    found = respell(raw)
    assert (found.raw, found.uncertain, found.further) == (expected, (), 0)
    assert [change.kind for change in found.changes] == (kinds or ["control_character"])


def test_a_change_holds_the_token_before_and_after() -> None:
    raw = rb'{"Department":"R\V"}'
    change = Change(ChangeKind.backslash, rb'"R\V"', rb'"R\\V"', "Department")
    assert respell(raw, repair=True) == Respelled(rb'{"Department":"R\\V"}', (change,))


REPAIRS = {
    rb'{"a":"\u12"}': rb'{"a":"\\u12"}',
    rb'{"a":"C:\users\Ada"}': rb'{"a":"C:\\users\\Ada"}',
    rb'{"a":"\\\V"}': rb'{"a":"\\\\V"}',
    rb'{"\V":1}': rb'{"\\V":1}',
    b'{"a":"\\\n"}': rb'{"a":"\\\n"}',
    rb"""{"a":'\V"'}""": rb'{"a":"\\V\""}',
    rb'{"a":"\u12\u0041"}': rb'{"a":"\\u12\u0041"}',
}


@pytest.mark.parametrize("raw", REPAIRS)
def test_a_backslash_that_begins_no_escape_is_doubled_where_repair_is_wanted(raw: bytes) -> None:
    assert respell(raw, repair=True).raw == REPAIRS[raw]
    found = respell(raw)
    assert found.raw is None
    assert "a backslash before" in found.uncertain[0]


STAYS = [
    rb'{ "a" : "\u00e9\/\"" , "a" : 1e5, "b": -0.0E+00 }',
    rb'{"a":"\ud800","b":"\udc00\ud800"}',
    rb'{"\ud800":[]}',
    b'{"a":%b}' % (b"1" * 1_000_000),
    b'{"a":1e999}',
    b'{"a":%b%b}' % (b"[" * 10_000, b"]" * 10_000),
    b"{}",
]


@pytest.mark.parametrize("raw", STAYS, ids=range(len(STAYS)))
def test_valid_json_stays_byte_for_byte(raw: bytes) -> None:
    assert respell(raw) == Respelled(raw)
    # Valid tokens beside one that is not are read one by one.
    if b"[[" not in raw:
        assert respell(raw[:-1] + b"\xc2\xa0}").raw == raw[:-1] + b" }"


UNCERTAIN = {
    b"undefined": "undefined (a word that JSON does not have)",
    b"NaN": "NaN (a number that JSON does not have)",
    b"-Infinity": "-Infinity (a number that JSON does not have)",
    b"new Date(12)": "new Date(12) (a call, which JSON does not have)",
    b"+5": "+5 (neither JSON nor a number that the service takes)",
    b"089": "089 (neither",
    b"00.5": "00.5 (neither",
    b"-0x1F": "-0x1F (neither",
    b"0x10000000000000000": "0x10000000000000000 (neither",
    b"02" + b"0" * 21: "02000000000000000000000 (neither",
    b"-0" + b"1" * 379: "-0" + "1" * 28 + "… (neither",
    b".5e999": ".5e999 (neither",
    b'"\xff\xff"': '"\ufffd\ufffd" (bytes that are not UTF-8)',
    b'"' + b"x" * 50 + b'\xff"': '"' + "x" * 29 + "… (bytes",
}


@pytest.mark.parametrize("token", UNCERTAIN)
def test_a_token_without_a_certain_spelling_is_named_and_nothing_is_guessed(token: bytes) -> None:
    found = respell(b'{"a":[%b,],"b":1,}' % token)
    assert found.raw is None
    assert len(found.uncertain) == 1
    assert found.uncertain[0].startswith(UNCERTAIN[token])


@pytest.mark.parametrize("name", ["\U0001f600", "\U0001d49c", "a\u0301"])
def test_a_name_that_jsonnet_reads_otherwise_or_not_at_all_is_uncertain(name: str) -> None:
    found = respell(f"{{{name}:1}}".encode())
    assert found.raw is None
    assert "a name without quotation marks" in found.uncertain[0]


def test_a_record_that_is_json_but_for_its_encoding_is_uncertain() -> None:
    assert respell(b'{"a":"\xff"}').uncertain == ('"\ufffd" (bytes that are not UTF-8)',)


@pytest.mark.parametrize("name", [b'"\xff"', b"a\xff"])
def test_a_name_that_is_no_utf8_is_uncertain(name: bytes) -> None:
    assert respell(b"{%b:1}" % name).uncertain[0].endswith("(bytes that are not UTF-8)")


HOSTILE = {
    "many escapes": (b'{"a":"%b\t"}' % (rb"\n" * 200_000), b'{"a":"%b\\t"}' % (rb"\n" * 200_000)),
    "many backslashes": (b'{"a":"%b\t"}' % (b"\\" * 200_000), b'{"a":"%b\\t"}' % (b"\\" * 200_000)),
    "many digits": (b'{"a":.%b}' % (b"1" * 200_000), b'{"a":0.%b}' % (b"1" * 200_000)),
    "many zeros": (b'{"a":0%b7}' % (b"0" * 200_000), b'{"a":7}'),
    "deep": (b'{"a":%b%b}' % (b"[" * 99, b"]," * 98 + b"]"), b'{"a":%b%b}' % (b"[" * 99, b"]" * 99)),
    "many blanks": (b'{"a":1%b}' % (b"\x0b \xc2\xa0" * 50_000), b'{"a":1%b}' % (b" " * 150_000)),
}


@pytest.mark.parametrize(("raw", "expected"), HOSTILE.values(), ids=HOSTILE)
def test_the_length_of_a_token_and_the_depth_are_the_files_choice(raw: bytes, expected: bytes) -> None:
    assert respell(raw).raw == expected


def test_a_record_too_deep_to_be_checked_is_uncertain() -> None:
    found = respell(b'{"a":%b%b}' % (b"[" * 10_000, b"]," * 9_999 + b"]"))
    assert found.raw is None
    assert "more than 100 deep" in found.uncertain[0]


def test_of_very_many_changes_the_rest_is_counted() -> None:
    found = respell(b"{" + b"a:1," * 3000 + b"}")
    assert found.raw == b'{"a":1' + b',"a":1' * 2999 + b"}"
    assert (len(found.changes), found.further) == (1000, 2001)
    assert respell(b'{"a":[%b]}' % (b"'\t'," * 3000)).further == 2 * 3000 + 1 - 1000
    uncertain = respell(b'{"a":[' + b"NaN," * 3000 + b"]}")
    assert (len(uncertain.uncertain), uncertain.further) == (1000, 2000)
