"""Whether a value that was read whole is the whole value, by what stands behind it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.source.reader.json_text import Buffer

_STRING = r"""(?: "[^"\\\n]{0,200}+" | '[^'\\\n]{0,200}+' )"""
_STRAY = r"[\x00-\x20,]*+"
# The file's end; a bracket that something of JSON follows; ,"City": or ,City: with commas too many or none
_ENDED = re.compile(
    rf"""
    {_STRAY} (?:
        \Z
        | [}}\]] \s*+ (?: [,{{}}\]] | \Z )
        | \{{? \s*+ {_STRING} \s*+ :
        | (?<=,) [A-Za-z_$][A-Za-z0-9_$]*+ \s*+ :
    )
    """.encode(),
    re.VERBOSE,
)
# ","@contoso.com", as it stands behind "ada, where these marks are in the text
_CUT = re.compile(rf"{_STRAY} {_STRING} \s*+ [,}}\]]".encode(), re.VERBOSE)
_RECORD = re.compile(rf"\{{ \s*+ (?: \}} | {_STRING} \s*+ : )".encode(), re.VERBOSE)


def has_ended(buffer: Buffer, end: int) -> bool:
    """Whether the value that was read up to ``end`` is followed by a member, a bracket or the end of the file.

    Else the quotation mark before ``end`` may be one of the text, and the text go on.
    """
    return _ENDED.match(buffer, end) is not None


def seems_cut(buffer: Buffer, end: int) -> bool:
    """Whether the value that was read up to ``end`` is likely but the beginning: a text that names nothing follows."""
    return _CUT.match(buffer, end) is not None


def record_has_ended(buffer: Buffer, offset: int) -> bool:
    """Whether another record, or nothing, stands at ``offset``, where a comma is missing behind a record."""
    return offset >= len(buffer) or _RECORD.match(buffer, offset) is not None
