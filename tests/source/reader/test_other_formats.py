"""Valid JSON of another shape than the import format: what generators write, what is said of it, what is certain."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from analyzer.source.count_records import measure
from analyzer.source.diagnosis.locate_fault import locate
from analyzer.source.find import find_records
from analyzer.source.model import FaultKind
from analyzer.source.reader.json_text import NotImportFormatError
from analyzer.source.reader.records import has_no_users, read_records
from analyzer.source.salvage.read import Corrected, Record, check_shape, salvage

if TYPE_CHECKING:
    from pathlib import Path

ADA = '{ "IdName" : "ada@contoso.com","City":"\\u004fslo" }'
BOB = '{"IdName":"bob@contoso.com","City":"Bergen"}'
PAGE = '{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users","@odata.count":9,"value":[%s]}'

# The text; words of the error; the records that --repair writes; none where it has to refuse.
SHAPES = {
    # ConvertTo-Json of a pipeline with one object
    "one object as the value": (f'{{"value":  {ADA}}}', 'its "value" is one object', [ADA]),
    "one object and nothing around it": (ADA, "but one object", [ADA]),
    "an error message": ('{"error":"invalid_grant","error_description":"AADSTS70008: expired"}', "but one object", []),
    # Windows PowerShell 5.1
    "a wrapper as the value": (f'{{"value":{{"value":[{ADA},{BOB}],"Count":2}}}}', "an object that holds", [ADA, BOB]),
    "a wrapper of another count": (f'{{"value":{{"value":[{ADA},{BOB}],"Count":3}}}}', "one object", []),
    "a wrapper in the list": (f'{{"value":[{{"value":[{ADA},{BOB}],"Count":2}}]}}', "holds a further list", [ADA, BOB]),
    "wrappers in the list": (
        f'{{"value":[{{"value":[{ADA}],"Count":1}},{{"Count":1,"value":[{BOB}]}}]}}',
        "holds 2 further lists",
        [ADA, BOB],
    ),
    # the comma operator, or Add where AddRange was meant
    "a list in the list": (f'{{"value":[[{ADA},{BOB}]]}}', "holds a further list in place of records", [ADA, BOB]),
    "lists in the list": (f'{{"value":[[{ADA}],[],[{BOB}]]}}', "holds 3 further lists", [ADA, BOB]),
    "lists of plain values": ('{"value":[["ada@contoso.com","Oslo"]]}', "holds a further list", []),
    "a bare list": (f"[{ADA},\n{BOB}]", "but a list; it has to be an object", [ADA, BOB]),
    "a bare list with a null": (f"[{ADA},null]", "but a list", []),
    "a bare list of pages": (f"[{PAGE % ADA},{PAGE % BOB}]", "holds 2 further lists", [ADA, BOB]),
    "the name in capitals": (f'{{"VALUE":[{ADA}]}}', 'is "VALUE" and has to be "value"', [ADA]),
    "the name with a blank": (f'{{"value ":[{ADA}]}}', 'is "value " and has to be', [ADA]),
    "the name in capitals, and another list": (f'{{"Value":[{ADA}],"users":[{BOB}]}}', "users may be the list", []),
    "the name in two other cases": (f'{{"Value":[{ADA}],"VALUE":[{BOB}]}}', 'called "Value" or "VALUE"', []),
    "the name in capitals, and one object": (f'{{"Value":{ADA}}}', 'is "Value" .* is one object', [ADA]),
    "another name": (f'{{"users":[{ADA}]}}', 'list of objects is called "users"', []),
    "a list further within": (f'{{"d":{{"results":[{ADA}]}}}}', 'is called "d.results"', []),
    "a list within the value": (f'{{"value":{{"users":[{ADA}]}}}}', 'is "value.users"', []),
    # pandas with its default orient
    "an object of columns": ('{"IdName":{"0":"ada@contoso.com"},"City":{"0":"Oslo"}}', "an object of objects", []),
    "an object of users": (f'{{"value":{{"ada":{ADA},"bob":{BOB}}}}}', "one object and has to be a list", []),
    # ConvertTo-Json with a -Depth that is too small
    "texts for records": (
        '{"value":["@{IdName=ada@contoso.com}","@{IdName=b}"]}',
        "2 texts .* -Depth is too small",
        [],
    ),
    "a text for the list": ('{"value":"System.Object[]"}', "System.Object.* -Depth is too small", []),
    "hash tables for records": ('{"value":["System.Collections.Hashtable"]}', "a text .* -Depth is too small", []),
    "other texts": ('{"value":["ada@contoso.com"]}', 'a text in place of records, as "ada@contoso.com"', []),
    "JSON in a text": (json.dumps(f'{{"value":[{ADA}]}}'), "converted to JSON once more", []),
    "a list in a text": (json.dumps({"value": f"[{ADA}]"}), "converted to JSON once more", []),
    "records in texts": (json.dumps({"value": [ADA, BOB]}), "converted to JSON once more", []),
    "objects of JavaScript in texts": (
        '{"value":["[object Object]"]}',
        r"a text in place of records, as \"\[object",
        [],
    ),
    "names in texts": ('{"value":["ada.lovelace"]}', 'a text in place of records, as "ada.lovelace" \\(line', []),
    "a table of pandas": (
        f'{{"schema":{{"fields":[{{"name":"IdName"}}]}},"data":[{ADA}]}}',
        'is called "schema.fields" or "data"',
        [],
    ),
    "a table in parts": ('{"columns":["IdName"],"index":[0],"data":[["ada@contoso.com"]]}', "a list of records", []),
    "a number": ("7", "the file is 7", []),
    "a number for the list": ('{"value":7}', 'its "value" is 7', []),
    "numbers for records": ('{"value":[7,8]}', "record 1 is 7, and each record", []),
    "nulls for records": ('{"value":[null,null]}', "record 1 is null, and each record", []),
    "a record a line": (f"{ADA}\n{BOB}\n", "2 JSON texts one after another", [ADA, BOB]),
    "records and commas": (f"{ADA},\n{BOB}\n", "2 JSON texts one after another", [ADA, BOB]),
    "a record a line, and what is none": (f'{ADA}\n{{"a":1}}\n', "2 JSON texts one after another", []),
    "files that were joined": (f'{{"value":[{ADA}]}}\n{{"value":[{BOB}]}}', "2 JSON texts", [ADA, BOB]),
    "files that were joined by a comma": (f'{{"value":[{ADA}]}},{{"value":[{BOB}]}}', "2 JSON texts", [ADA, BOB]),
    "lists that were joined": (f"[{ADA}]\r\n[{BOB}]", "2 JSON texts one after another", [ADA, BOB]),
    "two lists": (f'{{"value":[{ADA}],\n"value":[{BOB}]}}', 'a second "value" .*line 1, column 10', []),
    "no list": ('{"more":[1]}', "it has to have a list of records", []),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(("text", "words", "records"), SHAPES.values(), ids=SHAPES.keys())
def test_valid_json_of_another_shape_is_reported_as_such(
    tmp_path: Path, text: str, words: str, records: list[str], encoding: str
) -> None:
    path = tmp_path / "hr-feed.json"
    path.write_bytes(text.encode(encoding))
    with pytest.raises(NotImportFormatError, match=words) as raised:
        list(read_records(path))
    error = raised.value
    assert error.what.startswith(f"{path} isn't in the import format: ")
    assert "isn't valid JSON" not in str(error)
    assert error.advice
    assert error.repairable is bool(records)
    # Whoever reads a source says the same.
    for read in (
        measure,
        lambda file: find_records(file, "IdName", None),
        lambda file: find_records(file, "IdName", {"a": 1}),
    ):
        with pytest.raises(NotImportFormatError) as again:
            read(path)
        assert str(again.value) == str(error)
    spot = locate(path, None)
    assert spot is not None
    assert (spot.fault.kind, spot.line, spot.column) == (FaultKind.import_format, error.line, error.column)
    assert not has_no_users(path)


@pytest.mark.parametrize(("text", "_words", "records"), SHAPES.values(), ids=SHAPES.keys())
def test_only_certain_shapes_are_repaired_byte_for_byte(
    tmp_path: Path, text: str, _words: str, records: list[str]
) -> None:
    path = tmp_path / "hr-feed.json"
    path.write_text(text, encoding="utf-8", newline="")
    items = list(salvage(path, repair=True))
    read = [item for item in items if isinstance(item, Record)]
    assert [isinstance(item, Corrected) for item in items].count(True) == bool(records)
    if records:
        assert [(item.position, item.raw.decode()) for item in read] == list(enumerate(records))
        assert all(text.encode()[item.offset :].startswith(item.raw) for item in read)
        check_shape(path, repair=True)


EMPTY = ['{"value":[]}', ' {"value" : [ ] }', '{"next":1,"value":[]}', "[]", '{"Value":[]}', '{"value":null}', "{}"]
EMPTY += ['{"value":{}}', '{"value":{"value":[],"Count":0}}', "null", '{"value":[[]]}']


@pytest.mark.parametrize("text", EMPTY)
def test_a_file_with_nothing_in_place_of_records_has_no_users(tmp_path: Path, text: str) -> None:
    path = tmp_path / "hr-feed.json"
    path.write_text(text, encoding="utf-8")
    assert has_no_users(path)


@pytest.mark.parametrize(
    "text", ["", " ", '{"value":[', '{"value":[]', '{"value":[]]}', '{"value":[null]}', "[{}]", "x"]
)
def test_a_file_that_may_have_lost_its_users_is_not_one_without(tmp_path: Path, text: str) -> None:
    path = tmp_path / "hr-feed.json"
    path.write_text(text, encoding="utf-8")
    assert not has_no_users(path)


def test_a_fault_within_another_shape_is_the_fault_that_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "hr-feed.json"
    path.write_text(f'[{ADA},\n{{"IdName":"bob","Office":"R\\V"}}]', encoding="utf-8")
    with pytest.raises(Exception, match=r'isn\'t valid JSON: line 2, column 28: a backslash before "V"'):
        list(read_records(path))


def test_values_that_are_not_records_are_skipped_and_keep_their_places(tmp_path: Path) -> None:
    path = tmp_path / "hr-feed.json"
    path.write_text(f'{{"value":[null,{ADA},[1],{BOB},"x"]}}', encoding="utf-8")
    assert [(record.position, record.raw.decode()) for record in read_records(path)] == [(1, ADA), (3, BOB)]
    found = find_records(path, "IdName", {"bob@contoso.com": 1, "ada@contoso.com": 2})
    assert (found.records, list(found.others), list(found.spans.positions)) == (5, [0, 2, 4], [1, 3])
    assert found.other is not None
    assert "record 1 is null" in found.other.what
    assert measure(path).users == 2
