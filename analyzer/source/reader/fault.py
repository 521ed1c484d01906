"""Describe the fault of a source file that the service can't import, for the person who corrects it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analyzer.source.model import Fault, FaultKind, GrammarError, ShapeKind, Trouble
from analyzer.source.reader.json_text import NotImportFormatError, after_mark
from analyzer.source.reader.tolerant import skip_blank

if TYPE_CHECKING:
    from analyzer.source.reader.json_text import Buffer, NotJsonError


BACKSLASH_AT_END = (
    "a single backslash before the quotation mark that ends a value; a backslash that is meant is written twice"
)
NOT_KNOWN = Fault(FaultKind.not_known, "what is wrong there is unknown")

NOTHING_WRONG = Fault(FaultKind.not_known, "our reader finds nothing wrong there")
_REPAIRED = frozenset({Trouble.escape, Trouble.unclosed, Trouble.brackets})
_WINDOW = 1 << 12
_BLANK = b" \t\r\n"
_TYPOGRAPHIC = ("\u201c", "\u201d", "\u201e", "\u2018", "\u2019", "\u00ab", "\u00bb")
# City": after "Oslo, if the quotation mark after Oslo is missing
_NAME_CONTINUES = re.compile(rb"""[^"'\\,:{}]{1,200}+["']\s*+:""")
# "City": or City:
NAME_FOLLOWS = re.compile(
    rb"""(?: "[^"\\\n]{0,200}+" | '[^'\\\n]{0,200}+' | [A-Za-z_$][A-Za-z0-9_$]*+ ) \s*+ :""", re.VERBOSE
)
# ": after City, if the quotation mark before City is missing
_NAME_ENDS = re.compile(rb"""["']\s*+:""")
# "Kiel", 2nd before floor", if the quotation mark after Kiel is not escaped
_VALUE_CONTINUES = re.compile(rb"""["']\s*+,\s*+[A-Za-z0-9_$\x80-\xff]++\Z""")
# "Sales\"},{" and "Sales\"," if the backslash hides the value's end, so that it extends to the next quotation mark
_HIDDEN_END = re.compile(rb"""(?<!\\)(?:\\\\)*+\\"\s*+[,}][\s,{}\]]*+"\Z""")
# "Sales\"}]} at the file's end
_HIDDEN_LAST_END = re.compile(rb"""(?<!\\)(?:\\\\)*+\\"\s*+\}[\s,}\]]*+\Z""")
_LONGEST_NAME = 200
_CLOSING = (b"}", b"]")


def fault_of(buffer: Buffer, error: GrammarError) -> Fault:
    """Return the fault for a grammar error."""
    file_fault = _of_file(buffer, error)
    if file_fault is not None:
        return file_fault
    at, start = error.offset, after_mark(buffer)
    if at <= start + _blank_at(buffer, start):
        return _beginning(buffer, at)
    fault = None
    match error.trouble:
        case Trouble.escape:
            fault = _escape(buffer, at)
        case Trouble.endless:
            fault = _endless(buffer)
        case Trouble.no_value:
            fault = Fault(FaultKind.no_value, f"{error.problem}: a text needs quotation marks")
        case Trouble.no_format:
            fault = Fault(FaultKind.import_format, error.problem)
        case Trouble.after_value:
            fault = _after_value(buffer, at)
        case Trouble.unexpected if at == error.start and NAME_FOLLOWS.match(buffer, at):
            fault = Fault(FaultKind.wrong_bracket, "the bracket that opens a record is missing")
        case Trouble.unexpected:
            fault = _unexpected(buffer, at)
    return fault or _by_character(buffer, error)


def _of_file(buffer: Buffer, error: GrammarError) -> Fault | None:
    """Return a fault of the whole file, or of a value that hides its end; None for others."""
    if error.shape is not None:
        return Fault(FaultKind.import_format, error.shape.words)
    if ends_in_backslash(buffer, error):
        return Fault(FaultKind.backslash, BACKSLASH_AT_END)
    match error.trouble:
        case Trouble.unclosed:
            return Fault(FaultKind.not_closed, error.problem)
        case Trouble.brackets:
            return Fault(FaultKind.wrong_bracket, error.problem)
        case Trouble.ended:
            is_empty = skip_blank(buffer, after_mark(buffer)) >= len(buffer)
            words = "the file is empty" if is_empty else "the file is cut off: it ends in the middle"
            return Fault(FaultKind.cut_off, words)
        case _:
            return None


def ends_in_backslash(buffer: Buffer, error: GrammarError) -> bool:
    r"""Return whether a value seems to end in a backslash that hides its end, as in ``"Sales\"},{"IdName":``.

    The value then extends to the next quotation mark, and a name without an opening quotation mark follows.
    """
    if error.trouble is Trouble.endless:
        return _HIDDEN_LAST_END.search(bytes(buffer[max(error.offset, len(buffer) - _WINDOW) :])) is not None
    if error.trouble is not Trouble.after_value:
        return False
    before = bytes(buffer[max(0, error.offset - _WINDOW) : error.offset])
    follows = bytes(buffer[error.offset : error.offset + _WINDOW])
    return _HIDDEN_END.search(before) is not None and _NAME_CONTINUES.match(follows) is not None


def _beginning(buffer: Buffer, at: int) -> Fault:
    first = _character(buffer, at)
    if first == "\ufeff":
        return Fault(FaultKind.beginning, "there is a second byte order mark at the beginning of the file")
    shown = f'"{first}"' if first.isprintable() else "a control character"
    return Fault(FaultKind.beginning, f'the file begins with {shown}, and a source file begins with "{{"')


def _escape(buffer: Buffer, at: int) -> Fault:
    letter = _character(buffer, at + 1)
    if letter == "u":
        words = 'a backslash before "u" without four hexadecimal digits; a backslash that is meant is written twice'
        return Fault(FaultKind.backslash, words)
    shown = f'before "{letter}"' if letter.isprintable() and letter else "before a control character"
    return Fault(FaultKind.backslash, f"a single backslash {shown}; a backslash that is meant is written twice")


def _endless(buffer: Buffer) -> Fault:
    tail = bytes(buffer[-_WINDOW:]).rstrip(_BLANK)
    if tail.endswith(b"}"):
        return Fault(FaultKind.quotation_mark_missing, "the quotation mark at the end of a value is missing")
    return Fault(FaultKind.cut_off, "the file is cut off: it ends within a value")


def _after_value(buffer: Buffer, at: int) -> Fault | None:
    here = bytes(buffer[at : at + _WINDOW])
    before = bytes(buffer[max(0, at - _WINDOW) : at]).rstrip(_BLANK)
    text = before[-1:] in (b'"', b"'")
    if here[:1] in _CLOSING:
        return Fault(FaultKind.wrong_bracket, f'a "{here[:1].decode()}" that closes nothing')
    if here[:1] == b"{":
        return Fault(FaultKind.comma_missing, "a comma is missing before the bracket")
    if text and before[:-1].rstrip(_BLANK).endswith((b",", b"{")) and _NAME_CONTINUES.match(here):
        return Fault(FaultKind.quotation_mark_missing, "the quotation mark at the end of a value is missing")
    if NAME_FOLLOWS.match(here) and (not text or here[:1] in (b'"', b"'")):
        return Fault(FaultKind.comma_missing, "a comma is missing between two properties")
    if text and _character(buffer, at).isprintable():
        return Fault(FaultKind.quotation_mark, "a quotation mark inside a value that is not escaped")
    return None


def _unexpected(buffer: Buffer, at: int) -> Fault | None:
    here = bytes(buffer[at : at + _WINDOW])
    before = bytes(buffer[max(0, at - _WINDOW) : at]).rstrip(_BLANK)
    if before[-1:] in (b'"', b"'"):
        # The error isn't ``after_value``, so a name precedes.
        return _after_name(here, before)
    fault = _in_quotes(here, before)
    if fault is not None:
        return fault
    if before.endswith(b":") and here[:1] in (b",", *_CLOSING):
        return Fault(FaultKind.value_missing, "a value is missing after the colon")
    if here[:1] == b",":
        return Fault(FaultKind.comma_too_many, "a comma too many")
    return _bracket(here[:1], before)


def _in_quotes(here: bytes, before: bytes) -> Fault | None:
    if _NAME_ENDS.match(here):
        words = "the quotation mark at the beginning of a property's name is missing"
        return Fault(FaultKind.quotation_mark_missing, words)
    if _VALUE_CONTINUES.search(before[-_LONGEST_NAME:]):
        return Fault(FaultKind.quotation_mark, "a quotation mark inside a value that is not escaped, before a comma")
    return Fault(FaultKind.backslash, "a backslash outside of a value") if here[:1] == b"\\" else None


def _after_name(here: bytes, before: bytes) -> Fault:
    if before[:-1].rstrip(_BLANK).endswith(b":"):
        return Fault(FaultKind.quotation_mark_missing, "the quotation mark at the end of a property's name is missing")
    if here[:1] not in (b'"', b"'") and _NAME_CONTINUES.match(here):
        return Fault(FaultKind.quotation_mark, "a quotation mark inside a property's name that is not escaped")
    if here[:1] in (b",", *_CLOSING):
        return Fault(FaultKind.value_missing, "a property has a name and no value")
    return Fault(FaultKind.colon_missing, "a colon is missing after a property's name")


def _bracket(here: bytes, before: bytes) -> Fault | None:
    if here in _CLOSING:
        return Fault(FaultKind.wrong_bracket, f'a "{here.decode()}" that closes nothing')
    if here == b"{" and before.endswith(b","):
        return Fault(FaultKind.wrong_bracket, "the bracket that closes a record is missing")
    return None


def _by_character(buffer: Buffer, error: GrammarError) -> Fault:
    character = _character(buffer, error.offset)
    if character in _TYPOGRAPHIC:
        words = f"a typographic quotation mark ({character}) where a plain one has to be"
        return Fault(FaultKind.typographic_quotation_mark, words)
    if not character.isprintable():
        return Fault(FaultKind.control_character, f"a control character (U+{ord(character):04X}) between two values")
    return Fault(FaultKind.not_known, error.problem)


def _character(buffer: Buffer, at: int) -> str:
    return bytes(buffer[at : at + 4]).decode("utf-8", "replace")[:1]


def _blank_at(buffer: Buffer, at: int) -> int:
    head = bytes(buffer[at : at + _WINDOW])
    return len(head) - len(head.lstrip(_BLANK))


def trouble_of(error: NotJsonError) -> Trouble | None:
    """Return the kind of grammar error of a file that isn't valid JSON; None if unknown."""
    return error.__cause__.trouble if isinstance(error.__cause__, GrammarError) else None


def way_around(error: NotJsonError | NotImportFormatError) -> str:
    """Return the option of ``retry`` that can use a source file with this fault; empty if there is none."""
    if isinstance(error, NotImportFormatError):
        if error.kind is ShapeKind.no_record:
            return "--salvage"
        return "--repair" if error.repairable else ""
    return "--repair" if error.problem == BACKSLASH_AT_END or trouble_of(error) in _REPAIRED else "--salvage"
