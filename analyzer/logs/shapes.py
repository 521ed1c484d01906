"""The shapes of lines that begin an entry: as the service writes them, and as people paste them.

The shapes seen in the vendor's article, screenshots, and public threads (``docs/reference/logs.md``)::

    IdentityNotResolvable⇥ada@contoso.com⇥User identity cannot be resolved
    MissingIdentity⇥⇥The identity is missing for the user object
    InvalidProperty - ada@contoso.com Property 'AboutMe' is not mapped to any property …
    IdentityNotResolvable ada@contoso.com User identity cannot be resolved

Pasted lines have something before the code, or other separators. Any text may look like that, so they count only with
a known code and its tabs, a certain identity, or a message that the service is known to write::

    > IdentityNotResolvable⇥ada@contoso.com⇥User identity cannot be resolved
    1. "DataFileNotJson⇥⇥After parsing a value an unexpected character was encountered: K. Path …, position 44.""
    | IdentityNotResolvable | ada@contoso.com | User identity cannot be resolved |
    IdentityNotResolvable,ada@contoso.com,User identity cannot be resolved
    ErrorMessage : IdentityNotResolvable⇥ada@contoso.com⇥User identity cannot be resolved
"""

from __future__ import annotations

import re
from typing import NamedTuple

from analyzer.catalogue.codes import USUAL_MESSAGES
from analyzer.model.service import GUID, LogCode

MARK = "\ufeff"
"""The byte order mark."""

CODE = "[A-Z][A-Za-z0-9]+"
"""The shape of a code, as a regular expression."""

_CODE_ALONE = re.compile(CODE.encode())

# IdentityNotResolvable⇥ada@contoso.com⇥User identity cannot be resolved
_TABBED = re.compile(rf"(?P<code> {CODE} ) \t", re.VERBOSE)

# InvalidProperty - ada@contoso.com Property 'AboutMe' is not …: only codes that we know, as any sentence begins so
_TABS_LOST = re.compile(
    rf"""
    (?P<code> {"|".join(sorted(LogCode))} )
    (?: [ \u00a0]+ [-\u2013\u2014] )?
    [ \u00a0]+ (?= [^\s|] | \| \S )
    """,
    re.VERBOSE,
)

# The word that is an identity without a tab to say so: an address, an account, a claim, a Guid
# (possessive, and ended by any blank: a line of a million such characters must not take a minute)
_IDENTITY_WORD = re.compile(rf"(?P<identity> [^\s@\\|]*+[@\\|]\S*+ | {GUID.pattern} ) (?: \s++ | $ )", re.VERBOSE)


# The beginning of an entry, up to where its message would begin; without tabs only of a code that we know
_CUT_OFF = re.compile(
    rf"""
    {MARK}?
    (?: [A-Z][A-Za-z0-9]* (?: \t [^\t]* )?
      | (?: {"|".join(sorted(LogCode))} ) [ \u00a0]+ (?: [-\u2013\u2014] [ \u00a0]* )? \S*
    )
    """,
    re.VERBOSE,
)


