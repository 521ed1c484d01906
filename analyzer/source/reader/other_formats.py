"""Describe how valid JSON differs from the import format, and which parts certainly are records.

Known deviations: PowerShell's ``ConvertTo-Json`` writes a single record without a list if it is piped, wraps a list as
``{"value":[…],"Count":2}`` (Windows PowerShell 5.1), and converts values deeper than ``-Depth`` to texts such as
``@{IdName=ada@contoso.com}`` or ``System.Object[]`` (seen: PowerShell/PowerShell 2448, 3153, 3574). Programs that
append write several JSON texts.

A correction is certain if it changes no record and is unambiguous: an object around a list, or a list around a record.
A list under another name may have other content, and a text in place of a record has lost its types.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from analyzer.model.service import GUID
from analyzer.model.text import shortened
from analyzer.source.model import Shape, ShapeKind
from analyzer.source.reader.tolerant import after_value, read_key, record_at, skip_blank, skip_value, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.source.reader.json_text import Buffer

_ADVICE = 'Have the feed write {"value": [{…}, {…}]}.'
_DEPTH = "Call ConvertTo-Json with a larger -Depth. What the texts have lost can't be restored: make the file again."
_AS_LIST = "Have the feed write a list also for one record: @($records) or -AsArray in PowerShell."
_TWICE = "Convert to JSON once: the file holds JSON as a text within JSON."
_MAX_DEPTH = 3
_SHOWN = 60
_strict = msgspec.json.Decoder(msgspec.Raw)
# @{IdName=ada@contoso.com; City=Oslo}, System.Collections.Hashtable, System.Object[]
_CUT_BY_DEPTH = re.compile(r"@\{.*|(?:System|Microsoft|Selected|Deserialized)(?:\.\w+)+(?:\[\])?", re.DOTALL)
_CERTAIN_ID = re.compile(rf"[^\s@]@[^\s@]|{GUID.pattern}")


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    at: int
    end: int
    sign: bytes


def shape_of(buffer: Buffer, offset: int) -> Shape | None:
    """Return the shape of a file whose text begins at ``offset``; None if no difference is known.

    Raises:
        GrammarError: the file is neither valid JSON nor a sequence of JSON texts.
    """
    texts = list(_texts(buffer, offset))
    if len(texts) > 1:
        return _several(buffer, texts)
    match buffer[offset : offset + 1]:
        case b"[":
            return _bare_list(buffer, offset)
        case b"{":
            return _object(buffer, offset)
        case _ if texts:
            return _plain(buffer, offset, "the file")
    return None


def several_in(buffer: Buffer, offset: int) -> Shape | None:
    """Return the shape of a file of several JSON texts, the first one at ``offset``; None for other files.

    Raises:
        GrammarError: one of them isn't valid JSON.
    """
    texts = list(_texts(buffer, offset))
    return _several(buffer, texts) if len(texts) > 1 else None


def shown_value(buffer: Buffer, at: int) -> str:
    """Return the value at ``at``, shortened, on one line."""
    token = bytes(buffer[at : min(skip_value(buffer, at), at + 4 * _SHOWN)])
    return shortened(" ".join(token.decode("utf-8", "replace").split()), _SHOWN)


def _texts(buffer: Buffer, offset: int) -> Iterator[tuple[int, int]]:
    """Yield the spans of a file's JSON texts; commas may separate them."""
    try:
        _strict.decode(memoryview(buffer)[offset:])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    else:
        yield offset, len(buffer)
        return
    at = offset
    while at < len(buffer):
        end = record_at(buffer, at, 0)[1] if buffer[at : at + 1] == b"{" else skip_value(buffer, at)
        yield at, end
        at = skip_blank(buffer, end)
        if buffer[at : at + 1] == b",":
            at = skip_blank(buffer, at + 1)


def _several(buffer: Buffer, texts: list[tuple[int, int]]) -> Shape:
    """Return the shape of concatenated files in the import format, or of records without a list."""
    lists = [_list_in(buffer, at) for at, _ in texts]
    words = f"it holds {len(texts):,} JSON texts one after another, and has to be one object with one list"
    advice = "Have the feed put all records into one list."
    second = texts[1][0]
    pieces = tuple(at for at in lists if at is not None)
    if len(pieces) == len(texts) and all(_only_records(buffer, at) for at in pieces):
        return Shape(ShapeKind.several, second, words, advice, pieces)
    if not pieces and all(_is_plain_record(buffer, at) for at, _ in texts):
        return Shape(ShapeKind.several, second, words, advice, tuple(at for at, _ in texts))
    return Shape(ShapeKind.several, second, words, advice)


def _list_in(buffer: Buffer, at: int) -> int | None:
    """Return the offset of a text's list: the text itself, or its "value"; None if there is none."""
    if buffer[at : at + 1] == b"[":
        return at
    values = [one for one in _members(buffer, at) if one.name == "value"]
    return values[0].at if len(values) == 1 and values[0].sign == b"[" else None


def _bare_list(buffer: Buffer, at: int) -> Shape:
    if (within := _in_list(buffer, at)) is not None:
        return within
    words = 'it is valid JSON, but a list; it has to be an object whose "value" is the list'
    return _with_records(buffer, Shape(ShapeKind.bare_list, at, words, _ADVICE, (at,)))


