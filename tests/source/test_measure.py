"""How much a source file holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.errors import InputError
from analyzer.source.json_text import NotJsonError
from analyzer.source.measure import SourceCounts, measure

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


def test_a_source_that_is_no_json_is_not_counted(tmp_path: Path) -> None:
    path = tmp_path / "source.json"
    path.write_bytes(b'{"value":[{"a":"1"},{')
    with pytest.raises(NotJsonError):
        measure(path)


def test_a_source_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        measure(tmp_path / "missing.json")
