"""Read one record of a source file in the grammar that the service tolerates.

The grammar is Json.NET's by its defaults (https://www.newtonsoft.com/json): JSON, and comments, a comma before a
closing bracket, single quotes, unquoted names, raw line ends in strings, ``NaN``, ``undefined``, ``new Date(…)``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from analyzer.source.model import GrammarError, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analyzer.source.reader.json_text import Buffer

_MAX_REPEATS = 1000
WIDE_BLANKS = rb"\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80"
# .NET's white space in UTF-8, and comments; limited, because the regex engine stores each repetition
_BLANK = re.compile(rb"(?:[ \t\r\n\x0b\x0c]++|%b|//[^\r\n]*+|/\*(?s:.*?)\*/){0,%d}" % (WIDE_BLANKS, _MAX_REPEATS))
_wide_blank = re.compile(WIDE_BLANKS)
_NAME = re.compile(rb"[A-Za-z0-9_$\x80-\xff]++")
_CONSTRUCTOR = re.compile(rb"new[ \t\r\n]+[A-Za-z.]+[ \t\r\n]*\([^()]*+\)")
_LITERAL = re.compile(rb"[-+.A-Za-z0-9]++")
_WORDS = frozenset({b"true", b"false", b"null", b"undefined", b"NaN", b"Infinity", b"-Infinity"})
_NUMBER = re.compile(rb"[-+]?(?:0[xX][0-9A-Fa-f]++|(?:[0-9]++(?:\.[0-9]++)?|\.[0-9]++)(?:[eE][-+]?[0-9]++)?|[0-9]++\.)")
_BAD_ESCAPE = re.compile(rb"""(?s)\\(?:[^"'\\/bfnrtu]|u(?![0-9A-Fa-f]{4}))""")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
ESCAPE_OR_BACKSLASH = re.compile(rb"""\\(["'\\/bfnrt]|u[0-9A-Fa-f]{4})?""")

_BACKSLASH = ord("\\")
_CLOSING = {b"{": b"}", b"[": b"]"}
# A record without nested values and comments; the decoder checks whether it is JSON. Repetitions are limited, because
# the regex engine stores each; the slow reader reads longer records.
FLAT = re.compile(
    rb"""\{[^{}\[\]"'/]*+(?:"[^"\\]*+(?:"|(?:\\.[^"\\]*+){1,5000}")[^{}\[\]"'/]*+){0,5000}\}""", re.DOTALL
)
JSON_LITERAL = rb"(?:true|false|null|-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?)"
_TEXT = rb'"[^"\\\x00-\x1f]*+"'
# A member in strict JSON, without backslashes and nested values: its name and its value
MEMBER = re.compile(rb"(%b)[ \t\r\n]*+:[ \t\r\n]*+(%b|%b(?![-+.A-Za-z0-9]))" % (_TEXT, _TEXT, JSON_LITERAL))
_MEMBERS = re.compile(rb"%b(?:[ \t\r\n]*+,[ \t\r\n]*+%b){0,%d}" % (MEMBER.pattern, MEMBER.pattern, _MAX_REPEATS))
_strict = msgspec.json.Decoder(dict[str, msgspec.Raw])
_texts = msgspec.json.Decoder(list[str | None])


Members: TypeAlias = "dict[str, msgspec.Raw] | dict[str, bytes]"


@dataclass(frozen=True, slots=True)
class Record:
    """A user's record.

    Attributes:
        position: position in the array, from 0, as in ``value[1672]``.
        offset: offset in the file's UTF-8.
        raw: its bytes in UTF-8.
        members: raw values by name; the last one of a repeated name.
    """

    position: int
    offset: int
    raw: bytes
    members: Members

    def text(self, name: str) -> str | None:
        """Return a member's value as text, as the service reads it; None if it is missing, null or empty."""
        token = self.members.get(name)
        return text_of(bytes(token)) if token is not None else None


def text_of(token: bytes) -> str | None:
    """Return a raw value as text; None for null or an empty string."""
    if token[:1] in (b'"', b"'"):
        return unquote(token) or None
    return None if token in (b"null", b"undefined") else token.decode("utf-8", "replace")


def texts_of(tokens: Sequence[msgspec.Raw | bytes]) -> Sequence[str | None]:
    """Return the text of each raw value as ``text_of`` does; fast if all are strings or null in strict JSON."""
    try:
        return [text or None for text in _texts.decode(b"[%b]" % b",".join(tokens))]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return [text_of(bytes(token)) for token in tokens]


def record_at(buffer: Buffer, at: int, position: int) -> tuple[Record, int]:
    """Return the record at an offset, and its end.

    Raises:
        GrammarError: it isn't valid JSON, even with tolerated syntax; with the record's number.
    """
    flat = FLAT.match(buffer, at)
    if flat is not None:
        try:
            return Record(position, at, flat[0], _strict.decode(flat[0])), flat.end()
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass  # tolerated syntax, names that aren't UTF-8, or an error that the slow reader locates
    try:
        tolerated = read_object(buffer, at)
    except GrammarError as error:
        error.record, error.start = position + 1, at
        raise
    return Record(position, at, bytes(buffer[at : tolerated.end]), tolerated.members), tolerated.end


@dataclass(frozen=True, slots=True)
class Object:
    """An object's raw values by name, and its end."""

    members: dict[str, bytes]
    end: int


def skip_blank(buffer: Buffer, offset: int) -> int:
    """Return the offset of the next byte that is neither blank nor in a comment."""
    while blank := _BLANK.match(buffer, offset):
        start, offset = offset, blank.end()
        if offset - start < _MAX_REPEATS:
            break
    return offset


def read_object(buffer: Buffer, offset: int) -> Object:
    """Read the object at ``offset``; the last one of a repeated name counts.

    Raises:
        GrammarError: the bytes aren't an object in the tolerated grammar.
    """
    members: dict[str, bytes] = {}
    at = skip_blank(buffer, expect(buffer, offset, b"{"))
    while buffer[at : at + 1] != b"}":
        name, at = read_key(buffer, at)
        end = skip_value(buffer, at)
        members[name] = bytes(buffer[at:end])
        at = after_value(buffer, end, b"}")
    return Object(members, at + 1)


def read_key(buffer: Buffer, offset: int) -> tuple[str, int]:
    """Return a member's name, and the offset of its value."""
    end = _name_end(buffer, offset)
    return name_of(bytes(buffer[offset:end])), skip_blank(buffer, expect(buffer, skip_blank(buffer, end), b":"))


def name_of(token: bytes) -> str:
    """Return a member's name, spelled with or without quotation marks."""
    return unquote(token) if token[:1] in (b'"', b"'") else token.decode("utf-8", "replace")


def _name_end(buffer: Buffer, offset: int) -> int:
    """Where a member's name ends, quoted or not."""
    end = _string(buffer, offset)
    if end is not None:
        return end
    found = _NAME.match(buffer, offset)
    if found and (blank := _wide_blank.search(buffer, offset, found.end())):
        found = _NAME.match(buffer, offset, blank.start())
    if found is None:
        raise _unexpected(buffer, offset, "a property's name")
    return found.end()


def skip_value(buffer: Buffer, offset: int) -> int:
    """Return the end of the value at ``offset``."""
    return _skip_nested(buffer, offset) if buffer[offset : offset + 1] in _CLOSING else _skip_plain(buffer, offset)


def _skip_plain(buffer: Buffer, offset: int) -> int:
    end = _string(buffer, offset)
    if end is not None:
        return end
    constructor = _CONSTRUCTOR.match(buffer, offset)
    if constructor:
        return constructor.end()
    literal = _LITERAL.match(buffer, offset)
    if literal is None:
        raise _unexpected(buffer, offset, "a value")
    if literal[0] not in _WORDS and not _NUMBER.fullmatch(literal[0]):
        raise GrammarError(offset, f"{literal[0][:30].decode('ascii')} isn't a value", Trouble.no_value)
    return literal.end()


class TokenKind(StrEnum):
    """The kind of token."""

    open = auto()
    close = auto()
    key = auto()
    plain = auto()
    """A value that is neither an object nor a list."""
    members = auto()
    """Several members that ``MEMBER`` matches, in UTF-8, with all between them."""


def tokens(raw: bytes) -> Iterator[tuple[TokenKind, int, int]]:
    """Yield the tokens of a record, their starts and ends; between them are blanks, comments, commas and colons only.

    Raises:
        GrammarError: the bytes are not one object in the tolerated grammar.
    """
    # Without recursion, as its depth is the file's choice.
    utf8 = is_utf8(raw)
    at = expect(raw, 0, b"{")
    yield TokenKind.open, 0, at
    at = skip_blank(raw, at)
    closing = [b"}"]
    while True:
        while raw[at : at + 1] == closing[-1]:
            yield TokenKind.close, at, at + 1
            closing.pop()
            if not closing:
                if skip_blank(raw, at + 1) < len(raw):
                    raise GrammarError(at + 1, "text after the end of the record")
                return
            at = after_value(raw, at + 1, closing[-1])
        if closing[-1] == b"}":
            if utf8 and (found := _MEMBERS.match(raw, at)):
                yield TokenKind.members, at, found.end()
                at = after_value(raw, found.end(), b"}")
                continue
            end = _name_end(raw, at)
            yield TokenKind.key, at, end
            at = skip_blank(raw, expect(raw, skip_blank(raw, end), b":"))
        opened = _CLOSING.get(raw[at : at + 1])
        if opened is not None:
            yield TokenKind.open, at, at + 1
            closing.append(opened)
            at = skip_blank(raw, at + 1)
        else:
            end = _skip_plain(raw, at)
            yield TokenKind.plain, at, end
            at = after_value(raw, end, closing[-1])


def is_utf8(raw: bytes) -> bool:
    """Return whether bytes are UTF-8."""
    try:
        return raw.isascii() or bool(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def expect(buffer: Buffer, offset: int, wanted: bytes, *, value_before: bool = False) -> int:
    """Return the offset after the ``wanted`` byte, which must be at ``offset``."""
    if buffer[offset : offset + 1] == wanted:
        return offset + 1
    if value_before and offset < len(buffer):
        problem = f"{_shown(buffer, offset)} after a value: a quotation mark not escaped, or no comma"
        raise GrammarError(offset, problem, Trouble.after_value)
    raise _unexpected(buffer, offset, f'"{wanted.decode()}"')


def unquote(token: bytes) -> str:
    """Return a quoted token's text without escapes."""
    return unescape(token[1:-1].decode("utf-8", "replace"))


def unescape(text: str, halves: str = "replace") -> str:
    """Resolve a text's escapes; a lone surrogate, which no file can hold, becomes U+FFFD unless ``halves`` keeps it."""
    if "\\" not in text:
        return text
    # Two escaped halves of a surrogate pair are one character.
    return _ESCAPE.sub(_resolve, text).encode("utf-16-le", "surrogatepass").decode("utf-16-le", halves)


def _resolve(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else _ESCAPED.get(found[2], found[2])


def _string(buffer: Buffer, offset: int) -> int | None:
    """Return the end of the string at ``offset``; None if there is no string."""
    quote = buffer[offset : offset + 1]
    if quote not in (b'"', b"'"):
        return None
    end = buffer.find(quote, offset + 1)
    while end >= 0 and buffer[end - 1] == _BACKSLASH and _is_escaped(buffer, end):
        end = buffer.find(quote, end + 1)
    if end < 0:
        raise GrammarError(offset, "a quotation mark opens a value that never ends", Trouble.endless)
    at = buffer.find(b"\\", offset, end)
    while at >= 0:
        if _BAD_ESCAPE.match(buffer, at):
            raise GrammarError(at, f"a backslash before {_shown(buffer, at + 1)}", Trouble.escape)
        at = buffer.find(b"\\", at + 2, end)
    return end + 1


def _is_escaped(buffer: Buffer, at: int) -> bool:
    """Return whether an odd number of backslashes precedes ``at``."""
    start = at
    while buffer[start - 1] == _BACKSLASH:
        start -= 1
    return (at - start) % 2 == 1


def after_value(buffer: Buffer, offset: int, closing: bytes) -> int:
    """Return the offset of the next name or value after a value's end, or of the closing bracket."""
    at = skip_blank(buffer, offset)
    if buffer[at : at + 1] == closing:
        return at
    return skip_blank(buffer, expect(buffer, at, b",", value_before=True))


def _skip_nested(buffer: Buffer, offset: int) -> int:
    """Return the end of the object or array at ``offset``, without recursion, as its depth is unlimited."""
    closing: list[bytes] = []
    at = offset
    while True:
        opened = _CLOSING.get(buffer[at : at + 1])
        if opened is not None:
            closing.append(opened)
            at = skip_blank(buffer, at + 1)
        else:
            at = after_value(buffer, _skip_plain(buffer, at), closing[-1])
        while buffer[at : at + 1] == closing[-1]:
            closing.pop()
            if not closing:
                return at + 1
            at = after_value(buffer, at + 1, closing[-1])
        if closing[-1] == b"}":
            at = read_key(buffer, at)[1]


def _unexpected(buffer: Buffer, offset: int, wanted: str) -> GrammarError:
    if offset >= len(buffer):
        return GrammarError(len(buffer), f"the file ends where {wanted} should be", Trouble.ended)
    return GrammarError(offset, f"{_shown(buffer, offset)} where {wanted} should be")


def _shown(buffer: Buffer, offset: int) -> str:
    text = bytes(buffer[offset : offset + 4]).decode("utf-8", "replace")
    return f'"{text[0]}"' if text and text[0].isprintable() else "a control character"
