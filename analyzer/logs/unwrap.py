"""Turn logs inside other formats into lines as the service writes them.

PnP PowerShell puts a job's log into the property ``ErrorMessage`` with ``-IncludeErrorDetails``. People print it as a
list, or save it with ``ConvertTo-Json``, ``Export-Csv`` and ``Export-Clixml``. Other formats are this program's own
tables as CSV, JSON, or cells pasted from a workbook, and the HTML of mail and chat.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.logs.shapes import CODE, beginning, split_lines
from analyzer.storage.table_files import unguarded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LARGEST = 64_000_000
"""Bytes; a paste is far smaller."""

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
_NARROWEST = 40
"""Characters of the narrowest console that breaks lines."""


@dataclass(slots=True)
class InnerLog:
    """Lines as the service writes them, each with its line number in the original."""

    lines: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)

    def add(self, text: str, number: int, *, spread: bool = False) -> None:
        """Add the lines of a text; if it is ``spread`` over lines of the original, each has its own number."""
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
    """Return the lines of a log inside another format; None where there is no such format, or no entry in it."""
    head = text[:_HEAD].lstrip("\ufeff \t\r\n")
    if _LOG.match(head):
        return None
    reader = _reader(head)
    found = reader(text) if reader else None
    return found if found and any(beginning(line) for line in found.lines) else None


def _reader(head: str) -> Callable[[str], InnerLog | None] | None:
    """Return the reader of a format by the beginning of a text."""
    # A log that was cut off at its beginning may begin with anything. JSON has no tabs, and HTML only in <pre>.
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
    found, cells, begun, counted, number = InnerLog(), dict[str, str](), 1, 0, 1
    for member in _JSON.finditer(text):
        number += text.count("\n", counted, member.start())
        counted = member.start()
        key, value = member["key"].casefold(), json.loads(member["value"], strict=False) or ""
        if key in _ERROR_MESSAGE:
            found.add(value, number)
            continue
        if key in cells or key == "code":
            found.add_entry(cells, begun)
            cells, begun = {}, number
        cells[key] = value
    found.add_entry(cells, begun)
    return found


def _of_clixml(text: str) -> InnerLog:
    found, counted, number = InnerLog(), 0, 1
    for member in _CLIXML.finditer(text):
        number += text.count("\n", counted, member.start())
        counted = member.start()
        found.add(_CLIXML_LETTER.sub(lambda letter: chr(int(letter[1], 16)), html.unescape(member["value"])), number)
    return found


def _visible(text: str) -> str:
    """Return HTML without what a browser doesn't show; keep its line ends."""
    for start, end in _HIDDEN:
        pieces, at = [], 0
        while (begun := text.find(start, at)) >= 0 and (ended := text.find(end, begun)) >= 0:
            pieces += [text[at:begun], "\n" * text.count("\n", begun, ended)]
            at = ended + len(end)
        text = "".join([*pieces, text[at:]])
    return text


def _of_html(text: str) -> InnerLog:
    found, text = InnerLog(), _visible(text)
    line, number, begun, at = "", 1, 1, 0
    preformatted = False

    def end() -> None:
        nonlocal line, begun
        if line.strip():
            found.add(html.unescape(line).strip(" \r\n").removesuffix("\t"), begun)
        line, begun = "", number

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
            begun = begun if line.strip() else number
            line += " " if line.strip() and not line.endswith("\t") else ""
    line += text[at:]
    end()
    return found


def _columns(head: str) -> tuple[str, list[str]] | None:
    """Return the delimiter and the column names of a CSV that has the columns of entries or of jobs."""
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
    found, reader = InnerLog(), csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    before = 0
    try:
        for row in reader:
            cells = {name: unguarded(cell) for name, cell in zip(names, row, strict=False)}
            message = next((cells[name] for name in _ERROR_MESSAGE if name in cells), None)
            if message is not None:
                found.add(message, before + 1, spread=True)
            elif cells.get("code", "").casefold() != "code":
                found.add_entry(cells, before + 1)
            before = reader.line_num
    except csv.Error:
        return None
    return found


def _is_list(head: str) -> bool:
    """Return whether a text is output of ``Format-List``: the property comes before any entry with tabs."""
    for line in head.splitlines():
        named = _PROPERTY.match(line)
        if _LOG.match(line) or (named and named["name"].casefold() in _ERROR_MESSAGE):
            return named is not None
    return False


def _of_list(text: str) -> InnerLog:
    """Read the lines of ``ErrorMessage`` in output of ``Format-List``; join what the console broke."""
    found = InnerLog()
    lines = text.splitlines()
    width = max(map(len, lines), default=0)
    column, full = -1, False
    for number, line in enumerate(lines, 1):
        named = _PROPERTY.match(line)
        if named and named["name"].casefold() in _ERROR_MESSAGE:
            column = line.index(":") + 2
            found.add(line[column:], number)
        elif column >= 0 and line[:column].isspace():
            further = line[column:]
            if full and beginning(further) is None:
                found.lines[-1] += further
            else:
                found.add(further, number)
        elif beginning(line) is not None:
            found.add(line, number)
        elif line.strip():
            column = -1
            if named is None:
                found.add(line, number)  # text around the log
        full = len(line) == width and width >= _NARROWEST
    return found