def _with_records(buffer: Buffer, shape: Shape) -> Shape:
    """Return the shape: without pieces if they have values other than records, and ``empty`` if they are empty."""
    lists = [at for at in shape.pieces if buffer[at : at + 1] == b"["]
    if not all(_only_records(buffer, at) for at in lists):
        return Shape(shape.kind, shape.offset, shape.words, shape.advice)
    if len(lists) == len(shape.pieces) and all(_is_empty(buffer, at) for at in lists):
        return Shape(ShapeKind.empty, shape.offset, f"{shape.words}; it is empty", shape.advice)
    return shape


def _object(buffer: Buffer, at: int) -> Shape | None:
    members = _members(buffer, at)
    values = [one for one in members if one.name == "value"]
    if len(values) == 1:
        return _value(buffer, values[0])
    if len(values) > 1:
        words = 'it is valid JSON, but has more than one "value"'
        return Shape(ShapeKind.other, values[1].at, words, "Put all records into one list.")
    if not members:
        return Shape(ShapeKind.empty, at, "it is valid JSON, but an empty object", _ADVICE)
    return _other_case(buffer, at, members) or _unnamed(buffer, at, members)


def _other_case(buffer: Buffer, at: int, members: list[_Member]) -> Shape | None:
    """Return the shape of an object whose list has a name such as "Value"; None if there is none."""
    cased = [one for one in members if one.name.strip().casefold() == "value"]
    if len(cased) == 1 and cased[0].sign in (b"[", b"{"):
        name = cased[0].name
        words = f'it is valid JSON, but the name of the list is "{name}" and has to be "value"'
        within = _value(buffer, cased[0])
        if within is None:
            others = [path for path, _ in _lists(buffer, at, "", 0) if path != name]
            kind = Shape(ShapeKind.key_case, cased[0].at, words, f'Write "value" in place of "{name}".', (cased[0].at,))
            if not others:
                return _with_records(buffer, kind)
            return Shape(
                kind.kind, kind.offset, f"{words}; and {', '.join(others)} may be the list as well", kind.advice
            )
        words = f"{words}; and {within.words.removeprefix('it is valid JSON, but ')}"
        return Shape(within.kind, within.offset, words, within.advice, within.pieces)
    return None


def _unnamed(buffer: Buffer, at: int, members: list[_Member]) -> Shape:
    """Return the shape of an object without a "value"."""
    lists = list(_lists(buffer, at, "", 0))
    if lists:
        names = " or ".join(f'"{path}"' for path, _ in lists[:3])
        words = f'it is valid JSON, but has no "value"; its list of objects is called {names}'
        return Shape(
            ShapeKind.other,
            lists[0][1],
            words,
            'If these are the users, call the list "value", in the outermost object.',
        )
    if all(one.sign == b"{" for one in members):
        name = members[0].name[:_SHOWN]
        words = f'it is valid JSON, but an object of objects ("{name}": {{…}}), and has to be a list of records'
        return Shape(ShapeKind.other, at, words, _ADVICE)
    words = 'it is valid JSON, but one object; it has to have a list of records called "value"'
    pieces = (at,) if _is_plain_record(buffer, at) else ()
    return Shape(ShapeKind.one_object, at, words, _AS_LIST if pieces else _ADVICE, pieces)


def _value(buffer: Buffer, member: _Member) -> Shape | None:
    """Return the shape by the value that should be the list; None for a list with objects."""
    if member.sign == b"[":
        return _in_list(buffer, member.at)
    if member.sign != b"{":
        return _plain(buffer, member.at, f'its "{member.name}"')
    within = _wrapped(buffer, member.at)
    if within is not None:
        words = f'it is valid JSON, but its "{member.name}" is an object that holds the list and has to be the list'
        advice = (
            "Windows PowerShell 5.1 writes such a wrapper: call Remove-TypeData System.Array before ConvertTo-Json,"
            " or use PowerShell 7."
        )
        return _with_records(buffer, Shape(ShapeKind.wrapper, member.at, words, advice, (within,)))
    members = _members(buffer, member.at)
    words = f'it is valid JSON, but its "{member.name}" is one object and has to be a list'
    if not members:
        return Shape(ShapeKind.empty, member.at, words, _ADVICE)
    lists = list(_lists(buffer, member.at, member.name, 0))
    if lists or all(one.sign == b"{" for one in members):
        if lists:
            words = f'{words}; the list of objects is "{lists[0][0]}"'
        return Shape(ShapeKind.other, member.at, words, _ADVICE)
    return Shape(ShapeKind.one_object, member.at, words, _AS_LIST, (member.at,))


