"""Extract logs from other formats, as lines in the service's format.

PnP PowerShell returns a job's log in the property ``ErrorMessage`` with ``-IncludeErrorDetails``. People print it as a
list, or save it with ``ConvertTo-Json``, ``Export-Csv`` or ``Export-Clixml``. Other formats are this program's tables
as CSV, JSON, or cells pasted from a workbook, and HTML from mail and chat.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.logs.line_shapes import CODE, entry_fields, split_lines
from analyzer.storage.table_files import unguarded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_BYTES = 64_000_000
"""Limit of the size; pasted text is far smaller."""

_HEAD = 4_000
_LOG = re.compile(CODE + r"\t")
_LOG_LINE = re.compile(rf"^{CODE}\t", re.MULTILINE)
_ERROR_MESSAGE = ("errormessage", "error_message")

# "ErrorMessage": "\r\nIdentityNotResolvable\tcleo@contoso.com\t…"    "code":"IdentityNotResolvable","identity":null
_JSON = re.compile(
    r'"(?P<key>error_?message|code|identity|message|detail)"\s*:\s*(?P<value>"[^"\\]*(?:\\.[^"\\]*)*"|null)',
    re.IGNORECASE | re.DOTALL,
)
# <S N="ErrorMessage">_x000D__x000A_IdentityNotResolvable_x0009_cleo@contoso.com_x0009_…</S>
_CLIXML = re.compile(r'<S N="ErrorMessage">(?P<value>[^<]*)</S>', re.IGNORECASE)
_CLIXML_LETTER = re.compile(r"_x([0-9A-Fa-f]{4})_")
_HTML = re.compile(
    r"<(?:!doctype html|html|head|body|div|table|tbody|tr|td|p|span|meta|pre|ul|ol|li|br)\b", re.IGNORECASE
)
_TAG = re.compile(r"</?(?P<name>[a-z][a-z0-9:]{0,20})[^<>]{0,10000}>|[ \t\r]*\n\s*", re.IGNORECASE)
_HIDDEN = (("<!--", "-->"), ("<style", "</style>"), ("<script", "</script>"), ("<head>", "</head>"))
_ENDS_LINE = frozenset({"br", "p", "div", "tr", "li", "pre", "table", "h1", "h2", "h3"})
# ErrorMessage       : IdentityNotResolvable⇥cleo@contoso.com⇥User identity cannot be resolved
_PROPERTY = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9_]{0,60})\s*:(?:\s|$)")
_MIN_WIDTH = 40
"""Minimum width, in characters, of a console that wraps lines."""


@dataclass(slots=True)
class InnerLog:
    """Lines in the service's format, each with its line number in the original."""

    lines: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)

    def add(self, text: str, number: int, *, spread: bool = False) -> None:
        """Add the lines of a text; ``spread``: they are separate lines of the original."""
        for further, line in enumerate(split_lines(text)):
            self.lines.append(line)
            self.numbers.append(number + (further if spread else 0))

    def add_entry(self, cells: Mapping[str, str], number: int) -> None:
        """Add an entry of a table."""
        code, identity, message = (" ".join(cells.get(name, "").split()) for name in ("code", "identity", "message"))
        self.add(f"{code}\t{identity}\t{message}" if code else message, number)
        if cells.get("detail"):
            self.add(cells["detail"], number)


def unwrap(text: str) -> InnerLog | None:
    """Return the lines of a log inside another format; None if there is no such format, or no entry in it."""
    head = text[:_HEAD].lstrip("\ufeff \t\r\n")
    if _LOG.match(head):
        return None
    reader = _reader(head)
    inner = reader(text) if reader else None
    return inner if inner and any(entry_fields(line) for line in inner.lines) else None


def _reader(head: str) -> Callable[[str], InnerLog | None] | None:
    """Return the reader for the format of a text, detected by its start."""
    # A log without its start may begin with any text. JSON has no tabs, and HTML only in <pre>.
    as_written = _LOG_LINE.search(head) is not None
    if head.startswith(("{", "[", '"')) and _JSON.search(head) and not as_written:
        return _of_json
    if head.startswith("<Objs"):
        return _of_clixml
    if head.startswith("<") and _HTML.search(head) and (not as_written or "<pre" in head.casefold()):
        return _of_html
    if _columns(head) is not None:
        return _of_csv
    return _of_list if _is_list(head) else None


