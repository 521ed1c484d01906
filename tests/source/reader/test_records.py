"""The source file record by record: as JSON says, and beyond it as the service tolerates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.errors import InputError
from analyzer.source.reader.json_text import NotJsonError
from analyzer.source.reader.records import read_records
from tests.source.reference_reader import read

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.source.reader.tolerant import Record


def records_of(folder: Path, text: str | bytes) -> list[Record]:
    path = folder / "source.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read_records(path))


def texts_of(record: Record) -> dict[str, str | None]:
    return {name: record.text(name) for name in record.members}


def value(text: str) -> str:
    return f'{{"value":[{{"IdName":{text}}}]}}'


TOLERATED = {
    "a comma before each bracket": ('{"value":[{"a":"1",},],}', [{"a": "1"}]),
    "no records": ('{"value":[]}', []),
    "an empty record": ('{"value":[{}]}', [{}]),
    "single quotes": ("{'value':[{'a':'1'}]}", [{"a": "1"}]),
    "the other quotes inside": ("""{"value":[{"a":"'",'b':'"'}]}""", [{"a": "'", "b": '"'}]),
    "an escaped single quote": (r"""{"value":[{"a":"O\'Hara"}]}""", [{"a": "O'Hara"}]),
    "unquoted names": ("{value:[{IdName:'1',$a_2:'2',Straße:'3'}]}", [{"IdName": "1", "$a_2": "2", "Straße": "3"}]),
    "a blank beyond ASCII ends a name": (
        "{value\u00a0:[{IdName\u2028:'1',Stra\u00dfe\u3000:'2'}]}",
        [{"IdName": "1", "Stra\u00dfe": "2"}],
    ),
    "comments anywhere": (
        '//x\n{/*x*/"value"/*}*/:/*{*/[//]\r{"a"/**/:/*"*/"1"/*,*/}/*]*/,/*\n*/]}//',
        [{"a": "1"}],
    ),
    "a comment's signs inside a string": ('{"value":[{"a":"http://x/*y*/"}]}', [{"a": "http://x/*y*/"}]),
    "words that JSON lacks": (
        '{"value":[{"a":NaN,"b":Infinity,"c":-Infinity,"d":undefined}]}',
        [{"a": "NaN", "b": "Infinity", "c": "-Infinity", "d": None}],
    ),
    "numbers": (
        '{"value":[{"a":0x1F,"b":017,"c":.5,"d":1.,"e":-1.5E+3}]}',
        [{"a": "0x1F", "b": "017", "c": ".5", "d": "1.", "e": "-1.5E+3"}],
    ),
    "a date": ('{"value":[{"a":new Date(1479513600000),"b":"1"}]}', [{"a": "new Date(1479513600000)", "b": "1"}]),
    "a line end and a tab in a string": ('{"value":[{"a":"x\r\n\ty"}]}', [{"a": "x\r\n\ty"}]),
    "null and the empty string are no text": (
        '{"value":[{"a":null,"b":"","c":\'\'}]}',
        [{"a": None, "b": None, "c": None}],
    ),
    "the last of a name counts": ('{"value":[{"a":"1","a":"2"}]}', [{"a": "2"}]),
    "escapes": (r'{"value":[{"a":"\u00e9\n\ud83d\ude00\/","\u0062":"1"}]}', [{"a": "é\n\U0001f600/", "b": "1"}]),
    "half a pair": (r'{"value":[{"a":"\ud800x"}]}', [{"a": "\ufffdx"}]),
    "further keys": ('{"odata":{"x":[{"value":[]}]},"value":[{"a":"1"}],"next":null}', [{"a": "1"}]),
    "nested values": ('{"value":[{"a":{"b":["}",{}]},"c":"1"}]}', [{"a": '{"b":["}",{}]}', "c": "1"}]),
    "blanks of other scripts": ('{\u00a0"value"\u3000:[{"a"\u2003:\u2028"1"}]\u0085}', [{"a": "1"}]),
}


@pytest.mark.parametrize(("text", "expected"), TOLERATED.values(), ids=TOLERATED.keys())
def test_syntax_that_the_service_tolerates_is_read(
    tmp_path: Path, text: str, expected: list[dict[str, str | None]]
) -> None:
    assert [texts_of(record) for record in records_of(tmp_path, text)] == expected


@pytest.mark.parametrize("name", [name for name in TOLERATED if name not in {"a date", "nested values"}])
def test_the_slow_reader_reads_the_same(name: str) -> None:
    text, expected = TOLERATED[name]
    assert read(text) == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_source_may_have_a_mark_or_be_utf_16(tmp_path: Path, encoding: str) -> None:
    found = records_of(tmp_path, value('"jürgen@contoso.com"').encode(encoding))
    assert [record.raw.decode() for record in found] == ['{"IdName":"jürgen@contoso.com"}']
    assert found[0].text("IdName") == "jürgen@contoso.com"


def test_a_source_of_windows_1252_is_read_as_such(tmp_path: Path) -> None:
    text = '{"IdName":"jürgen@contoso.com","Größe":"1 €"}'
    found = records_of(tmp_path, b'{"value":[' + text.encode("cp1252") + b"]}")
    assert found[0].raw == text.encode("utf-8")
    assert texts_of(found[0]) == {"IdName": "jürgen@contoso.com", "Größe": "1 €"}


def test_a_damaged_byte_in_a_source_of_utf_8_stays_as_it_is(tmp_path: Path) -> None:
    raw = '{"IdName":"jürgen@contoso.com","City":"K'.encode() + b'\xf6ln"}'
    found = records_of(tmp_path, b'{"value":[' + raw + b"]}")
    assert found[0].raw == raw
    assert texts_of(found[0]) == {"IdName": "jürgen@contoso.com", "City": "K\ufffdln"}


def test_a_record_knows_its_place_and_its_bytes(tmp_path: Path) -> None:
    found = records_of(tmp_path, '{ "value" : [ {"a" : 1 } ,\r\n {\'a\':2 , } ] }')
    assert [(record.position, record.raw) for record in found] == [(0, b'{"a" : 1 }'), (1, b"{'a':2 , }")]


def test_a_missing_name_has_no_text(tmp_path: Path) -> None:
    assert records_of(tmp_path, value("1"))[0].text("Other") is None


@pytest.mark.parametrize("number", [1, 5_000, 5_001, 20_000])
def test_escapes_and_members_may_be_many(tmp_path: Path, number: int) -> None:
    for spelled, text in ((r"\"x", '"x'), (r"\\", "\\")):
        found = records_of(tmp_path, value(f'"{spelled * number}"'))
        assert found[0].text("IdName") == text * number
    members = ",".join(f'"a{index}":"\\\\"' for index in range(number))
    assert len(records_of(tmp_path, f'{{"value":[{{{members}}}]}}')[0].members) == number


def test_a_quotation_mark_after_two_backslashes_ends_a_value(tmp_path: Path) -> None:
    for quote in "\"'":
        found = records_of(tmp_path, value(rf"{quote}a\\{quote},b:{quote}c\\\{quote}{quote}"))
        assert texts_of(found[0]) == {"IdName": "a\\", "b": f"c\\{quote}"}


@pytest.mark.parametrize("comment", ["/**/", "/***/", "/* * / ** /x*/", "/*/ */", "/*\n*/", "// x\n", "/**//*x**/"])
def test_comments_are_passed_over(tmp_path: Path, comment: str) -> None:
    found = records_of(tmp_path, f'{comment}{{"value"{comment}:[{comment}{{"a":{comment}"1"{comment}}}{comment}]}}')
    assert texts_of(found[0]) == {"a": "1"}


@pytest.mark.parametrize("blank", ["/**/", "\u00a0", " /*x*/\n", "//\n"])
def test_blanks_and_comments_may_be_many(tmp_path: Path, blank: str) -> None:
    for number in (249, 250, 251, 999, 1000, 1001, 5_000):
        assert texts_of(records_of(tmp_path, f'{{"value":[{blank * number}{{"a":"1"}}]}}')[0]) == {"a": "1"}


def test_a_deep_value_is_no_recursion(tmp_path: Path) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    assert records_of(tmp_path, value(deep))[0].text("IdName") == deep


def test_records_come_before_the_error_after_them(tmp_path: Path) -> None:
    path = tmp_path / "source.json"
    path.write_bytes(b'{"value":[{"a":"1"},{"a":"2"},{"a":x]}')
    found = read_records(path)
    assert [next(found).text("a"), next(found).text("a")] == ["1", "2"]
    with pytest.raises(NotJsonError, match="in record 3"):
        next(found)


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        list(read_records(tmp_path / "missing.json"))
