"""A file read in batches has the records, values, and faults that the reader of single records finds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given

from analyzer.source import batches, scan
from analyzer.source.batches import Batch, BatchReader
from analyzer.source.model import GrammarError
from analyzer.source.reader.json_text import opened
from analyzer.source.reader.records import records_of
from analyzer.source.reader.tolerant import text_of
from analyzer.source.strict_json import number
from tests.source.test_find import no_deadline, sources

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.source.reader.tolerant import Record


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "CHUNK", 40)
    monkeypatch.setattr(scan, "_MAX_RECORD", 150)


def write(path: Path, text: str) -> Path:
    source = path / "source.json"
    source.write_bytes(text.encode())
    return source


def read(path: Path, id_property: str = "mail") -> tuple[list[Batch], BatchReader, int | None]:
    """The batches of a file, their reader, and the offset of the fault."""
    taken: list[Batch] = []
    with opened(path) as buffer:
        reader = BatchReader(buffer, id_property, taken.append)
        try:
            reader.read()
        except GrammarError as error:
            return taken, reader, error.offset
    return taken, reader, None


def rows(taken: list[Batch]) -> dict[int, tuple[tuple[str, ...], list[object], str | None]]:
    return {
        number: (batch.names, [column[at] for column in batch.columns], batch.identities[at])
        for batch in taken
        for at, number in enumerate(batch.numbers)
    }


def slowly(path: Path) -> tuple[list[Record], int | None]:
    found: list[Record] = []
    with opened(path) as buffer:
        try:
            found.extend(records_of(buffer, others=True))
        except GrammarError as error:
            return found, error.offset
    return found, None


def identity_of(record: Record) -> str | None:
    raw = bytes(record.members.get("mail", b"null"))
    is_strict, value = strictly(number(raw) or raw)
    if is_strict and isinstance(value, (bool, int, float)):
        return f"{value:.15G}" if isinstance(value, float) else str(value)
    text = text_of(raw)
    return "" if text is None and raw[:1] in (b'"', b"'") else text


def strictly(token: bytes) -> tuple[bool, object]:
    """Whether a value is strict JSON, and then its value."""
    try:
        return True, msgspec.json.decode(token)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False, None


@no_deadline
@given(sources())
def test_batches_have_the_records_that_the_slow_reader_finds(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text)
    expected, fault = slowly(path)
    taken, reader, found_fault = read(path)
    found = rows(taken)
    assert found_fault == fault
    assert sorted(found) == [record.position + 1 for record in expected]
    assert reader.values == sum(len(record.members) - ("mail" in record.members) for record in expected)
    for record in expected:
        names, values, identity = found[record.position + 1]
        assert sorted(names) == sorted(record.members)
        assert identity == identity_of(record)
        for name, value in zip(names, values, strict=True):
            token = record.members[name]
            is_strict, decoded = strictly(bytes(token))
            if is_strict:
                assert value == decoded


def test_records_of_a_chunk_are_grouped_by_their_properties_and_keep_their_order(tmp_path: Path) -> None:
    records = [{"mail": f"{number}@contoso.com", "City" if number % 3 else "Office": "Oslo"} for number in range(50)]
    taken, reader, _ = read(write(tmp_path, json.dumps({"value": records})))
    assert reader.records == len(records)
    assert [rows(taken)[number][2] for number in range(1, 51)] == [record["mail"] for record in records]
    assert all(list(batch.numbers) == sorted(batch.numbers) for batch in taken)
    assert {batch.names for batch in taken} == {("mail", "City"), ("mail", "Office")}


def test_values_that_are_no_records_are_noted_with_their_places(tmp_path: Path) -> None:
    text = '{"value":[{"mail":"a@contoso.com"},null,{"mail":"b@contoso.com"},null]}'
    taken, reader, _ = read(write(tmp_path, text))
    assert sorted(rows(taken)) == [1, 3]
    assert reader.records == 4
    assert [(number, text[offset : offset + 4]) for number, offset in reader.others] == [(2, "null"), (4, "null")]


@pytest.mark.parametrize(
    ("token", "identity"),
    [("17", "17"), ("1.50", "1.5"), ("0x1F", "31"), ("null", None), ('""', ""), ("true", "True"), ("[1]", "[1]")],
)
def test_an_id_that_is_no_text_is_the_text_that_the_service_makes_of_it(
    tmp_path: Path, token: str, identity: str | None
) -> None:
    others = ",".join(['{"mail":"a@contoso.com"}'] * 10)
    taken, _, _ = read(write(tmp_path, f'{{"value":[{{"mail":{token}}},{others}]}}'))
    assert rows(taken)[1][2] == identity
