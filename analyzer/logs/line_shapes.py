"""Recognize lines that begin an entry, as the service writes them or as people paste them.

Forms seen in the vendor's article, screenshots, and public threads (``docs/reference/logs.md``)::

    IdentityNotResolvable⇥ada@contoso.com⇥User identity cannot be resolved
    MissingIdentity⇥⇥The identity is missing for the user object
    InvalidProperty - ada@contoso.com Property 'AboutMe' is not mapped to any property …
    IdentityNotResolvable ada@contoso.com User identity cannot be resolved

Pasted lines have text before the code, or other separators. They count only with a known code and tabs, an unambiguous
identity, or a known message of the service::

    > IdentityNotResolvable⇥ada@contoso.com⇥User identity cannot be resolved
    1. "DataFileNotJson⇥⇥After parsing a value an unexpected character was encountered: K. Path …, position 44.""
    | IdentityNotResolvable | ada@contoso.com | User identity cannot be resolved |
    IdentityNotResolvable,ada@contoso.com,User identity cannot be resolved
    ErrorMessage : IdentityNotResolvable⇥ada@contoso.com⇥User identity cannot be resolved
"""

from __future__ import annotations

import re
from typing import NamedTuple

from analyzer.catalogue.log_codes import USUAL_MESSAGES
from analyzer.model.service import GUID, LogCode

MARK = "\ufeff"
"""The byte order mark."""

CODE = "[A-Z][A-Za-z0-9]+"
"""The shape of a code, as a regular expression."""

_CODE_ALONE = re.compile(CODE.encode())
_CODES = "|".join(sorted(LogCode))

# IdentityNotResolvable⇥ada@contoso.com⇥User identity cannot be resolved
_TABBED = re.compile(rf"(?P<code> {CODE} ) \t", re.VERBOSE)

# InvalidProperty - ada@contoso.com Property 'AboutMe' is not …: only known codes, as any sentence may begin like this
_TABS_LOST = re.compile(
    rf"""
    (?P<code> {_CODES} )
    (?: [ \u00a0]+ [-\u2013\u2014] )?
    [ \u00a0]+ (?= [^\s|] | \| \S )
    """,
    re.VERBOSE,
)

# A word that is an identity even without a tab after it: an address, an account, a claim, a Guid
# (possessive quantifiers keep the time linear for a line of a million such characters)
_IDENTITY_WORD = re.compile(rf"(?P<identity> [^\s@\\|]*+[@\\|]\S*+ | {GUID.pattern} ) (?: \s++ | $ )", re.VERBOSE)


# The start of an entry, at most up to its message; without tabs only for known codes
_CUT_OFF = re.compile(
    rf"""
    {MARK}?
    (?: [A-Z][A-Za-z0-9]* (?: \t [^\t]* )?
      | (?: {_CODES} ) [ \u00a0]+ (?: [-\u2013\u2014] [ \u00a0]* )? \S*
    )
    """,
    re.VERBOSE,
)


class EntryFields(NamedTuple):
    """Offsets of the fields in a line that begins an entry.

    Attributes:
        code: start of the code.
        code_end: end of the code.
        identity: start of the identity, or of the message if there is no identity.
        identity_end: end of the identity.
        message: start of the message.
        end: end of the message: the line's end, without pasted text.
    """

    code: int
    code_end: int
    identity: int
    identity_end: int
    message: int
    end: int


def is_code(word: bytes) -> bool:
    """Return whether a line's first field has the shape of a code."""
    return _CODE_ALONE.fullmatch(word) is not None


def is_cut_off(line: str) -> bool:
    """Return whether a last line without a line end ends before its message, so that it may lack a user's ID."""
    return _CUT_OFF.fullmatch(line) is not None


def split_lines(text: str) -> list[str]:
    """Split a text at CRLF, LF and CR only."""
    return re.split(r"\r\n|\n|\r", text)


def without_marks(text: str) -> str:
    """Return a text without the quotation marks, bullets and invisible characters around it."""
    marks = _MARKS.match(text)
    start = marks.end() if marks else 0
    return text[start:].rstrip(_AFTER_QUOTED) if start else text


def entry_fields(line: str) -> EntryFields | None:
    """Return the fields of the entry that a line begins; None if it belongs to the entry above."""
    # A byte order mark within a log shows that logs were concatenated.
    start = len(MARK) if line.startswith(MARK) else 0
    match = _TABBED.match(line, start) or _TABS_LOST.match(line, start)
    if match is None:
        return _pasted(line)
    rest, code_end = match.end(), match.end("code")
    tab = line.find("\t", rest) if match.re is _TABBED else -1
    if tab >= 0:
        blank = not line[rest:tab].strip()
        return EntryFields(start, code_end, *((tab + 1,) * 3 if blank else (rest, tab, tab + 1)), len(line))
    # Without a second tab, it is an identity if the line was cut off after it or tabs were lost, else a message.
    word = _IDENTITY_WORD.match(line, rest)
    if word is None:
        return EntryFields(start, code_end, rest, rest, rest, len(line))
    return EntryFields(start, code_end, rest, word.end("identity"), word.end(), len(line))


