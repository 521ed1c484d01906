"""The reader itself: token after token, knowing what is open, as ``JsonTextReader`` does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from analyzer.emulator.jsonnet import words
from analyzer.emulator.jsonnet.model import BLANK, Container, Fault, JsonReaderError, Kind, State, Token, shown
from analyzer.emulator.jsonnet.numbers import begins_number, number_end, number_value
from analyzer.emulator.jsonnet.places import line_and_position, path_of
from analyzer.emulator.jsonnet.strings import scan_string

if TYPE_CHECKING:
    from analyzer.emulator.jsonnet.model import Scalar

MAX_DEPTH: Final = 64
"""Since Json.NET 13; before, nothing was too deep."""

_OPENED = {
    Token.StartObject: (Kind.Object, State.ObjectStart),
    Token.StartArray: (Kind.Array, State.ArrayStart),
    Token.StartConstructor: (Kind.Constructor, State.ConstructorStart),
}
_CLOSED = {
    "}": (Token.EndObject, Kind.Object),
    "]": (Token.EndArray, Kind.Array),
    ")": (Token.EndConstructor, Kind.Constructor),
}
_BETWEEN = {Kind.Object: State.Object, Kind.Array: State.Array, Kind.Constructor: State.Constructor}
_JUST_OPENED = frozenset({State.ObjectStart, State.ArrayStart, State.ConstructorStart})
_COMMA = re.compile(rf"[{BLANK}]*+,")
# A member that needs no second look: a name and a string without escapes, or a short decimal integer.
_PLAIN_MEMBER = re.compile(
    rf"""[{BLANK}]*+ (?: "([^"\\]*+)" | '([^'\\]*+)' | ([A-Za-z0-9_$]++) )
         [{BLANK}]*+ :
         [{BLANK}]*+ (?: "([^"\\]*+)" | '([^'\\]*+)' | (-?[1-9][0-9]{{0,17}}+) )
         [{BLANK}]*+ (?: , | (?=\}}) )""",
    re.VERBOSE,
)


class Reader:
    """Reads a text token by token.

    Attributes:
        offset: behind the token that was read last.
        token: the token that was read last; None before the first and behind the last one.
        value: what it says: a name, a scalar.
    """

    __slots__ = ("_containers", "_state", "_text", "offset", "token", "value")

    def __init__(self, text: str) -> None:
        self._text = text
        self._containers: list[Container] = []
        self._state = State.Start
        self.offset = 0
        self.token: Token | None = None
        self.value: Scalar = None

    def read(self) -> Token | None:
        """The next token; None at the end, also when something is open still.

        Raises:
            JsonReaderError: there is none.
        """
        try:
            self.token = self._next()
        except Fault as fault:
            raise self._error_at(fault) from None
        return self.token

    def read_content(self) -> Token | None:
        """The next token that is no comment; else as ``read``."""
        while self.read() is Token.Comment:
            pass
        return self.token

    def error(self, problem: str) -> JsonReaderError:
        """An error at the token that was read last."""
        return self._error_at(Fault(problem, self.offset))

    def text_since(self, offset: int) -> str:
        """The text from ``offset`` to the end of the token that was read last."""
        return self._text[offset : self.offset]

    def read_plain_members(self, members: dict[str, Scalar]) -> None:
        """Reads members with plain names and values into ``members``, as long as they come.

        It reads nothing that ``read`` would read otherwise; it is only faster.
        """
        if self._state is State.PostValue and (comma := _COMMA.match(self._text, self.offset)):
            self._state, self.offset = _BETWEEN[self._containers[-1].kind], comma.end()
        if self._state not in (State.Object, State.ObjectStart):
            return
        while found := _PLAIN_MEMBER.match(self._text, self.offset):
            double, single, bare, value, other, integer = found.groups()
            name = double if double is not None else (bare or single or "")
            members[name] = int(integer) if integer else (value if value is not None else other)
            self._containers[-1].name = name
            self._state, self.offset = State.Object, found.end()

    def _error_at(self, fault: Fault) -> JsonReaderError:
        line, position = line_and_position(self._text, fault.offset)
        position += fault.beyond
        if self._state is State.Start and position == 0 and self.token is not Token.Comment:
            line = 0
        known = self._containers[:-1] if self._state in _JUST_OPENED else self._containers
        return JsonReaderError(fault.problem, path_of(known), line, position)

    def _next(self) -> Token | None:
        if self._state is State.PostValue:
            token = self._read_after_value()
            if token:
                return token
        if self._state is State.Finished:
            return self._read_after_all()
        if self._state in (State.Object, State.ObjectStart):
            return self._read_member()
        return self._read_value()

    def _skip_blank(self) -> str:
        """The next character that is not blank, now at ``offset``; empty at the end."""
        character = self._text[self.offset : self.offset + 1]
        if " " < character < "\x7f":
            return character  # the usual case, without an expression
        self.offset = words.skip_blank(self._text, self.offset)
        return self._text[self.offset : self.offset + 1]

    def _read_after_value(self) -> Token | None:
        """The end of what is open, or a comment; None behind a comma and at the end."""
        character = self._skip_blank()
        if not character:
            self._state = State.Finished
            return None
        if character in _CLOSED:
            return self._close(character)
        if character == "/":
            return self._read_comment()
        if character != ",":
            raise Fault(
                f"After parsing a value an unexpected character was encountered: {shown(self._text, self.offset)}.",
                self.offset,
            )
        self.offset += 1
        self._state = _BETWEEN[self._containers[-1].kind]
        return None

    def _read_after_all(self) -> Token | None:
        character = self._skip_blank()
        if not character:
            return None
        if character == "/":
            return self._read_comment()
        raise Fault(
            f"Additional text encountered after finished reading JSON content: {shown(self._text, self.offset)}.",
            self.offset,
        )

    def _read_member(self) -> Token | None:
        character = self._skip_blank()
        if not character:
            return None
        if character == "}":
            return self._close(character)
        if character == "/":
            return self._read_comment()
        name, end = self._scan_property(character)
        self.offset = end
        if self._skip_blank() != ":":
            got = shown(self._text, self.offset)
            raise Fault(f"Invalid character after parsing property name. Expected ':' but got: {got}.", self.offset)
        self.offset += 1
        self._state = State.Property
        self._containers[-1].name = name
        self.value = name
        return Token.PropertyName

    def _scan_property(self, character: str) -> tuple[str, int]:
        if character in "\"'":
            return scan_string(self._text, self.offset)
        if not words.is_name_character(character):
            raise Fault(f"Invalid property identifier character: {shown(self._text, self.offset)}.", self.offset)
        end = words.scan_name(self._text, self.offset)
        return self._text[self.offset : end], end

    def _read_value(self) -> Token | None:
        character = self._skip_blank()
        if not character:
            return None
        if character in "{[":
            self.offset += 1
            return self._open(Token.StartObject if character == "{" else Token.StartArray)
        if character in "])":
            return self._close(character)
        if character == "/":
            return self._read_comment()
        if character == ",":
            # The comma stays: what is missing before it is a value of its own.
            return self._scalar(Token.Undefined, None)
        return self._read_literal(character)

    def _read_literal(self, character: str) -> Token:
        if character in "\"'":
            value, self.offset = scan_string(self._text, self.offset)
            return self._scalar(Token.String, value)
        if character in "tfnuNI" or self._text.startswith("-I", self.offset):
            return self._read_word()
        if not begins_number(character):
            raise Fault(
                f"Unexpected character encountered while parsing value: {shown(self._text, self.offset)}.", self.offset
            )
        return self._read_number()

    def _read_number(self) -> Token:
        start = self.offset
        self.offset = number_end(self._text, start)
        # Counted as read before it is understood, as an error's path shows.
        self._scalar(Token.Integer, None)
        self.value = number_value(self._text[start : self.offset], self.offset)
        return Token.Float if isinstance(self.value, float) else Token.Integer

    def _read_word(self) -> Token:
        in_constructor = self._state in (State.Constructor, State.ConstructorStart)
        word = words.choose_word(self._text, self.offset)
        if word is None:
            self.offset = words.scan_constructor(self._text, self.offset, in_constructor=in_constructor)
            return self._open(Token.StartConstructor)
        self.offset = words.scan_word(self._text, self.offset, word, in_constructor=in_constructor)
        return self._scalar(word.token, word.value)

    def _read_comment(self) -> Token:
        self.offset = words.scan_comment(self._text, self.offset)
        return Token.Comment

    def _scalar(self, token: Token, value: Scalar) -> Token:
        self.value = value
        self._state = State.PostValue if self._containers else State.Finished
        self._count()
        return token

    def _count(self) -> None:
        if self._containers and self._containers[-1].kind is not Kind.Object:
            self._containers[-1].index += 1

    def _open(self, token: Token) -> Token:
        self._count()
        kind, self._state = _OPENED[token]
        self._containers.append(Container(kind))
        if len(self._containers) > MAX_DEPTH:
            raise Fault(f"The reader's MaxDepth of {MAX_DEPTH} has been exceeded.", self.offset)
        return token

    def _close(self, bracket: str) -> Token:
        self.offset += 1
        token, kind = _CLOSED[bracket]
        closed = self._containers.pop().kind if self._containers else Kind.Nothing
        if closed is not kind:
            raise Fault(f"JsonToken {token} is not valid for closing JsonType {closed}.", self.offset)
        self._state = State.PostValue if self._containers else State.Finished
        return token