class Beginning(NamedTuple):
    """Where the fields are in a line that begins an entry.

    Attributes:
        code: where the code begins.
        code_end: after the code.
        identity: where the identity begins; where the message begins when there is none.
        identity_end: after the identity.
        message: where the message begins.
        end: where it ends: at the line's end, but for what was pasted around it.
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
    """Return whether a last line without an end breaks off before its message, where it would have named a user."""
    return _CUT_OFF.fullmatch(line) is not None


def split_lines(text: str) -> list[str]:
    """Split a text at CRLF, LF and CR, and at nothing else."""
    return re.split(r"\r\n|\n|\r", text)


def without_marks(text: str) -> str:
    """Return a text without the quotation marks, bullets and invisible characters around it."""
    marks = _MARKS.match(text)
    start = marks.end() if marks else 0
    return text[start:].rstrip(_AFTER_QUOTED) if start else text


def beginning(line: str) -> Beginning | None:
    """Return the fields of the entry that a line begins; None where it belongs to the entry above."""
    # A byte order mark within a log: one log was appended to another.
    start = len(MARK) if line.startswith(MARK) else 0
    found = _TABBED.match(line, start) or _TABS_LOST.match(line, start)
    if found is None:
        return _pasted(line)
    rest = found.end()
    tab = line.find("\t", rest) if found.re is _TABBED else -1
    if tab >= 0:
        blank = not line[rest:tab].strip()
        return Beginning(start, found.end("code"), *((tab + 1,) * 3 if blank else (rest, tab, tab + 1)), len(line))
    # No second tab: an identity where the line was cut off after it or its tabs were lost, else a message.
    word = _IDENTITY_WORD.match(line, rest)
    if word is None:
        return Beginning(start, found.end("code"), rest, rest, rest, len(line))
    return Beginning(start, found.end("code"), rest, word.end("identity"), word.end(), len(line))


_QUOTES = "\"'`\u2018-\u201f\u00ab\u00bb*_"
"""Quotation marks, and the marks of Markdown for code and emphasis; for a set of a regular expression."""
_INVISIBLE = "\u200b-\u200f\u202a-\u202e\u2060\ufeff\ufffe"
"""Byte order marks, and what is copied from mail, chat and file properties; for a set of a regular expression."""

_MISREAD_MARK = "\u00ef\u00bb\u00bf"
"""The byte order mark of UTF-8 read as Windows-1252."""

_BULLETS = "-+\u00b7\u2013\u2014\u2022\u2023\u25aa\u25cf\u25e6\uf0b7"

_DAY = r"(?:\d{4}-\d\d-\d\d|\d{1,4}[./]\d{1,2}[./]\d{2,4}),?"
_TIME = r"\d{1,2}:\d\d(?::\d\d)?[.,\d]*(?:Z|[+-]\d\d:?\d\d|\s?[AaPp][Mm])?"

# What programs and people put before a line, piece by piece
_PIECE = re.compile(
    rf"""
      [\s{_INVISIBLE}]+ | {_MISREAD_MARK}
    | [>|]+ | &gt;                                          # quoted mail, the cells of a table
    | [{_QUOTES}]+
    | [{_BULLETS}] (?= \s )
    | [(\[]? (?: {_DAY} [T\s] )? {_TIME} [)\]]? [-,;:]?     # 2026-11-23T10:00:00Z, [23.11.2026 10:00:00]
    | [(\[\#]? \d{{1,9}} (?: [.):,;\]]+ | (?= \s ) )       # 1.  (1)  #1  12:  and the numbers of lines
    | [^\s"<>|]{{1,260}} \. (?: log | txt ) :               # file.log: of grep
    | [^\W\d_]{{1,40}} (?: \s [^\W\d_]{{1,40}} ){{0,3}} ["']? \s{{0,80}} :    # ErrorMessage :
    """,
    re.VERBOSE,
)
_MOST_PIECES = 24
# What may be before a name that was copied
_MARKS = re.compile(rf"(?: {_MISREAD_MARK} | [\s>|{_INVISIBLE}{_QUOTES}] | [{_BULLETS}] (?= \s ) )*", re.VERBOSE)
FRAMES = ("   at ", "ClientCo", "Error Nu")
"""How the further lines of a .NET exception begin; nothing in them is an entry."""

_CODES = "|".join(sorted(LogCode))
KNOWN = re.compile(_CODES.encode())
"""A known code, wherever it is in a line's bytes."""
_KNOWN_CODE = re.compile(rf"(?:{_CODES})(?![A-Za-z0-9/])")
# Any code with its two tabs
_ANY_CODE = re.compile(rf"{CODE} (?= \t [^\t]* \t )", re.VERBOSE)
# IdentityNotResolvable⇥ada@contoso.com⇥ wherever it is, as among the columns of a table
_IN_COLUMNS = re.compile(rf"""(?<![^\s{_QUOTES},;|]) (?P<code> {_CODES} ) (?= ["']? [\t,;] )""", re.VERBOSE)

# What parts the code from the identity; tabs may be written as \t, or be shown as arrows
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
# Messages by which an entry without an identity is known again where its tabs were lost
_USUAL = re.compile(
    rf"{'|'.join(map(re.escape, USUAL_MESSAGES))}|Path '|line [0-9]+, position [0-9]|\b[A-Z][A-Za-z.]*Exception\b"
)
_USUAL_WITHIN = 2_000
_IDENTITY_QUOTES = " \u00a0\"'`\u201c\u201d"
_AFTER_QUOTED = "\"'`\u2018\u2019\u201c\u201d\u00bb*_,; \u00a0\t"


class _Cells(NamedTuple):
    """Where identity and message are in a pasted line, and whether what parts them proves that they are."""

    start: int
    stop: int
    message: int
    proven: bool


def _pasted(line: str) -> Beginning | None:
    """Return the fields of the entry that a pasted line begins."""
    if line.startswith(FRAMES):
        return None
    at = 0
    for _ in range(_MOST_PIECES):
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


def _fields(line: str, code: int, code_end: int, *, among_columns: bool = False) -> Beginning | None:
    """Return the fields of a pasted line by the place of its code; None where what follows the code is no entry."""
    parted = _SEPARATOR.match(line, code_end)
    cells = _cells(line, parted) if parted else None
    if parted is None or cells is None:
        return None
    start, stop = _identity(line, cells.start, cells.stop)
    message, end = _message(line, cells.message, parted, quoted=_QUOTED.search(line, 0, parted.end()) is not None)
    if start < stop:
        # identity":"ada@contoso.com of a line of JSON is none.
        certain = '"' not in line[start:stop] and _IDENTITY_WORD.fullmatch(line, start, stop) is not None
        if not certain and (among_columns or not cells.proven):
            return None
        return Beginning(code, code_end, start, stop, message, end)
    prose = " " in line[message : min(end, message + _USUAL_WITHIN)]
    if not (cells.proven and (prose or not among_columns)) and not _USUAL.search(
        line, message, min(end, message + _USUAL_WITHIN)
    ):
        return None
    return Beginning(code, code_end, message, message, message, end)


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
        # What two commas enclose may be anything, but nothing between them is not.
        return _Cells(at, second, second + 1, proven=second == at and " " in line[second:])
    linked = _LINKED.match(line, at)
    word = linked or _IDENTITY_WORD.match(line, at)
    if word is None:
        return _Cells(at, at, at, proven=False)
    return _Cells(at, word.end() if linked else word.end("identity"), word.end(), proven=False)


def _identity(line: str, start: int, stop: int) -> tuple[int, int]:
    """Return where an identity is without blanks, quotation marks, and a mail program's link."""
    while start < stop and line[start] in _IDENTITY_QUOTES:
        start += 1
    while start < stop and line[stop - 1] in _IDENTITY_QUOTES:
        stop -= 1
    linked = _LINKED.fullmatch(line, start, stop)
    return linked.span("identity") if linked else (start, stop)


def _message(line: str, start: int, parted: re.Match[str], *, quoted: bool) -> tuple[int, int]:
    """Return where a message begins and ends without what was pasted around it."""
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
