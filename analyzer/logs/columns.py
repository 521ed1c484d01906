"""Convert the entries of a block to columns of the table ``entries``, without copying the block's text.

The parts of all entries are adjacent in the text, so they form one Arrow array of strings with the starts of the parts
as offsets (https://arrow.apache.org/docs/format/Columnar.html). A column is every eighth string.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

import nanoarrow
import numpy as np
import polars as pl

from analyzer.logs.entries import CODE, DETAIL, IDENTITY, MESSAGE, PARTS
from analyzer.model.service import LogCode

if TYPE_CHECKING:
    from analyzer.logs.entries import Entries
    from analyzer.logs.model import Block


_FIELDS = {"code": CODE, "identity": IDENTITY, "message": MESSAGE, "detail": DETAIL}
_NULL_WHERE_EMPTY = (CODE, IDENTITY, DETAIL)


def columns_of(block: Block, entries: Entries) -> pl.DataFrame:
    """Return ``segment`` (UInt32) and the columns of ``entries`` from ``line`` on; lines are counted per segment."""
    parts = _parts(block, entries)
    column = {name: parts.gather_every(PARTS, place).alias(name) for name, place in _FIELDS.items()}
    if entries.lines.crlf:
        column["detail"] = _with_lf(column["detail"])
    line = entries.line - entries.segment_lines[entries.segment] + 1
    for place, segment in enumerate(block.segments):
        if segment.numbers is not None:
            in_segment = entries.segment == place
            line[in_segment] = segment.numbers[line[in_segment] - 1]
    return pl.DataFrame(
        [
            pl.Series("segment", entries.segment.astype(np.uint32)),
            pl.Series("line", line.astype(np.uint32)),
            column["code"],
            column["identity"],
            _properties(column["code"], column["message"]),
            column["message"],
            column["detail"],
        ]
    )


def _parts(block: Block, entries: Entries) -> pl.Series:
    offsets = np.append(entries.parts.ravel(), np.int32(block.size))
    valid = np.full(len(entries.line), 0xFF, np.uint8)
    for place in _NULL_WHERE_EMPTY:
        empty = entries.parts[:, place] == entries.parts[:, place + 1]
        valid &= ~(empty.astype(np.uint8) << np.uint8(place))
    array = nanoarrow.c_array_from_buffers(nanoarrow.string(), len(offsets) - 1, [valid, offsets, entries.lines.data])
    return pl.Series(array)


def _with_lf(details: pl.Series) -> pl.Series:
    """Replace each CRLF by an LF; only nonempty details are searched."""
    present = details.is_not_null().to_numpy()
    if not present.any():
        return details
    replaced = details.filter(present).str.replace_all("\r\n", "\n", literal=True)
    # Entries without a detail refer to a null that is appended.
    at = np.full(len(details), len(replaced), np.uint32)
    at[present] = np.arange(len(replaced), dtype=np.uint32)
    return replaced.extend_constant(None, 1).gather(at)


def _properties(codes: pl.Series, messages: pl.Series) -> pl.Series:
    invalid = (codes == LogCode.InvalidProperty).fill_null(value=False)
    properties = _find_properties(LogCode.InvalidProperty, messages, invalid)
    # Other messages rarely name a property: first look for the word in all of them.
    if not messages.filter(~invalid).str.contains("Property", literal=True).any():
        return properties
    others = codes.is_not_null() & ~invalid & messages.str.contains("Property", literal=True)
    return properties.zip_with(~others, _find_properties("", messages, others)) if others.any() else properties


def _find_properties(code: str, messages: pl.Series, wanted: pl.Series) -> pl.Series:
    """Return the properties that the wanted messages name, null for other messages; search equal messages once."""
    distinct = messages.filter(wanted).unique()
    if not len(distinct):
        return pl.Series("property", [None], dtype=pl.String).new_from_index(0, len(messages))
    named = pl.Series([property_in(code, message) for message in distinct], dtype=pl.String)
    return messages.set(~wanted, None).replace_strict(distinct, named, default=None).alias("property")


# Letters, except of scripts without spaces between words, in which a quotation mark may touch a letter
_LETTER = r"[^\W\d_\u0e00-\u0eff\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\uff66-\uffdc]"

_WITHIN_A_WORD = rf"(?<={_LETTER})['\u2019](?={_LETTER})"
"""An apostrophe between two letters, as in "n'est", which neither opens nor closes a quotation."""

# Names of properties are far shorter than 400 characters. The limit and possessive quantifiers keep the time linear for
# hostile text with a million quotation marks. An atomic group would be simpler than the negative lookahead, but atomic
# groups match incorrectly before Python 3.11.5.
_QUOTED = rf"""
    (?:
        (?<!{_LETTER})['\u2019]
        (?P<straight> [^'\u2019]{{1,400}}+ (?: {_WITHIN_A_WORD} [^'\u2019]{{1,400}}+ )* )
        (?! {_WITHIN_A_WORD} ) ['\u2019]
      | [\u2018\u201a\u201b`]
        (?P<single> [^'`\u2018\u2019]{{1,400}}+ (?: {_WITHIN_A_WORD} [^'`\u2018\u2019]{{1,400}}+ )* )
        (?! {_WITHIN_A_WORD} ) ['`\u2018\u2019]
      | [\u201c\u201d\u201e\u201f"\uff02] (?P<double> [^\u201c\u201d"\uff02]{{1,400}}+ ) [\u201c\u201d"\uff02]
      | [\u00ab\u00bb] (?P<guillemets> [^\u00ab\u00bb]{{1,400}}+ ) [\u00ab\u00bb]
      | [\u2039\u203a] (?P<guillemet> [^\u2039\u203a]{{1,400}}+ ) [\u2039\u203a]
      | [\u300c\u300e\u300a\u3008] (?P<corner> [^\u300d\u300f\u300b\u3009]{{1,400}}+ ) [\u300d\u300f\u300b\u3009]
    )
"""


@functools.cache
def _quoted(prefix: str) -> re.Pattern[str]:
    """Return an expression for quoted text after a prefix, compiled on first use to save time at startup."""
    return re.compile(prefix + _QUOTED, re.VERBOSE)


@functools.lru_cache(maxsize=4096)
def property_in(code: str | None, message: str) -> str | None:
    """Return the property that a message names in quotes, in any language; None if there is none.

    For ``InvalidProperty``, that is the first quoted text. In other messages it must follow the word ``Property``,
    because a path in a JSON parser's message is also in quotes.
    """
    expression = _quoted("" if code == LogCode.InvalidProperty else r"\b Property [\s\u00a0]*")
    quoted = expression.search(message) if code is not None else None
    if quoted is None:
        return None
    return next(group for group in quoted.groups() if group is not None).strip() or None
