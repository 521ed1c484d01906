"""The records of a source file, ``{"value": [{…}, …]}``.

A file that is strict JSON is decoded in C; where that gives up, the reader of this package goes on from there, which
takes what Json.NET takes and knows what Json.NET says. Both give the same records for strict JSON.
"""

from __future__ import annotations

import codecs
import mmap
import re
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from analyzer.emulator.jsonnet.model import UNEXPECTED_END, Scalar, Token
from analyzer.emulator.jsonnet.numbers import too_long
from analyzer.emulator.jsonnet.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator

Buffer: TypeAlias = "bytes | mmap.mmap"

# As StreamReader tells them apart; what has none of them is UTF-8.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEAD = re.compile(rb'[ \t\r\n]*+\{[ \t\r\n]*+"value"[ \t\r\n]*+:')
_RECORDS = msgspec.json.Decoder(list[msgspec.Raw])
_RECORD = msgspec.json.Decoder(dict[str, str | int | float | bool | None])

_NO_OBJECT = "Error reading JObject from JsonReader."
_NO_ARRAY = "Error reading JArray from JsonReader."
_CUT_RECORD = "Unexpected end of content while loading JObject."


def read_records(source: bytes | Path) -> Iterator[dict[str, Scalar]]:
    """A source file's records in order, each a value by its property; of a name that occurs twice the last counts.

    Records that are null are passed over: Json.NET reads them, and there is no user to write (inferred).
    Bytes that are no text in the file's encoding become U+FFFD. A property without a value (``undefined``, nothing
    between two commas) is None; a ``new Date(…)`` is its own text.

    Raises:
        JsonReaderError: where the file is not what Json.NET reads, or no object with an array ``value`` of objects
            of scalars. That, and which of Json.NET's sentences is said then, is inferred.
        OSError: the file cannot be read.
    """
    buffer = _opened(source) if isinstance(source, Path) else source
    done = 0
    strict = _strict_records(buffer)
    if strict is not None:
        for raw in strict:
            members = _strict_members(raw)
            if members is None:
                break
            yield members
            done += 1
        else:
            return
    yield from islice(read_tolerantly(_decoded(buffer)), done, None)


def _opened(path: Path) -> Buffer:
    with path.open("rb") as stream:
        if not path.stat().st_size:
            return b""
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)


def _mark(buffer: Buffer) -> tuple[bytes, str]:
    head = buffer[:4]
    return next((pair for pair in _MARKS if head.startswith(pair[0])), (b"", "utf-8"))


def _decoded(buffer: Buffer) -> str:
    mark, encoding = _mark(buffer)
    return buffer[len(mark) :].decode(encoding, "replace")


def _strict_records(buffer: Buffer) -> list[msgspec.Raw] | None:
    """The records undecoded, where the file is ``{"value": ARRAY}`` and nothing else; they hold on to the buffer."""
    mark, encoding = _mark(buffer)
    head = _HEAD.match(buffer, len(mark))
    tail = buffer.rfind(b"}")
    if encoding != "utf-8" or not head or tail < head.end() or buffer[tail + 1 :].strip(b" \t\r\n"):
        return None
    try:
        # The array alone, so that a second `value` cannot hide in it.
        return _RECORDS.decode(memoryview(buffer)[head.end() : tail])
    except (ValueError, RecursionError):
        return None


def _strict_members(raw: msgspec.Raw) -> dict[str, Scalar] | None:
    """A record's members; None where the tolerant reader must judge."""
    try:
        members = _RECORD.decode(raw)
    except (ValueError, RecursionError):
        return None
    return None if any(map(too_long, members.values())) else members


def read_tolerantly(text: str) -> Iterator[dict[str, Scalar]]:
    """The records of a source file's text, as ``read_records``, without the decoder in C.

    Raises:
        JsonReaderError: as ``read_records``.
    """
    reader = Reader(text)
    token = reader.read_content()
    if token is not Token.StartObject:
        raise reader.error(f"{_NO_OBJECT} Current JsonReader item is not an object: {token}" if token else _NO_OBJECT)
    found = False
    while (token := reader.read_content()) is Token.PropertyName:
        if reader.value == "value":
            found = True
            yield from _read_array(reader)
        else:
            _skip_value(reader)
    if token is None:
        raise reader.error(UNEXPECTED_END)
    if not found:
        raise reader.error("Required property 'value' not found in JSON.")
    while reader.read():
        pass  # comments; anything else raises


def _read_array(reader: Reader) -> Iterator[dict[str, Scalar]]:
    token = reader.read_content()
    if token is None:
        raise reader.error(UNEXPECTED_END)
    if token is not Token.StartArray:
        raise reader.error(f"{_NO_ARRAY} Current JsonReader item is not an array: {token}")
    while (token := reader.read_content()) is not Token.EndArray:
        if token is None:
            raise reader.error(UNEXPECTED_END)
        if token is Token.Null:
            continue
        if token is not Token.StartObject:
            raise reader.error(f"{_NO_OBJECT} Current JsonReader item is not an object: {token}")
        yield _read_record(reader)


def _read_record(reader: Reader) -> dict[str, Scalar]:
    members: dict[str, Scalar] = {}
    while True:
        reader.read_plain_members(members)
        token = reader.read_content()
        if token is Token.EndObject:
            return members
        if token is None:
            raise reader.error(_CUT_RECORD)
        name = str(reader.value)
        members[name] = _read_scalar(reader)


def _read_scalar(reader: Reader) -> Scalar:
    start = reader.offset
    token = reader.read_content()
    if token is None:
        raise reader.error(_CUT_RECORD)
    if token in (Token.StartObject, Token.StartArray):
        bracket = "{" if token is Token.StartObject else "["
        raise reader.error(f"Unexpected character encountered while parsing value: {bracket}.")
    if token is Token.StartConstructor:
        # Json.NET keeps the call; what the service writes then is not known.
        _skip_open(reader)
        return reader.text_since(start).strip()
    return reader.value


def _skip_value(reader: Reader) -> None:
    token = reader.read_content()
    if token in (Token.StartObject, Token.StartArray, Token.StartConstructor):
        _skip_open(reader)


def _skip_open(reader: Reader) -> None:
    depth = 1
    while depth:
        token = reader.read()
        if token is None:
            raise reader.error(_CUT_RECORD)
        depth += token.startswith("Start") - token.startswith("End")
