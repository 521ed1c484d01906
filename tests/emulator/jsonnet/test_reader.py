"""The sentences and positions are Json.NET's: the first group stands in its own tests, the second in logs seen."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.emulator.jsonnet import JsonReaderError
from analyzer.emulator.jsonnet.model import Token
from analyzer.emulator.jsonnet.reader import MAX_DEPTH, Reader

OF_ITS_OWN_TESTS = [
    ("[0 1 2]", "After parsing a value an unexpected character was encountered: 1. Path '[0]', line 1, position 3."),
    ("n", "Unexpected end when reading JSON. Path '', line 1, position 1."),
    ("nu", "Unexpected end when reading JSON. Path '', line 1, position 2."),
    ("ne", "Unexpected end when reading JSON. Path '', line 1, position 2."),
    ("nulz", "Error parsing null value. Path '', line 1, position 3."),
    ("nullz", "Error parsing null value. Path '', line 1, position 4."),
    ("'h\\u006", "Unexpected end while parsing Unicode escape sequence. Path '', line 1, position 4."),
    ("'h\\", "Unterminated string. Expected delimiter: '. Path '', line 1, position 3."),
    ("'hi", "Unterminated string. Expected delimiter: '. Path '', line 1, position 3."),
    ("0aq2dun", "Unexpected character encountered while parsing number: q. Path '', line 1, position 2."),
    ("{}}", "Additional text encountered after finished reading JSON content: }. Path '', line 1, position 2."),
    ("/* sdf", "Unexpected end while parsing comment. Path '', line 1, position 6."),
    ("/sdf", "Error parsing comment. Expected: *, got s. Path '', line 1, position 1."),
    ("new Date,()", "Unexpected character while parsing constructor: ,. Path '', line 1, position 8."),
    ("new Dat", "Unexpected end while parsing constructor. Path '', line 1, position 7."),
    ("new Date !", "Unexpected character while parsing constructor: !. Path '', line 1, position 9."),
    ("1E+309", "Input string '1E+309' is not a valid number. Path '', line 1, position 6."),
    ("5.1231231E", "Input string '5.1231231E' is not a valid number. Path '', line 1, position 10."),
    ("-", "Input string '-' is not a valid number. Path '', line 1, position 1."),
    ("truetrue", "Error parsing boolean value. Path '', line 1, position 4."),
    (
        '{\n    "A" : true,\n    "B" ""',
        "Invalid character after parsing property name. Expected ':' but got: \". Path 'A', line 3, position 8.",
    ),
    ('{ "ItemName": "value", "u":netan }', "Unexpected content while parsing JSON. Path 'u', line 1, position 29."),
    ('{"prop":"\\u123!"}', "Invalid Unicode escape sequence: \\u123!. Path 'prop', line 1, position 11."),
]

OF_ITS_RULES = [
    ("X", "Unexpected character encountered while parsing value: X. Path '', line 0, position 0."),
    ("\n\nX", "Unexpected character encountered while parsing value: X. Path '', line 0, position 0."),
    ("/**/\nX", "Unexpected character encountered while parsing value: X. Path '', line 2, position 0."),
    ("]", "JsonToken EndArray is not valid for closing JsonType None. Path '', line 1, position 1."),
    ('{"a":1]', "JsonToken EndArray is not valid for closing JsonType Object. Path '', line 1, position 7."),
    ('{"a":}', "Unexpected character encountered while parsing value: }. Path 'a', line 1, position 5."),
    ('{"a":1,,}', "Invalid property identifier character: ,. Path 'a', line 1, position 7."),
    ("{a-b:1}", "Invalid JavaScript property identifier character: -. Path '', line 1, position 2."),
    ("{a", "Unexpected end while parsing unquoted property name. Path '', line 1, position 2."),
    ('{"a"', "Invalid character after parsing property name. Expected ':' but got: \0. Path '', line 1, position 4."),
    ("nope", "Unexpected character encountered while parsing value: n. Path '', line 0, position 0."),
    ("[1,'a\\x']", "Bad JSON escape sequence: \\x. Path '[0]', line 1, position 7."),
    ("[1,09]", "Input string '09' is not a valid number. Path '[1]', line 1, position 5."),
    ("[\u0663]", "Unexpected character encountered while parsing number: \u0663. Path '', line 1, position 1."),
    ("[+1]", "Unexpected character encountered while parsing value: +. Path '', line 1, position 1."),
    ("[new (1)]", "Empty constructor name. Path '', line 1, position 5."),
    ("[new a(1]", "JsonToken EndArray is not valid for closing JsonType Constructor. Path '[0]', line 1, position 9."),
    ("[true)]", "Error parsing boolean value. Path '', line 1, position 5."),
    ("{\U00010400:1}", "Invalid property identifier character: \ufffd. Path '', line 1, position 1."),
    ("{a\U00010400:1}", "Invalid JavaScript property identifier character: \ufffd. Path '', line 1, position 2."),
    ("'h\\u0061", "Unexpected end while parsing Unicode escape sequence. Path '', line 1, position 4."),
    ("{}//", "Unexpected end while parsing comment. Path '', line 1, position 3."),
    ("['\\\n']", "Bad JSON escape sequence: \\\n. Path '', line 1, position 4."),
    ("['\\\U0001f600']", "Bad JSON escape sequence: \\\ufffd. Path '', line 1, position 4."),
    ("['\U0001f600\\q']", "Bad JSON escape sequence: \\q. Path '', line 1, position 6."),
    ("['\r\n\r\n", "Unterminated string. Expected delimiter: '. Path '', line 4, position 0."),
    ("-Inf", "Unexpected end when reading JSON. Path '', line 1, position 4."),
    (f"[{'1' * 381}]", f"JSON integer {'1' * 381} is too large to parse. Path '[0]', line 1, position 382."),
]


@pytest.mark.parametrize(("text", "message"), [*OF_ITS_OWN_TESTS, *OF_ITS_RULES], ids=repr)
def test_it_fails_in_the_words_of_json_net_and_at_its_position(text: str, message: str) -> None:
    assert failure(text) == message


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('{"a":1,}', ["a", 1]),
        ("[1,]", [1]),
        ("[1,,2]", [1, None, 2]),
        ('{"a":,"b":2}', ["a", None, "b", 2]),
        ("{'a':'it\"s'}", ["a", 'it"s']),
        ("{a_$1:2, \u00e9: 3}", ["a_$1", 2, "\u00e9", 3]),
        ("/*x*/[//y\r\n1/***/]", [1]),
        ("['a\tb\r\nc']", ["a\tb\r\nc"]),
        ("[0x1F, 017, 0xFFFFFFFFFFFFFFFF, .5, 1., -01]", [31, 15, -1, 0.5, 1.0, -1]),
        ("new a(true)", [True]),
        ("[true, false, null, undefined]", [True, False, None, None]),
        ("[Infinity, -Infinity]", [float("inf"), float("-inf")]),
        ("['\\'\\/\\b\\f\\n\\r\\t\\\\']", ["'/\b\f\n\r\t\\"]),
        ("['\\ud83d\\ude00', '\\ud83d!', '\\ude00', '\\ud83d\\ud83d\\ude00']", ["😀", "\ufffd!", "\ufffd", "\ufffd😀"]),
        ("[\0 1\xa0,\u20282\x0b]", [1, 2]),
        (f"[{'1' * 380}]", [int("1" * 380)]),
    ],
    ids=repr,
)
def test_it_takes_what_json_net_takes_beyond_json(text: str, values: list[object]) -> None:
    assert scalars(text) == values


def test_a_constructor_is_a_container_of_its_arguments() -> None:
    reader = Reader("new Date(1, 'a')")
    tokens = [reader.read() for _ in range(5)]
    assert tokens == [Token.StartConstructor, Token.Integer, Token.String, Token.EndConstructor, None]


def test_nan_is_a_float() -> None:
    reader = Reader("NaN")
    assert (reader.read(), str(reader.value)) == (Token.Float, "nan")


def test_a_comment_is_a_token_of_its_own() -> None:
    reader = Reader("/*a*/1//b\n")
    assert [reader.read() for _ in range(4)] == [Token.Comment, Token.Integer, Token.Comment, None]


@pytest.mark.parametrize("bracket", ["[", '{"a":'])
def test_it_opens_as_many_containers_as_json_net_does_and_no_more(bracket: str) -> None:
    assert failure(bracket * MAX_DEPTH) == "none"
    assert "MaxDepth of 64 has been exceeded" in failure(bracket * (MAX_DEPTH + 1))


def test_thousands_of_open_brackets_do_no_harm() -> None:
    assert "MaxDepth" in failure("[" * 100_000)


# What a mutation can bring in that a reader has an opinion on.
ODD = "{}[]():,\"'\\/*ntfuNI-+.0x9eE \t\r\n\0a_$é😀\ufeff"
DOCUMENTS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(DOCUMENTS, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_strict_json_means_the_same_as_to_any_reader(
    document: object, ascii_only: bool, indent: int | str | None
) -> None:
    text = json.dumps(document, ensure_ascii=ascii_only, indent=indent)
    reader = Reader(text)
    assert build(reader, reader.read()) == repaired(document)
    assert reader.read() is None


@given(DOCUMENTS, st.lists(st.tuples(st.integers(0, 200), st.integers(0, 3), st.text(ODD, max_size=3)), max_size=3))
def test_whatever_happens_to_a_text_it_raises_nothing_but_its_own_error(
    document: object, mutations: list[tuple[int, int, str]]
) -> None:
    text = json.dumps(document, ensure_ascii=False)
    for offset, deleted, inserted in mutations:
        text = text[:offset] + inserted + text[offset + deleted :]
    failure(text)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=5), st.sampled_from("%@#!~"))
def test_the_position_of_an_unexpected_character_points_at_it(strings: list[str], character: str) -> None:
    text = json.dumps([*strings, 1], ensure_ascii=False, indent=1)
    head, tail = text[:-2], text[-2:]
    with pytest.raises(JsonReaderError) as raised:
        drain(Reader(f"{head} {character}{tail}"))
    lines = f"{head} {character}{tail}".replace("\r\n", "\n").replace("\r", "\n").split("\n")
    line = lines[raised.value.line - 1].encode("utf-16-le")
    assert line[2 * raised.value.position :].decode("utf-16-le").startswith(character)


@given(st.text(ODD + '"', max_size=40))
def test_every_text_ends_within_as_many_tokens_as_it_has_characters_and_never_steps_back(text: str) -> None:
    reader = Reader(text)
    offsets = [0]
    try:
        while reader.read():
            offsets.append(reader.offset)
    except JsonReaderError:
        pass
    assert all(before <= after for before, after in pairwise(offsets))
    assert len(offsets) <= 2 * len(text) + 1


def failure(text: str) -> str:
    try:
        drain(Reader(text))
    except JsonReaderError as error:
        return str(error)
    return "none"


def drain(reader: Reader) -> None:
    while reader.read():
        pass


def scalars(text: str) -> list[object]:
    reader = Reader(text)
    values: list[object] = []
    while token := reader.read():
        if not token.startswith(("Start", "End")) and token is not Token.Comment:
            values.append(reader.value)
    return values


def build(reader: Reader, token: Token | None) -> object:
    if token is Token.StartArray:
        array = []
        while (inner := reader.read()) is not Token.EndArray:
            array.append(build(reader, inner))
        return array
    if token is Token.StartObject:
        members = {}
        while reader.read() is not Token.EndObject:
            name = reader.value
            members[name] = build(reader, reader.read())
        return members
    return reader.value


def repaired(document: object) -> object:
    """What Json.NET makes of halves of surrogate pairs, which hypothesis does not draw but JSON could hold."""
    return json.loads(json.dumps(document))
