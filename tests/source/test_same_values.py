"""The check on respelled records: the same values are told from others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analyzer.source.same_values import same_values
from analyzer.source.strict_json import respell
from tests.source.spellings import RANDOM, RECORD, VALUE, Pairs, Pen, spelled

if TYPE_CHECKING:
    from random import Random

    from tests.source.spellings import Model


@settings(deadline=None, max_examples=300)
@given(RECORD, RANDOM, st.booleans())
def test_a_record_and_its_spelling_in_json_say_the_same(record: Pairs, random: Random, repair: bool) -> None:
    raw, as_json = spelled(Pen(random, repair=repair), record)
    assert same_values(raw, as_json)
    assert same_values(as_json, as_json)
    if raw != as_json and respell(raw, repair=True).changes:
        assert not same_values(as_json, raw)


def told_apart(model: Model) -> object:
    """The model so that only the same is equal: 1 is not 1.0, nor True, nor is 0.0 the same as -0.0."""
    match model:
        case Pairs():
            return ["object", [(name, told_apart(value)) for name, value in model.members]]
        case list():
            return ["array", [told_apart(one) for one in model]]
        case _:
            return [type(model).__name__, repr(model)]


@settings(deadline=None, max_examples=300)
@given(RECORD, st.data(), RANDOM)
def test_a_record_with_another_value_name_or_order_does_not(record: Pairs, data: st.DataObject, random: Random) -> None:
    assume(record.members)
    at = data.draw(st.integers(0, len(record.members) - 1))
    name, value = record.members[at]
    changed = data.draw(st.sampled_from(["value", "name", "gone", "moved", "twice"]))
    members = list(record.members)
    match changed:
        case "value":
            members[at] = (name, data.draw(VALUE))
        case "name":
            members[at] = (name + "x", value)
        case "gone":
            del members[at]
        case "moved":
            members = [*members[:at], *members[at + 1 :], members[at]]
        case _:
            members.insert(at, members[at])
    other = Pairs(tuple(members))
    raw, _ = spelled(Pen(random), record)
    _, as_json = spelled(Pen(random), other)
    assert same_values(raw, as_json) == (told_apart(record) == told_apart(other))


SAME = [
    (b"0x1F", b"31"),
    (b"0xffffffffffffffff", b"-1"),
    (b"0x8000000000000000", b"-9223372036854775808"),
    (b"017", b"15"),
    (b"-017", b"-17"),
    (b"0" * 50 + b"7", b"7"),
    (b".5", b"0.5"),
    (b"5.", b"5.0"),
    (b"-.50", b"-0.5"),
    (b"1e2", b"10.0E+1"),
    (b"1e%b" % (b"9" * 5000), b"1e%b" % (b"9" * 5000)),
    (rb'"R\V"', rb'"R\\V"'),
    (rb'"\u12"', rb'"\\u12"'),
    (rb"'it\'s'", b'"it\'s"'),
    (rb'"\ud83d\ude00"', '"\U0001f600"'.encode()),
    (rb'"\ud83d"', rb'"\ud83d"'),
    (b"[1,/*x*/]", b"[1]"),
    (b"{a :1,}", b'{"a":1}'),
]


@pytest.mark.parametrize(("before", "after"), SAME, ids=range(len(SAME)))
def test_spellings_that_say_the_same(before: bytes, after: bytes) -> None:
    assert same_values(b'{"a":%b}' % before, b'{"a":%b}' % after)


OTHER = [
    (b"0x1F", b"30"),
    (b"017", b"17"),
    (b"5.", b"5"),
    (b"0.5", b"0.05"),
    (b"10", b"1"),
    (b"1e2", b"1e3"),
    (b"1", b"-1"),
    (b"1", b'"1"'),
    (b"null", b'""'),
    (b"true", b'"true"'),
    (rb'"R\V"', b'"RV"'),
    (rb'"a\nb"', rb'"a\\nb"'),
    (rb'"\ud83d"', '"\ufffd"'.encode()),
    (b'1,"b":0x1F,"c":5.', b'1,"b":0,"c":5.0'),
    (b"[[]]", b"[]"),
    (b"[[],1]", b"[[1]]"),
    (b"{}", b"[]"),
    (b"{a:1,b:1}", b'{"a":1}'),
    # what JSON has no counterpart for
    (b"undefined", b"null"),
    (b"NaN", b"NaN"),
    (b"new Date(1)", b"1"),
    (b"+5", b"5"),
    (b"089", b"89"),
    (b"02" + b"0" * 21, b"0"),
    (b"0x10000000000000000", b"18446744073709551616"),
    (b'"\xff"', '"\ufffd"'.encode()),
    # what is no JSON
    (b"[1]", b"[1,]"),
    (b"01", b"01"),
    (b"1", b"0x1"),
    (b"1", b"1/**/"),
    (b'"a"', b"'a'"),
    (b'"\t"', b'"\t"'),
    (b'"\xff"', b'"\xff"'),
    (rb'"\V"', rb'"\V"'),
    (b"1", b"1}"),
    (b"1}", b"1"),
    (b"1", b"1,a:1"),
    (b"1 2", b"1 2"),
]


@pytest.mark.parametrize(("before", "after"), OTHER, ids=range(len(OTHER)))
def test_spellings_that_say_something_else_or_nothing(before: bytes, after: bytes) -> None:
    assert not same_values(b'{"a":%b}' % before, b'{"a":%b}' % after)


def test_a_name_that_is_no_utf8_is_the_same_as_nothing() -> None:
    assert not same_values(b'{"\xff":1}', '{"\ufffd":1}'.encode())
    assert same_values('{"\ufffd":/*x*/1}'.encode(), '{"\ufffd":1}'.encode())
    assert same_values(b'{"a":/*\xff*/1}', b'{"a":1}')


@pytest.mark.parametrize(
    "after", [b"", b"[]", b"1", b'{"a"', b'{"a":', b'{"a":1', b"{,}", b'{"a" 1}', b"\xff", b"{1:1}"]
)
def test_what_is_no_record_is_the_same_as_nothing(after: bytes) -> None:
    assert not same_values(b"{}", after)
    assert not same_values(after, after)


def test_length_is_the_files_choice() -> None:
    deep = b"[" * 90 + b"]" * 90
    digits = b"1" * 1_000_000
    raw = b'{"a":%b,"b":%b,"c":-%b.%b}' % (deep, digits, digits, digits)
    assert same_values(raw, raw)
    assert not same_values(raw, raw.replace(b"1}", b"2}"))
    assert not same_values(raw, raw.replace(b"[]", b"[[]]"))


def test_each_of_very_many_members_counts() -> None:
    raw = b'{"a":{%b},}' % b" , ".join(b'"b%d" : %d' % (number, number) for number in range(3000))
    as_json = respell(raw).raw
    assert as_json == raw.replace(b",}", b"}")
    assert same_values(raw, as_json)
    for number in (0, 999, 1000, 2999):
        assert not same_values(raw, as_json.replace(b'"b%d" : %d' % (number, number), b'"b%d" : 1' % number + b"7"))


def test_what_is_too_deep_to_be_read_is_the_same_as_nothing() -> None:
    raw = b'{"a":%b%b}' % (b"[" * 10_000, b"]" * 10_000)
    assert not same_values(raw, raw)
