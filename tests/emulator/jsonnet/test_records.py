import codecs
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.emulator.jsonnet import JsonReaderError, Scalar, read_records
from analyzer.emulator.jsonnet.records import read_tolerantly

ADA = {"IdName": "ada@contoso.com", "City": "Espoo"}
VENDOR_STYLE = b"""{
   "value": [
     {
       "IdName": "ada@contoso.com",
       "City": "Espoo",
     },
     {
       "IdName": "bo@contoso.com",
       "City": "",
     },
   ]
}
"""


def test_the_vendors_own_style_with_commas_before_brackets_is_read() -> None:
    assert records(VENDOR_STYLE) == [ADA, {"IdName": "bo@contoso.com", "City": ""}]


@pytest.mark.parametrize("style", [None, 2])
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_a_file_is_read_in_its_encoding(mark: bytes, encoding: str, style: int | None) -> None:
    given_records = [{"IdName": "ada@contoso.com", "City": "Zürich Ω 東京 😀"}]
    text = json.dumps({"value": given_records}, ensure_ascii=False, indent=style)
    assert records(mark + text.encode(encoding)) == given_records


def test_bytes_that_are_no_utf_8_become_replacement_characters_in_silence() -> None:
    assert records('{"value":[{"a":"Zürich"}]}'.encode("latin-1")) == [{"a": "Z\ufffdrich"}]


def test_a_file_on_disk_is_read_as_its_bytes_are(tmp_path: Path) -> None:
    path = tmp_path / "source.json"
    path.write_bytes(VENDOR_STYLE)
    assert list(read_records(path)) == records(VENDOR_STYLE)
    path.write_bytes(json.dumps({"value": [ADA]}).encode())
    assert list(read_records(path)) == [ADA]
    path.unlink()


def test_an_empty_file_is_no_object(tmp_path: Path) -> None:
    path = tmp_path / "source.json"
    path.touch()
    with pytest.raises(JsonReaderError, match=r"Error reading JObject from JsonReader\. Path '', line 0"):
        list(read_records(path))


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(read_records(tmp_path / "gone.json"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        # Seen: in pnp/script-samples, pnp/powershell, the vendor's article.
        (r'{"value":[{"Department":"R\V"}]}', r"Bad JSON escape sequence: \V. Path 'value[0].Department', line 1, pos"),
        ('{"value":[{"office":"a"K"}]}', "After parsing a value an unexpected character was encountered: K. Path 'va"),
        (
            '{\n  "value": [\n    {\n      "IdName": "ada@contoso.com",\n      "City": "Espoo"\n    }\n  }\n}',
            "JsonToken EndObject is not valid for closing JsonType Array. Path 'value', line 7, position 3.",
        ),
        ("", "Error reading JObject from JsonReader. Path '', line 0, position 0."),
        ("// nothing\n", "Error reading JObject from JsonReader. Path '',"),
        ("[]", "Error reading JObject from JsonReader. Current JsonReader item is not an object: StartArray. Path ''"),
        ("{}", "Required property 'value' not found in JSON. Path '', line 1, position 2."),
        ('{"Value":[]}', "Required property 'value' not found in JSON. Path '', line 1, position 12."),
        (
            '{"value":{"value":[{"a":"b"}],"Count":1}}',
            "Error reading JArray from JsonReader. Current JsonReader item is not an array: StartObject. Path 'value',",
        ),
        ('{"value":5}', "Current JsonReader item is not an array: Integer. Path 'value', line 1, position 10."),
        ('{"value":{}}', "Current JsonReader item is not an array: StartObject. Path 'value', line 1, position 10."),
        (
            '{"value":[{},1]}',
            "Current JsonReader item is not an object: Integer. Path 'value[1]', line 1, position 14.",
        ),
        ('{"value":[{},,]}', "Current JsonReader item is not an object: Undefined. Path 'value[1]', line 1, pos"),
        ('{"value":[{"a":[1]}]}', "Unexpected character encountered while parsing value: [. Path 'value[0].a', line 1"),
        ('{"value":[{"a":{}}]}', "Unexpected character encountered while parsing value: {. Path 'value[0].a', line 1"),
        (
            '{"value":[{"a":"b"',
            "Unexpected end of content while loading JObject. Path 'value[0].a', line 1, position 18.",
        ),
        ('{"value":[{"a":', "Unexpected end of content while loading JObject. Path 'value[0].a', line 1, position 15."),
        ('{"value":[{', "Unexpected end of content while loading JObject. Path 'value[0]', line 1, position 11."),
        ('{"value":[{"a":new b(', "Unexpected end of content while loading JObject. Path 'value[0].a', line 1, pos"),
        ('{"value":[{}', "Unexpected end when reading JSON. Path 'value[0]', line 1, position 12."),
        ('{"value":', "Unexpected end when reading JSON. Path 'value', line 1, position 9."),
        ('{"value":[]', "Unexpected end when reading JSON. Path 'value', line 1, position 11."),
        ('{"value":[]}x', "Additional text encountered after finished reading JSON content: x. Path '', line 1"),
        (
            '{"value":[],"a":[[}',
            "Unexpected character encountered while parsing value: }. Path 'a[0]', line 1, position 18.",
        ),
        ('{"value":[]},', "Additional text encountered after finished reading JSON content: ,. Path '', line 1"),
        (
            '{"value":[{"a":"b",-}]}',
            "Invalid property identifier character: -. Path 'value[0].a', line 1, position 19.",
        ),
        ('{"a":', "Unexpected end when reading JSON. Path 'a', line 1, position 5."),
        ('{"value":[{"Cost Center":x}]}', "value: x. Path 'value[0]['Cost Center']', line 1, position 25."),
        ('{"value":[{"a":"b", "c":"d" "e":1}]}', "encountered: \". Path 'value[0].c', line 1, position 28."),
        (f'{{"value":[{{"a":{"9" * 381}}}]}}', "is too large to parse. Path 'value[0].a', line 1, position 396."),
    ],
    ids=repr,
)
def test_what_is_no_source_file_fails_with_a_sentence_a_path_and_a_position(text: str, message: str) -> None:
    for source in (text.encode(), codecs.BOM_UTF8 + text.encode()):
        with pytest.raises(JsonReaderError) as raised:
            records(source)
        assert message in str(raised.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"value":[]}', []),
        ('{"value":[{}]}', [{}]),
        ('{"value":[null,{"a":"b"},null]}', [{"a": "b"}]),
        ('{"value":[null]}', []),
        (' { "value" : [ {"a":1,"a":2} ] } \n', [{"a": 2}]),
        ('{"@odata.context":{"a":[1,new b(2)]},"value":[{"a":"b"}]}', [{"a": "b"}]),
        ('{"value":[{"a":1}],"value":[{"a":2}]}', [{"a": 1}, {"a": 2}]),
        ('{"value":[{"a":1}],"value":[{"a":2}],}', [{"a": 1}, {"a": 2}]),
        ('{"v\\u0061lue":[{"a":1}]}', [{"a": 1}]),
        ("{'value':[{a:'b', c : 12, 'd':\"e\",},]}//end", [{"a": "b", "c": 12, "d": "e"}]),
        ('{"value":[{"a":/*b*/"c"/*d*/,/*e*/"f":1}]}', [{"a": "c", "f": 1}]),
        ('{"value":[{"a":undefined,"b":,"c":null}]}', [{"a": None, "b": None, "c": None}]),
        ('{"value":[{"a":new Date( 1,[2] ),"b":"c"}]}', [{"a": "new Date( 1,[2] )", "b": "c"}]),
        ('{"value":[{"a":"b","c":01,"d":"e","f":"g"}]}', [{"a": "b", "c": 1, "d": "e", "f": "g"}]),
        ('{"value":[{"a":"\\ud800"},{"a":"b"}]}', [{"a": "\ufffd"}, {"a": "b"}]),
        ('{"value":[{"":"b"}]}', [{"": "b"}]),
    ],
    ids=repr,
)
def test_what_json_net_takes_is_read(text: str, expected: list[dict[str, Scalar]]) -> None:
    assert records(text.encode()) == expected


