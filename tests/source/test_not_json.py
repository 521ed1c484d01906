"""Where a source file isn't valid JSON, and the words for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.source.reader.json_text import NotJsonError, excerpt, position
from analyzer.source.reader.records import read_records

if TYPE_CHECKING:
    from pathlib import Path

BROKEN = {
    "a backslash that is not escaped": (
        '{"value":[{"IdName":"a","Department":"R&D"},\n{"IdName":"b","Department":"R\\V"}]}',
        (2, 30, 'a backslash before "V"', "\\V", "in record 2"),
    ),
    "backslashes in brackets": (
        r'{"value":[{"a":"Bauleiter Baulogistik (m\w\d)"}]}',
        (1, 41, 'a backslash before "w"', "\\w", "in record 1"),
    ),
    "a short hexadecimal escape": (r'{"value":[{"a":"\u12"}]}', (1, 17, 'before "u"', r"\u12", "in record 1")),
    "a quotation mark that is not escaped": (
        '{"value":[{"office":"Room "Kiel" 2"}]}',
        (1, 28, '"K" after a value: a quotation mark not escaped', 'Kiel" 2', "in record 1"),
    ),
    "a comma forgotten": ('{"value":[{"a":"1"} {"a":"2"}]}', (1, 21, '"{" after a value: ', '{"a":"2"', "")),
    "cut off in a string": (
        '{"value":[{"a":"1"},{"a":"2',
        (1, 26, "opens a value that never ends", '"2', "in record 2"),
    ),
    "cut off behind a value": ('{"value":[{"a":"1"', (1, 19, 'ends where "," should be', "", "in record 1")),
    "cut off behind a name": ('{"value":[{"a"', (1, 15, 'ends where ":" should be', "", "in record 1")),
    "cut off behind a record": ('{"value":[{"a":1},', (1, 19, 'ends where "{" should be', "", "in record 2")),
    "cut off behind the array": ('{"value":[]', (1, 12, 'the object\'s "}" is missing at the end', "", "")),
    "nothing": ("", (1, 1, 'the file ends where "{" should be', "", "")),
    "a word that isn't a value": ('{"value":[{"a":yes}]}', (1, 16, "yes isn't a value", "yes", "in record 1")),
    "a day without quotes": ('{"value":[{"a":2026-11-23}]}', (1, 16, "2026-11-23 isn't a value", "", "in record 1")),
    "no value behind a colon": ('{"value":[{"a":}]}', (1, 16, '"}" where a value should be', "", "in record 1")),
    "no name": ('{"value":[{:1}]}', (1, 12, "a property's name should be", "", "in record 1")),
    "text behind the end": ('{"value":[]} x', (1, 14, "after the end", "", "")),
    "a wrong bracket": ('{"value":[{"a":[1}}]}', (1, 18, '"}" after a value', "", "in record 1")),
    "a wrong bracket at once": ('{"value":[{"a":[}]}', (1, 17, '"}" where a value should be', "", "in record 1")),
    "a fault inside a nested value": ('{"value":[{"a":{"b":"\\V"}}]}', (1, 22, "backslash", "", "in record 1")),
    "a nested member without a colon": ('{"value":[{"a":{"b" 1}}]}', (1, 21, '":" should be', "", "in record 1")),
    "a comment that never ends": ('{"value":[/* x', (1, 11, '"/" where', "", "in record 1")),
    "lines that CR ends": ('{\r"value":\r[x]}', (3, 2, '"x" where', "", "in record 1")),
    "lines that CRLF ends": ('{\r\n"value":\r\n[x]}', (3, 2, '"x" where', "", "in record 1")),
    "letters beyond ASCII before": ('{"value":[{"ä€😀":x}]}', (1, 18, "x isn't a value", "😀", "in record 1")),
    "a control character": ('{"value":[\x00]}', (1, 11, "a control character where", "", "in record 1")),
}


@pytest.mark.parametrize(("text", "expected"), BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_fault_is_reported_by_line_and_column(
    tmp_path: Path, text: str, expected: tuple[int, int, str, str, str], encoding: str
) -> None:
    line, column, problem, shown, record = expected
    path = tmp_path / "hr-feed.json"
    path.write_bytes(text.encode(encoding) if text else b"")
    with pytest.raises(NotJsonError) as raised:
        list(read_records(path))
    error = raised.value
    assert (error.line, error.column) == (line, column)
    assert problem in error.problem
    assert f"{path} isn't valid JSON: line {line}, column {column}: " in error.what
    assert shown in error.what
    assert ("in record" in error.what) is bool(record)
    assert error.what.endswith(record)


def test_a_long_line_has_thousands_in_its_column(tmp_path: Path) -> None:
    path = tmp_path / "hr-feed.json"
    records = ",".join(['{"IdName":"ada@contoso.com"}'] * 2_000)
    path.write_text(f'{{"value":[{records},{{"Department":"R\\V"}}]}}', encoding="utf-8")
    with pytest.raises(NotJsonError, match=r'line 1, column 58,027: a backslash before "V" .* in record 2,001\.'):
        list(read_records(path))


def test_a_column_counts_characters_over_the_border_of_a_piece() -> None:
    buffer = b"x\n" + b"a" * ((1 << 20) - 1) + "€€x".encode()
    assert position(buffer, len(buffer) - 1) == (2, (1 << 20) + 2)


def test_an_excerpt_is_one_printable_line() -> None:
    buffer = "\ufeffabc\r\n\x1b[31m€def\u202eghi".encode()
    assert excerpt(buffer, 8) == "abc␍␊␛[31m€def\ufffdghi"
    assert excerpt(buffer, len(buffer), around=4) == "ghi"


@pytest.mark.parametrize("end", ["x", ".e", "e", ".."])
def test_an_invalid_number_of_a_million_digits_is_rejected(tmp_path: Path, end: str) -> None:
    path = tmp_path / "hr-feed.json"
    path.write_text(f'{{"value":[{{"a":{"1" * 1_000_000}{end}}}]}}', encoding="utf-8")
    with pytest.raises(NotJsonError, match="isn't a value"):
        list(read_records(path))
