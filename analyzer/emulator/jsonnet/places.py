"""Where in a document something is: paths as ``JsonPosition`` writes them, lines and positions as ``IJsonLineInfo``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analyzer.emulator.jsonnet.model import Container, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

_ODD = re.compile(r"[. '/\"\[\]()\t\n\r\f\b\\\x85\u2028\u2029]")
_ESCAPED = re.compile(r"['\\\x00-\x1f\x85\u2028\u2029]")
_ESCAPES = {"'": r"\'", "\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\f": r"\f", "\b": r"\b"}


def path_of(containers: Iterable[Container]) -> str:
    r"""The path through open containers, outermost first; a name with a blank or such goes into brackets.

    >>> path_of([Container(Kind.Object, name="value"), Container(Kind.Array, 3), Container(Kind.Object, name="A b")])
    "value[3]['A b']"
    """
    path = ""
    for container in containers:
        if container.kind is not Kind.Object:
            path += f"[{container.index}]"
        elif _ODD.search(container.name):
            path += f"['{_ESCAPED.sub(_escape, container.name)}']"
        else:
            path += f".{container.name}" if path else container.name
    return path


def _escape(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[0]) or f"\\u{ord(found[0]):04x}"


def line_and_position(text: str, offset: int) -> tuple[int, int]:
    """The line, from 1, and the UTF-16 units since its start.

    CR, LF and CRLF end a line, also inside strings. At a file's very end Json.NET takes CRLF for two: it wants
    to see one character more than the LF before it joins them.
    """
    lines = text.count("\n", 0, offset) + text.count("\r", 0, offset) - text.count("\r\n", 0, offset)
    if offset == len(text) and text.endswith("\r\n"):
        lines += 1
    start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    return lines + 1, units(text[start:offset])


def units(text: str) -> int:
    """How long a text is in UTF-16, as .NET counts."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