def test_records_before_the_fault_are_handed_out_once() -> None:
    reading = read_records(b'{"value":[{"a":"1"},{"a":"2"},{"a":[]}]}')
    assert [next(reading), next(reading)] == [{"a": "1"}, {"a": "2"}]
    with pytest.raises(JsonReaderError, match="value\\[2\\]"):
        next(reading)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
RECORDS = st.lists(
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), SCALARS, max_size=5), max_size=5
)


@given(RECORDS, st.booleans(), st.sampled_from([None, 0, "\t"]))
def test_strict_json_gives_the_same_records_by_either_way(
    given_records: list[dict[str, Scalar]], ascii_only: bool, indent: int | str | None
) -> None:
    text = json.dumps({"value": given_records}, ensure_ascii=ascii_only, indent=indent)
    assert list(read_tolerantly(text)) == given_records
    assert typed(records(text.encode())) == typed(list(read_tolerantly(text)))


# The pieces that a file that a program wrote by hand is made of.
PIECES = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    "'",
    "\\",
    "\\u12",
    "\\ud83d",
    "1",
    "0",
    "-",
    "e5",
    "x",
    "null",
    "é",
    "\r\n",
]
MUTATIONS = st.lists(st.tuples(st.integers(0, 120), st.integers(0, 2), st.sampled_from([*PIECES, ""])), max_size=2)


@given(RECORDS, MUTATIONS)
def test_a_damaged_file_gives_the_same_by_either_way(
    given_records: list[dict[str, Scalar]], mutations: list[tuple[int, int, str]]
) -> None:
    text = json.dumps({"value": given_records}, ensure_ascii=False)
    for offset, deleted, inserted in mutations:
        text = text[:offset] + inserted + text[offset + deleted :]
    source = text.encode()
    try:
        slow: object = typed(list(read_tolerantly(text)))
    except JsonReaderError as error:
        slow = str(error)
    try:
        fast: object = typed(records(source))
    except JsonReaderError as error:
        fast = str(error)
    assert fast == slow


def records(source: bytes) -> list[dict[str, Scalar]]:
    return list(read_records(source))


def typed(read: list[dict[str, Scalar]]) -> list[list[tuple[str, str, Scalar]]]:
    """Comparable down to the type: 1, 1.0 and true are three values."""
    return [[(name, type(value).__name__, value) for name, value in members.items()] for members in read]
