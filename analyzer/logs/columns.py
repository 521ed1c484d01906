"""Turn the entries of a block into columns of the table ``entries``: views of the block's text, which is not copied.

The parts of all entries follow one another in the text, so they are one Arrow array of strings whose offsets are
the parts' beginnings (https://arrow.apache.org/docs/format/Columnar.html); a column is every eighth of its strings.
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
    """Return ``segment`` UInt32 and the columns of ``entries`` from ``line`` on; lines count from 1 in each segment."""
    parts = _parts(block, entries)
    column = {name: parts.gather_every(PARTS, place).alias(name) for name, place in _FIELDS.items()}
    if entries.lines.crlf:
        column["detail"] = _with_lf(column["detail"])
    line = entries.line - entries.segment_lines[entries.segment] + 1
    for place, segment in enumerate(block.segments):
        if segment.numbers is not None:
            its = entries.segment == place
            line[its] = segment.numbers[line[its] - 1]
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
    """Return the details with an LF for each CRLF; only entries that have a detail are searched."""
    there = details.is_not_null().to_numpy()
    if not there.any():
        return details
    found = details.filter(there).str.replace_all("\r\n", "\n", literal=True)
    # What has no detail stays at the last of the found, which is null.
    at = np.full(len(details), len(found), np.uint32)
    at[there] = np.arange(len(found), dtype=np.uint32)
    return found.extend_constant(None, 1).gather(at)


def _properties(codes: pl.Series, messages: pl.Series) -> pl.Series:
    invalid = (codes == LogCode.InvalidProperty).fill_null(value=False)
    found = _looked_up(LogCode.InvalidProperty, messages, invalid)
    # In other messages properties are rare: nothing more is done where the word is in none of them.
    if not messages.filter(~invalid).str.contains("Property", literal=True).any():
        return found
    others = codes.is_not_null() & ~invalid & messages.str.contains("Property", literal=True)
    return found.zip_with(~others, _looked_up("", messages, others)) if others.any() else found


def _looked_up(code: str, messages: pl.Series, wanted: pl.Series) -> pl.Series:
    """Return the properties that the wanted messages name, null elsewhere; equal messages are searched once."""
    distinct = messages.filter(wanted).unique()
    if not len(distinct):
        return pl.Series("property", [None], dtype=pl.String).new_from_index(0, len(messages))
    named = pl.Series([property_named(code, message) for message in distinct], dtype=pl.String)
    return messages.set(~wanted, None).replace_strict(distinct, named, default=None).alias("property")


# Scripts that put no blank between words and no apostrophe into them: a quote may touch their letters
_LETTER = r"[^\W\d_\u0e00-\u0eff\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\uff66-\uffdc]"

_WITHIN_A_WORD = rf"(?<={_LETTER})['\u2019](?={_LETTER})"
"""An apostrophe between two letters, as in "n'est": it neither opens nor closes a quotation."""

# Names of properties are far shorter than 400 characters. The bound, and never going back into a part (the second "+"),
# keep hostile text with a million quotation marks from taking minutes. A group that never goes back would be simpler
# than looking ahead for a closing quotation mark that is none, but before Python 3.11.5 such groups match wrongly.
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
    """Return an expression for what is in quotes after a prefix; compiled on first use, as that takes time."""
    return re.compile(prefix + _QUOTED, re.VERBOSE)


@functools.lru_cache(maxsize=4096)
def property_named(code: str | None, message: str) -> str | None:
    """Return the property that a message names in quotes, in any language; None where it names none.

    In an ``InvalidProperty`` that is the text in the first quotes; elsewhere only what follows the word ``Property``,
    as the path in a JSON parser's message is in quotes, too.
    """
    expression = _quoted("" if code == LogCode.InvalidProperty else r"\b Property [\s\u00a0]*")
    found = expression.search(message) if code is not None else None
    if found is None:
        return None
    return next(group for group in found.groups() if group is not None).strip() or None