def _in_list(buffer: Buffer, at: int) -> Shape | None:
    """Return the shape of a list that has only values other than records; else None."""
    first = next(_elements(buffer, at), None)
    if first is None or (buffer[first[0] : first[0] + 1] == b"{" and _wrapped(buffer, first[0]) is None):
        return None
    elements = list(_elements(buffer, at))
    signs = {buffer[start : start + 1] for start, _ in elements}
    if signs <= {b'"', b"'"}:
        return _texts_in_place(buffer, elements)
    lists = [start if buffer[start : start + 1] == b"[" else _wrapped(buffer, start) for start, _ in elements]
    pieces = tuple(start for start in lists if start is not None)
    if len(pieces) < len(elements):
        return None
    lists_within = "a further list" if len(pieces) == 1 else f"{len(pieces):,} further lists"
    words = f"it is valid JSON, but its list holds {lists_within} in place of records"
    return _with_records(
        buffer, Shape(ShapeKind.wrapper, elements[0][0], words, "Have the feed put the records into one list.", pieces)
    )


def _texts_in_place(buffer: Buffer, elements: list[tuple[int, int]]) -> Shape:
    start, end = elements[0]
    number = f"{len(elements):,} texts" if len(elements) > 1 else "a text"
    shown = shown_value(buffer, start)
    text = text_of(bytes(buffer[start:end])) or ""
    words = f"it is valid JSON, but its list holds {number} in place of records, as {shown}"
    return _by_text(start, words, text)


def _plain(buffer: Buffer, at: int, what: str) -> Shape:
    """Return the shape of a plain value in place of an object or list."""
    token = bytes(buffer[at : skip_value(buffer, at)])
    words = f"it is valid JSON, but {what} is {shown_value(buffer, at)}"
    if token == b"null":
        return Shape(ShapeKind.empty, at, words, _ADVICE)
    if token[:1] in (b'"', b"'"):
        return _by_text(at, words, text_of(token) or "")
    return Shape(ShapeKind.other, at, words, _ADVICE)


def _by_text(at: int, words: str, text: str) -> Shape:
    if _CUT_BY_DEPTH.fullmatch(text):
        return Shape(
            ShapeKind.texts, at, f"{words}: ConvertTo-Json writes such a text where its -Depth is too small", _DEPTH
        )
    if _is_json(text):
        return Shape(ShapeKind.texts, at, f"{words}: JSON that was converted to JSON once more", _TWICE)
    return Shape(ShapeKind.texts, at, words, _ADVICE)


def _is_json(text: str) -> bool:
    """Return whether a text is a JSON object or list."""
    try:
        _strict.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return text.lstrip()[:1] in ("{", "[")


def _wrapped(buffer: Buffer, at: int) -> int | None:
    """Return the offset of the list in ``{"value":[…],"Count":2}`` or in a page from Graph; None for other values."""
    if buffer[at : at + 1] != b"{":
        return None
    within = counted = None
    for one in _members(buffer, at):
        name = one.name.casefold()
        if name == "value" and one.sign == b"[" and within is None:
            within = one
        elif not (name.startswith(("@odata.", "odata.")) or name in ("count", "length")):
            return None
        elif name == "count":
            counted = bytes(buffer[one.at : one.end])
    if within is None or (counted is not None and counted != b"%d" % sum(1 for _ in _elements(buffer, within.at))):
        return None
    return within.at


def _lists(buffer: Buffer, at: int, path: str, depth: int) -> Iterator[tuple[str, int]]:
    """Yield paths and offsets of lists whose first element is an object, in an object and nested objects."""
    for one in _members(buffer, at):
        here = f"{path}.{one.name}" if path else one.name
        if one.sign == b"[" and buffer[(first := skip_blank(buffer, one.at + 1)) : first + 1] == b"{":
            yield here, one.at
        elif one.sign == b"{" and depth < _MAX_DEPTH:
            yield from _lists(buffer, one.at, here, depth + 1)


def _members(buffer: Buffer, at: int) -> list[_Member]:
    """Return the members of the object at ``at``."""
    members = []
    at = skip_blank(buffer, at + 1)
    while buffer[at : at + 1] != b"}":
        name, value = read_key(buffer, at)
        end = skip_value(buffer, value)
        members.append(_Member(name, value, end, bytes(buffer[value : value + 1])))
        at = after_value(buffer, end, b"}")
    return members


def _elements(buffer: Buffer, at: int) -> Iterator[tuple[int, int]]:
    """Yield the spans of the values of the list at ``at``."""
    at = skip_blank(buffer, at + 1)
    while buffer[at : at + 1] != b"]":
        end = record_at(buffer, at, 0)[1] if buffer[at : at + 1] == b"{" else skip_value(buffer, at)
        yield at, end
        at = after_value(buffer, end, b"]")


def _only_records(buffer: Buffer, at: int) -> bool:
    return all(buffer[start : start + 1] == b"{" for start, _ in _elements(buffer, at))


def _is_empty(buffer: Buffer, at: int) -> bool:
    return next(_elements(buffer, at), None) is None


def _is_plain_record(buffer: Buffer, at: int) -> bool:
    """Return whether an object has a likely ID and no nested values, unlike an error message of a service."""
    if buffer[at : at + 1] != b"{":
        return False
    members = _members(buffer, at)
    if any(one.sign in (b"{", b"[") for one in members):
        return False
    texts = (text_of(bytes(buffer[one.at : one.end])) for one in members)
    return any(text and _CERTAIN_ID.search(text) for text in texts)
