"""How much a source file holds."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import InputError
from analyzer.source import scan
from analyzer.source.count_records import SourceCounts, measure
from analyzer.source.reader.json_text import NotJsonError

if TYPE_CHECKING:
    from pathlib import Path

GUID = "eb659162-3fb5-4f01-9a2e-8b1d5c3f7a10"

COUNTED = {
    "records and values": (b'{"value":[{"a":"1","b":"2","c":null},{"a":"2"}]}', (2, 2, False)),
    "no records": (b'{"value":[]}', (0, 0, False)),
    "an empty record": (b'{"value":[{},{"a":1,"b":2}]}', (2, 1, False)),
    "Guids for ids": (f'{{"value":[{{"id":"{GUID.upper()}","b":2}}]}}'.encode(), (1, 1, True, 0)),
    "a Guid in a longer text": (f'{{"value":[{{"id":"x {GUID}"}}]}}'.encode(), (1, 0, False, 0)),
    "a Guid in the second record only": (f'{{"value":[{{"id":"a"}},{{"id":"{GUID}"}}]}}'.encode(), (2, 0, False, 0)),
    "records without an ID": (
        b'{"value":[{"id":"a@x","b":1},{"id":"","b":1},{"id":null,"b":1},{"id":" ","b":1},{"b":1},{"id":"\\u0042@x"}]}',
        (6, 4, False, 4),
    ),
    "IDs that look like none": (b'{"value":[{"id":"17"},{"id":""}]}', (2, 0, False, None)),
}


@pytest.mark.parametrize(("raw", "expected"), COUNTED.values(), ids=COUNTED.keys())
def test_users_values_and_the_kind_of_ids_are_counted(
    tmp_path: Path, raw: bytes, expected: tuple[int, int, bool, int | None] | tuple[int, int, bool]
) -> None:
    path = tmp_path / "source.json"
    path.write_bytes(raw)
    assert measure(path) == SourceCounts(len(raw), *expected)


def test_a_source_that_is_not_json_is_not_counted(tmp_path: Path) -> None:
    path = tmp_path / "source.json"
    path.write_bytes(b'{"value":[{"a":"1"},{')
    with pytest.raises(NotJsonError):
        measure(path)


def test_a_missing_source_is_reported(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        measure(tmp_path / "missing.json")


def _reference(content: bytes) -> tuple[int, int, int]:
    """Users, values, and records without an ID, one record after the other."""
    records = [record for record in json.loads(content.decode("utf-8-sig"))["value"] if isinstance(record, dict)]
    return (
        len(records),
        sum(max(0, len(record) - 1) for record in records),
        sum(not record.get("Id") for record in records),
    )


def _record(draw: random.Random, number: int) -> object:
    record: dict[str, object] = {"Id": f"user{number}@contoso.com", "City": draw.choice(["Oslo", "Łódź", 'a "},{" b'])}
    if draw.random() < 0.3:
        record["Floor"] = draw.choice([1, None, [1, {"x": "y"}], {"a": "},{"}, "\\\\server"])
    if draw.random() < 0.01:
        record["Id"] = draw.choice([None, ""])
    if draw.random() < 0.01:
        del record["Id"]
    return None if draw.random() < 0.0005 else record


@pytest.mark.parametrize("seed", range(8))
def test_chunks_are_counted_like_single_records(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    records = [_record(draw, number) for number in range(4_000)]
    between = draw.choice([",", " , ", ",\r\n  "])
    content = (
        b"\xef\xbb\xbf" * draw.randint(0, 1)
        + (
            '{"value": ['
            + between.join(json.dumps(record, ensure_ascii=draw.random() < 0.5) for record in records)
            + "]}"
        ).encode()
    )
    path = tmp_path / "feed.json"
    path.write_bytes(content)
    counts = measure(path)
    assert (counts.users, counts.property_values, counts.without_id) == _reference(content)


def test_damage_in_the_middle_of_many_records_is_found(tmp_path: Path) -> None:
    records = [{"Id": f"user{number}@contoso.com", "City": "Oslo"} for number in range(5_000)]
    records[3_210]["City"] = "System.Object[]"
    path = tmp_path / "feed.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps({"value": records}).encode())
    (damage,) = measure(path).damage
    assert (damage.record, damage.records, damage.identity) == (3_211, 1, "user3210@contoso.com")


@pytest.mark.parametrize("end", [b"]}", b" ] }", b'],"next":[]}', b'],"next":[{"a":"]"}]}', b",]}", b",null]}"])
def test_the_last_records_are_counted_whatever_follows_them(tmp_path: Path, end: bytes) -> None:
    path = tmp_path / "feed.json"
    path.write_bytes(b'{"value":[{"Id":"a@x","b":"]"},{"Id":"b@x"},{"b":1}' + end)
    counts = measure(path)
    assert (counts.users, counts.property_values, counts.without_id) == (3, 1, 1)


def test_a_comment_between_two_records_isnt_taken_for_a_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "CHUNK", 20)
    records = ", // a comment },{\n".join(['{"mail":"ada@contoso.com","City":"Oslo"}'] * 9)
    path = tmp_path / "source.json"
    path.write_text(f'{{"value":[{records}]}}', encoding="utf-8")
    assert measure(path).users == 9
