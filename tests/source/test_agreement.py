"""Properties of the reader over generated files: as JSON reads them, and as the slow reader does."""

from __future__ import annotations

import codecs
import json
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.errors import InputError
from analyzer.source.reader.json_text import SourceFormatError
from analyzer.source.reader.records import read_records
from tests.source.reference_reader import RefusedError, read

if TYPE_CHECKING:
    from pathlib import Path

# Each example writes the one file anew; and nothing here is about time.
no_deadline = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

NAME = st.sampled_from(["IdName", "City", "Cost Center", "Größe", "a'b", 'a"b', "a\\b", ""])
PLAIN = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=12)
)
NESTED = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAME, inner, max_size=3), max_leaves=6
)
SOURCE = st.lists(st.dictionaries(NAME, NESTED, max_size=5), max_size=6)
LAYOUT = st.fixed_dictionaries(
    {
        "ensure_ascii": st.booleans(),
        "indent": st.none() | st.integers(0, 2),
        "separators": st.sampled_from([(",", ":"), (" , ", " : ")]),
    }
)


@no_deadline
@given(SOURCE, LAYOUT)
def test_strict_json_is_read_like_pythons_json(
    tmp_path: Path, source: list[dict[str, object]], layout: dict[str, object]
) -> None:
    text = json.dumps({"odata": [1, {"value": 2}], "value": source}, **layout)  # type: ignore[arg-type]
    path = tmp_path / "source.json"
    path.write_bytes(text.encode())
    found = list(read_records(path))
    assert [json.loads(record.raw) for record in found] == source
    for record, expected in zip(found, source, strict=True):
        strings = {name: text for name, text in expected.items() if isinstance(text, str)}
        assert {name: record.text(name) or "" for name in strings} == strings


SIGNS = ("{", "}", "[", "]", ",", ":", '"', "'", "\\", "/", "/*", "*/", "//", "\n", " ", "\u00a0", "#", "é", "-")
WORDS = ('"a"', "'b'", "c", "value", "1", "1.", "0x", ".5e3", "1.e2", "null", "NaN", "nul")
STRINGS = (r'"\V"', r'"\u00e9"', r'"\u12"', '"x\ny"')
TOKEN = st.sampled_from([*SIGNS, *WORDS, *STRINGS])
MUTATION = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 3), TOKEN), max_size=3)
WHOLE = [
    '{"value":[{"a":"1","b":2,},{\'c\':[{"d":null},"]"],e:{}}]}',
    '{"x":{"y":[]},value:[{"a":{"b":[1,{"c":\'\'}]}}]}',
]


def slowly(text: str) -> list[dict[str, object]] | None:
    try:
        return read(text)
    except RefusedError:
        return None


def really(folder: Path, raw: bytes) -> list[dict[str, str | None]] | InputError:
    path = folder / "source.json"
    path.write_bytes(raw)
    try:
        return [{name: record.text(name) for name in record.members} for record in read_records(path)]
    except InputError as error:
        return error


@settings(no_deadline, max_examples=400)
@given(st.sampled_from(WHOLE), MUTATION)
def test_a_mutated_source_is_read_or_refused_as_the_slow_reader_does(
    tmp_path: Path, text: str, mutations: list[tuple[int, int, str]]
) -> None:
    for at, length, token in mutations:
        text = text[:at] + token + text[at + length :]
    expected, found = slowly(text), really(tmp_path, text.encode())
    if isinstance(found, InputError):
        assert isinstance(found, SourceFormatError)
        assert expected is None
        assert 1 <= found.line <= text.count("\n") + text.count("\r") + 1
        assert 0 <= found.offset <= len(text.encode())
        return
    assert expected is not None
    for texts, members in zip(found, expected, strict=True):
        assert texts.keys() == members.keys()
        plain = {name: member for name, member in members.items() if not isinstance(member, (dict, list))}
        assert {name: texts[name] for name in plain} == plain


@no_deadline
@given(st.binary(max_size=60), st.binary(max_size=60))
def test_no_bytes_raise_anything_but_a_plain_error(tmp_path: Path, head: bytes, tail: bytes) -> None:
    for raw in (head, b'{"value":[{"a":"' + head + b'"}' + tail, codecs.BOM_UTF16_LE + head):
        found = really(tmp_path, raw)
        assert isinstance(found, list) or str(found).startswith(str(tmp_path))
