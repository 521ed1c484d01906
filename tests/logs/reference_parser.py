"""The shapes of log entries once more, slowly and obviously: what the real parser has to agree with.

It shares no code and no expression with ``analyzer.logs`` but the shapes of pasted lines, which have a table of their
own (``test_pasted.py``): which lines are looked at, and in what order, is its own. The column ``property`` is left out.
"""

from __future__ import annotations

from typing import NamedTuple

from analyzer.logs.line_shapes import entry_fields

CODES = ["DataFileNotJson", "GenericError", "IdentityNotResolvable", "InvalidProperty", "MissingIdentity"]
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ALPHANUMERIC = UPPER + UPPER.lower() + "0123456789"
BLANKS = " \u00a0"
DASHES = "-\u2013\u2014"


class Row(NamedTuple):
    """One expected entry."""

    line: int
    code: str | None
    identity: str | None
    message: str
    detail: str | None


def parse(text: str) -> list[Row]:
    """The entries of a log's text."""
    rows: list[Row] = []
    further: list[str] = []
    for number, line in enumerate(lines_of(text), 1):
        begun = begin(line)
        if begun is None and not rows and line.strip():
            begun = (None, None, line)
        if begun is not None:
            finish(rows, further)
            rows.append(Row(number, *begun, detail=None))
            further = []
        elif rows:
            further.append(line)
    finish(rows, further)
    return rows


def lines_of(text: str) -> list[str]:
    """The lines; CRLF, LF and CR end one, and nothing else does."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines if lines[-1] else lines[:-1]


def finish(rows: list[Row], further: list[str]) -> None:
    """Gives the last row its further lines, without blank ones at the end."""
    kept = list(further)
    while kept and not kept[-1].strip():
        kept.pop()
    if rows and kept:
        rows[-1] = rows[-1]._replace(detail="\n".join(kept) or None)


def begin(line: str) -> tuple[str | None, str | None, str] | None:
    """Code, identity and message of a line that begins an entry, also after a byte order mark."""
    whole, line = line, line.removeprefix("\ufeff")
    fields = line.split("\t")
    if len(fields) > 1 and is_code(fields[0]):
        if len(fields) == 2:
            return (fields[0], *leading_identity(fields[1]))
        return fields[0], fields[1] if fields[1].strip() else None, "\t".join(fields[2:])
    for code in CODES:
        if line.startswith(code):
            rest = without_separator(line[len(code) :])
            return pasted(whole) if rest is None else (code, *leading_identity(rest))
    return pasted(whole)


def pasted(line: str) -> tuple[str | None, str | None, str] | None:
    """Code, identity and message of a line that somebody pasted."""
    begun = entry_fields(line)
    if begun is None:
        return None
    identity = line[begun.identity : begun.identity_end]
    return line[begun.code : begun.code_end], identity or None, line[begun.message : begun.end]


def is_code(word: str) -> bool:
    """Whether a first field has a code's shape."""
    return len(word) > 1 and word[0] in UPPER and all(letter in ALPHANUMERIC for letter in word)


def without_separator(rest: str) -> str | None:
    """What follows a code and " " or " - "; None where neither does, or nothing follows."""
    text = rest.lstrip(BLANKS)
    if text == rest or not text or text[0].isspace() or is_bar(text):
        return None
    after = text[1:].lstrip(BLANKS)
    if text[0] in DASHES and after != text[1:] and after and not after[0].isspace() and not is_bar(after):
        return after
    return text


def is_bar(text: str) -> bool:
    """Whether a text begins with the bar between two cells of a table."""
    return text[0] == "|" and not text[1:2].strip()


def leading_identity(text: str) -> tuple[str | None, str]:
    """The first word where it is an identity without doubt, and what follows it."""
    length = 0
    while length < len(text) and not text[length].isspace():
        length += 1
    word = text[:length]
    if "@" in word or "\\" in word or "|" in word or is_guid(word):
        return word, text[length:].lstrip()
    return None, text


def is_guid(word: str) -> bool:
    """Whether a word is a Guid."""
    groups = word.split("-")
    return [len(group) for group in groups] == [8, 4, 4, 4, 12] and not set(word) - set("0123456789abcdefABCDEF-")