_QUOTES = "\"'`\u2018-\u201f\u00ab\u00bb*_"
"""Quotation marks, and Markdown marks for code and emphasis, as characters of a set."""
_INVISIBLE = "\u200b-\u200f\u202a-\u202e\u2060\ufeff\ufffe"
"""Byte order marks and invisible characters copied from mail, chat or file properties, as characters of a set."""

_MISREAD_MARK = "\u00ef\u00bb\u00bf"
"""The byte order mark of UTF-8 read as Windows-1252."""

_BULLETS = "-+\u00b7\u2013\u2014\u2022\u2023\u25aa\u25cf\u25e6\uf0b7"

_DAY = r"(?:\d{4}-\d\d-\d\d|\d{1,4}[./]\d{1,2}[./]\d{2,4}),?"
_TIME = r"\d{1,2}:\d\d(?::\d\d)?[.,\d]*(?:Z|[+-]\d\d:?\d\d|\s?[AaPp][Mm])?"

# Pieces of text that programs and people put before a line
_PIECE = re.compile(
    rf"""
      [\s{_INVISIBLE}]+ | {_MISREAD_MARK}
    | [>|]+ | &gt;                                          # quoted mail, table cells
    | [{_QUOTES}]+
    | [{_BULLETS}] (?= \s )
    | [(\[]? (?: {_DAY} [T\s] )? {_TIME} [)\]]? [-,;:]?     # 2026-11-23T10:00:00Z, [23.11.2026 10:00:00]
    | [(\[\#]? \d{{1,9}} (?: [.):,;\]]+ | (?= \s ) )       # 1.  (1)  #1  12:  line numbers
    | [^\s"<>|]{{1,260}} \. (?: log | txt ) :               # file.log: from grep
    | [^\W\d_]{{1,40}} (?: \s [^\W\d_]{{1,40}} ){{0,3}} ["']? \s{{0,80}} :    # ErrorMessage :
    """,
    re.VERBOSE,
)
_MAX_PIECES = 24
# Marks that may precede a copied name
_MARKS = re.compile(rf"(?: {_MISREAD_MARK} | [\s>|{_INVISIBLE}{_QUOTES}] | [{_BULLETS}] (?= \s ) )*", re.VERBOSE)
FRAMES = ("   at ", "ClientCo", "Error Nu")
"""Starts of further lines of a .NET exception, which begin no entry."""

KNOWN = re.compile(_CODES.encode())
"""A known code, wherever it is in a line's bytes."""
_KNOWN_CODE = re.compile(rf"(?:{_CODES})(?![A-Za-z0-9/])")
# Any code with its two tabs
_ANY_CODE = re.compile(rf"{CODE} (?= \t [^\t]* \t )", re.VERBOSE)
# IdentityNotResolvable⇥ada@contoso.com⇥ anywhere in a line, such as among table columns
_IN_COLUMNS = re.compile(rf"""(?<![^\s{_QUOTES},;|]) (?P<code> {_CODES} ) (?= ["']? [\t,;] )""", re.VERBOSE)

# Separates the code from the identity; tabs may be written as \t or shown as arrows
_SEPARATOR = re.compile(
    rf"""
    [{_QUOTES}]{{0,4}}
    (?: (?P<tab> [ ]? (?: \t | \\t | \u21e5 | \u2192 ) [ ]? )
      | \s* (?P<bar> \| ) (?= \s )
      | (?P<comma> [,;] ) (?= \S )
      | (?P<lost> \s*:\s+ | \s+ (?: [-\u2013\u2014] \s+ )? )
    )
    """,
    re.VERBOSE,
)
_BAR = re.compile(r"(?<=\s)\|(?=\s|$)")
_QUOTED = re.compile(rf"[{_QUOTES}]")
_CELL_CLOSED = re.compile(r'"(?=\s*(?:[,;\t]|$))')