def _of_json(text: str) -> InnerLog:
    inner, cells, first, counted, number = InnerLog(), dict[str, str](), 1, 0, 1
    for member in _JSON.finditer(text):
        number += text.count("\n", counted, member.start())
        counted = member.start()
        key, value = member["key"].casefold(), json.loads(member["value"], strict=False) or ""
        if key in _ERROR_MESSAGE:
            inner.add(value, number)
            continue
        if key in cells or key == "code":
            inner.add_entry(cells, first)
            cells, first = {}, number
        cells[key] = value
    inner.add_entry(cells, first)
    return inner


def _of_clixml(text: str) -> InnerLog:
    inner, counted, number = InnerLog(), 0, 1
    for member in _CLIXML.finditer(text):
        number += text.count("\n", counted, member.start())
        counted = member.start()
        inner.add(_CLIXML_LETTER.sub(lambda letter: chr(int(letter[1], 16)), html.unescape(member["value"])), number)
    return inner


def _visible(text: str) -> str:
    """Return HTML without its invisible parts; keep their line ends."""
    for start, end in _HIDDEN:
        pieces, at = [], 0
        while (first := text.find(start, at)) >= 0 and (ended := text.find(end, first)) >= 0:
            pieces += [text[at:first], "\n" * text.count("\n", first, ended)]
            at = ended + len(end)
        text = "".join([*pieces, text[at:]])
    return text


def _of_html(text: str) -> InnerLog:
    inner, text = InnerLog(), _visible(text)
    line, number, first, at = "", 1, 1, 0
    preformatted = False

    def end() -> None:
        nonlocal line, first
        if line.strip():
            inner.add(html.unescape(line).strip(" \r\n").removesuffix("\t"), first)
        line, first = "", number

    for tag in _TAG.finditer(text):
        line += text[at : tag.start()]
        at = tag.end()
        number += tag[0].count("\n")
        name = (tag["name"] or "").casefold()
        preformatted = not tag[0].startswith("</") if name == "pre" else preformatted
        if name in _ENDS_LINE or (preformatted and not name):
            end()
        elif name in ("td", "th"):
            line += "\t" if tag[0].startswith("</") else ""
        elif not name:
            first = first if line.strip() else number
            line += " " if line.strip() and not line.endswith("\t") else ""
    line += text[at:]
    end()
    return inner


def _columns(head: str) -> tuple[str, list[str]] | None:
    """Return the delimiter and column names of a CSV file of entries or jobs; None for other text."""
    lines = [line for line in head.splitlines() if line.strip() and not line.startswith("#TYPE")]
    for delimiter in ",;\t":
        names = [cell.strip(" \"'\ufeff").casefold() for cell in lines[0].split(delimiter)] if lines else []
        if {"code", "message"} <= set(names) or (len(names) > 1 and set(names).intersection(_ERROR_MESSAGE)):
            return delimiter, names
    return None


def _of_csv(text: str) -> InnerLog | None:
    known = _columns(text[:_HEAD].lstrip("\ufeff \t\r\n"))
    if known is None:
        return None
    delimiter, names = known
    inner, reader = InnerLog(), csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    before = 0
    try:
        for row in reader:
            cells = {name: unguarded(cell) for name, cell in zip(names, row, strict=False)}
            message = next((cells[name] for name in _ERROR_MESSAGE if name in cells), None)
            if message is not None:
                inner.add(message, before + 1, spread=True)
            elif cells.get("code", "").casefold() != "code":
                inner.add_entry(cells, before + 1)
            before = reader.line_num
    except csv.Error:
        return None
    return inner


def _is_list(head: str) -> bool:
    """Return whether a text is output of ``Format-List``, with the property before any entry with tabs."""
    for line in head.splitlines():
        named = _PROPERTY.match(line)
        if _LOG.match(line) or (named and named["name"].casefold() in _ERROR_MESSAGE):
            return named is not None
    return False


def _of_list(text: str) -> InnerLog:
    """Read the lines of ``ErrorMessage`` in output of ``Format-List``; join wrapped lines."""
    inner = InnerLog()
    lines = text.splitlines()
    width = max(map(len, lines), default=0)
    column, full = -1, False
    for number, line in enumerate(lines, 1):
        named = _PROPERTY.match(line)
        if named and named["name"].casefold() in _ERROR_MESSAGE:
            column = line.index(":") + 2
            inner.add(line[column:], number)
        elif column >= 0 and line[:column].isspace():
            further = line[column:]
            if full and entry_fields(further) is None:
                inner.lines[-1] += further
            else:
                inner.add(further, number)
        elif entry_fields(line) is not None:
            inner.add(line, number)
        elif line.strip():
            column = -1
            if named is None:
                inner.add(line, number)  # text around the log
        full = len(line) == width and width >= _MIN_WIDTH
    return inner
