"""Lines and columns of records, against those that are counted from the start of the file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.source.reader.json_text import position
from analyzer.source.reader.records import records_of
from analyzer.source.record_places import record_places

if TYPE_CHECKING:
    from pathlib import Path

RECORDS = [{"IdName": f"jürgen{one}@contoso.com", "Notes": "x" * (one % 90)} for one in range(900)]


def by_hand(content: bytes, numbers: set[int]) -> dict[int, tuple[int, int]]:
    records = records_of(content, others=True)
    return {
        record.position + 1: position(content, record.offset) for record in records if record.position + 1 in numbers
    }


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    indent=st.sampled_from([None, 1, 4]),
    ends=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig"]),
    numbers=st.sets(st.integers(1, 900), min_size=1, max_size=8),
)
def test_the_places_are_those_that_are_counted(
    tmp_path: Path, indent: int | None, ends: str, encoding: str, numbers: set[int]
) -> None:
    text = json.dumps({"value": RECORDS}, indent=indent, ensure_ascii=False).replace("\n", ends)
    content = text.encode(encoding)
    (tmp_path / "feed.json").write_bytes(content)
    assert record_places(tmp_path / "feed.json", numbers) == by_hand(content, numbers)


def test_values_that_are_not_records_and_tolerated_syntax_count(tmp_path: Path) -> None:
    content = b"{'value':[null,\n{'Id':'a'},/* c */\n {Id:'b',},\n\n{\"Id\":\"c\"}]}"
    (tmp_path / "feed.json").write_bytes(content)
    assert record_places(tmp_path / "feed.json", [2, 3, 4]) == {2: (2, 1), 3: (3, 2), 4: (5, 1)}


def test_up_to_a_fault_records_are_found(tmp_path: Path) -> None:
    (tmp_path / "feed.json").write_text('{"value":[\n{"Id":"a"},\n{"Id":"b" "x"},\n{"Id":"c"}]}', "utf-8")
    assert record_places(tmp_path / "feed.json", [1, 3]) == {1: (2, 1)}


@pytest.mark.parametrize("content", [None, b"", b"no JSON", b"IdName,City\nada@contoso.com,Oslo\n"])
def test_a_file_that_cannot_be_read_has_none(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "feed.json").write_bytes(content)
    assert record_places(tmp_path / "feed.json", [1]) == {}


def test_columns_go_on_over_pieces(tmp_path: Path) -> None:
    text = '{"value":[{"Id":"a","N":"' + "ü€\U0001f600" * 200_000 + '"},{"Id":"b"}]}'
    (tmp_path / "feed.json").write_text(text, "utf-8")
    assert record_places(tmp_path / "feed.json", [1, 2]) == {1: (1, 11), 2: (1, text.index('{"Id":"b"') + 1)}