# ada@contoso.com<mailto:ada@contoso.com> of mail as plain text, [ada@contoso.com](mailto:ada@contoso.com) of Markdown
_LINKED = re.compile(r"\[?(?P<identity>[^\s\[\]<>()]+)(?:<mailto:[^\s>]*>|\]\(mailto:[^\s)]*\))")
# Messages that identify an entry without an identity if its tabs were lost
_KNOWN_MESSAGE = re.compile(
    rf"{'|'.join(map(re.escape, USUAL_MESSAGES))}|Path '|line [0-9]+, position [0-9]|\b[A-Z][A-Za-z.]*Exception\b"
)
_SEARCHED = 2_000
"""Characters of a message that are searched."""
_IDENTITY_QUOTES = " \u00a0\"'`\u201c\u201d"
_AFTER_QUOTED = "\"'`\u2018\u2019\u201c\u201d\u00bb*_,; \u00a0\t"


class _Cells(NamedTuple):
    """Offsets of identity and message in a pasted line, and whether their separators prove that it is an entry."""

    start: int
    stop: int
    message: int
    proven: bool


def _pasted(line: str) -> EntryFields | None:
    """Return the fields of the entry that a pasted line begins."""
    if line.startswith(FRAMES):
        return None
    at = 0
    for _ in range(_MAX_PIECES):
        known = _KNOWN_CODE.match(line, at)
        if known:
            return _fields(line, at, known.end())
        piece = _PIECE.match(line, at)
        if piece is None:
            break
        at = piece.end()
    other = _ANY_CODE.match(line, at) if line[:at].strip() else None
    if other:
        return _fields(line, at, other.end())
    column = _IN_COLUMNS.search(line)
    return _fields(line, column.start(), column.end(), among_columns=True) if column else None


def _fields(line: str, code: int, code_end: int, *, among_columns: bool = False) -> EntryFields | None:
    """Return the fields of a pasted line with a code at this offset; None if it isn't an entry."""
    parted = _SEPARATOR.match(line, code_end)
    cells = _cells(line, parted) if parted else None
    if parted is None or cells is None:
        return None
    start, stop = _identity(line, cells.start, cells.stop)
    message, end = _message(line, cells.message, parted, quoted=_QUOTED.search(line, 0, parted.end()) is not None)
    if start < stop:
        # identity":"ada@contoso.com in a line of JSON isn't an identity.
        certain = '"' not in line[start:stop] and _IDENTITY_WORD.fullmatch(line, start, stop) is not None
        if not certain and (among_columns or not cells.proven):
            return None
        return EntryFields(code, code_end, start, stop, message, end)
    prose = " " in line[message : min(end, message + _SEARCHED)]
    if not (cells.proven and (prose or not among_columns)) and not _KNOWN_MESSAGE.search(
        line, message, min(end, message + _SEARCHED)
    ):
        return None
    return EntryFields(code, code_end, message, message, message, end)


def _cells(line: str, parted: re.Match[str]) -> _Cells | None:
    """Return identity and message by the separator after the code."""
    at = parted.end()
    if parted["tab"]:
        tab = parted["tab"].strip(" ")
        second = line.find(tab, at)
        if second >= 0:
            return _Cells(at, second, second + len(tab), proven=True)
    elif parted["bar"]:
        bar = _BAR.search(line, at)
        return _Cells(at, bar.start(), bar.end(), proven=False) if bar else None
    elif parted["comma"]:
        closed = _CELL_CLOSED.search(line, at + 1) if line.startswith('"', at) else None
        second = line.find(parted["comma"], closed.end() if closed else at)
        if second < 0:
            return None
        # Text between two commas may be anything; only an empty cell proves an entry.
        return _Cells(at, second, second + 1, proven=second == at and " " in line[second:])
    linked = _LINKED.match(line, at)
    word = linked or _IDENTITY_WORD.match(line, at)
    if word is None:
        return _Cells(at, at, at, proven=False)
    return _Cells(at, word.end() if linked else word.end("identity"), word.end(), proven=False)


def _identity(line: str, start: int, stop: int) -> tuple[int, int]:
    """Return the span of an identity without blanks, quotation marks, and a mail program's link."""
    while start < stop and line[start] in _IDENTITY_QUOTES:
        start += 1
    while start < stop and line[stop - 1] in _IDENTITY_QUOTES:
        stop -= 1
    linked = _LINKED.fullmatch(line, start, stop)
    return linked.span("identity") if linked else (start, stop)


def _message(line: str, start: int, parted: re.Match[str], *, quoted: bool) -> tuple[int, int]:
    """Return the span of a message without text pasted around it."""
    end = len(line.rstrip())
    while start < end and line[start] in " \u00a0":
        start += 1
    closed = _CELL_CLOSED.search(line, start + 1) if line.startswith('"', start) and parted["lost"] is None else None
    if closed:
        return start + 1, closed.start()
    bar = _BAR.search(line, start) if parted["bar"] else None
    if bar:
        end = len(line[: bar.start()].rstrip())
    elif quoted:
        end = len(line[:end].rstrip(_AFTER_QUOTED))
    return start, max(end, start)
