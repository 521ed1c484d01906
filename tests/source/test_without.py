"""Taking a member out of a record, against the record written without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.source.model import GrammarError
from analyzer.source.strict_json import respell
from analyzer.source.without import without
from tests.source.spellings import NAME, RANDOM, VALUE, Pairs, Pen, loaded

if TYPE_CHECKING:
    from random import Random

    from tests.source.spellings import Model

FEW = st.sampled_from(["Floor", "IdName", "Größe"])


def pieces_of(random: Random, members: list[tuple[str, Model]]) -> list[str | tuple[str, str]]:
    """A record in pieces: brackets, gaps and commas as text, a member as its name and its text."""

    def gap() -> str:
        pen = Pen(random)
        pen.gap()
        return "".join(pen.raw)

    found: list[str | tuple[str, str]] = ["{", gap()]
    for index, (name, value) in enumerate(members):
        pen = Pen(random)
        pen.member(name, value)
        found += [",", gap()] if index else []
        found += [(name, "".join(pen.raw)), gap()]
    if members and random.random() < 0.3:
        found += [",", gap()]
    return [*found, "}"]


def text_of(pieces: list[str | tuple[str, str]]) -> bytes:
    return "".join(piece if isinstance(piece, str) else piece[1] for piece in pieces).encode()


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(FEW | NAME, VALUE), max_size=5), RANDOM, FEW)
def test_only_the_named_members_go_and_a_comma_for_each(
    members: list[tuple[str, Model]], random: Random, name: str
) -> None:
    pieces = pieces_of(random, members)
    raw = text_of(pieces)
    while at := next((at for at, piece in enumerate(pieces) if not isinstance(piece, str) and piece[0] == name), 0):
        commas = [place for place, piece in enumerate(pieces) if piece == ","]
        comma = next((place for place in commas if place > at), commas[-1] if commas else None)
        pieces = [piece for place, piece in enumerate(pieces) if place not in (at, comma)]
    found = without(raw, name)
    assert found == text_of(pieces)
    as_json = respell(found).raw
    assert as_json is not None
    assert loaded(as_json) == Pairs(tuple(member for member in members if member[0] != name))
    strict = respell(raw).raw
    assert strict is not None
    assert loaded(without(strict, name)) == loaded(as_json)


CASES = {
    "first": (b'{ "Floor": 3, "a": 1 }', b'{  "a": 1 }'),
    "last": (b'{"a":1, "Floor":3 }', b'{"a":1  }'),
    "only": (b'{"Floor":3}', b"{}"),
    "twice at the end": (b'{"a":1,"Floor":3,"Floor":4}', b'{"a":1}'),
    "all": (b'{"Floor":3,"Floor":4}', b"{}"),
    "trailing comma": (b'{"a":1,"Floor":3,}', b'{"a":1,}'),
    "escaped": (rb'{"Fl\u006For":"}","a":1}', b'{"a":1}'),
    "unquoted, single quotes": (b"{Floor:[{Floor:1}],'Floor':',',b:{Floor:1}}", b"{b:{Floor:1}}"),
    "comments": (b'{/*1*/"Floor"/*2*/:/*3*/3/*4*/,/*5*/"a":1}', b'{/*1*//*4*//*5*/"a":1}'),
    "none": (b'{"floor":1, "a":"Floor"}', b'{"floor":1, "a":"Floor"}'),
}


@pytest.mark.parametrize(("raw", "expected"), CASES.values(), ids=CASES)
def test_members_go_by_their_name_however_it_is_spelled(raw: bytes, expected: bytes) -> None:
    assert without(raw, "Floor") == expected


def test_depth_and_length_are_the_files_choice() -> None:
    deep = b"[" * 10_000 + b"]" * 10_000
    long = b'"' + b"x" * 1_000_000 + b'"'
    raw = b'{"a":%b,"Floor":%b,"b":%b,"Floor":%b,"c":%b}' % (deep, deep, long, long, b"1" * 1_000_000)
    assert without(raw, "Floor") == b'{"a":%b,"b":%b,"c":%b}' % (deep, long, b"1" * 1_000_000)


def test_a_record_that_nobody_can_read_is_an_error() -> None:
    with pytest.raises(GrammarError):
        without(rb'{"Floor":"R\V"}', "Floor")
