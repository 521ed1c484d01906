"""Decode a log to UTF-8, a chunk at a time, from any encoding; assumptions are counted, never silent.

The encoding is that of ``storage.encodings``: by byte order mark, or UTF-16 without one. UTF-16 that was cut inside a
character is read in the other byte order a byte later, if that gives fewer characters that no log holds, and more known
codes. Else the first character beyond ASCII decides: UTF-8, or Windows-1252 where its bytes aren't UTF-8. Single bytes
of a UTF-8 log that aren't UTF-8 (logs are pasted together) are read as Windows-1252, so that none is lost.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from analyzer.model.service import LogCode
from analyzer.storage.encodings import HEAD, UTF8, UTF16_BE, UTF16_LE, WINDOWS_1252, encoding_by_head

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analyzer.logs.model import Encoding

_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
# Surrogates: those that escape a byte (PEP 383), and any
_ESCAPED_BYTES = re.compile("[\udc80-\udcff]+")
_HALF = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"

_OTHER_ORDER = {UTF16_LE: UTF16_BE, UTF16_BE: UTF16_LE}
# Letters of ASCII, tabs and line ends whose two bytes were exchanged
_SWAPPED_LETTER = "\u0900\u0a00\u0d00" + "".join(chr(letter << 8) for letter in range(0x20, 0x7F))
_SWAPPED = re.compile(f"[{_SWAPPED_LETTER}]{{8}}")
# What no log holds
_GARBLED = re.compile(f"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f\ufffd\ufffe\uffff{_SWAPPED_LETTER}]")


def size_in(encoding: str, text: str) -> int:
    """Return how many bytes a text takes in an encoding; a character that the encoding lacks counts as one unit."""
    if encoding == WINDOWS_1252:
        return len(text)
    return len(text.encode(encoding))


def utf8_chunks(read: Callable[[int], bytes], encoding: Encoding, sizes: Iterator[int]) -> Iterator[bytes]:
    """Yield the log's text in UTF-8, without the byte order mark; no character is split.

    Raises nothing of its own for any bytes.

    Args:
        read: returns at most so many bytes, none at the end.
        encoding: filled in as the log is read.
        sizes: how many bytes to read, chunk by chunk.
    """
    head = _fill(read, max(HEAD, next(sizes)))
    encoding.size = len(head)
    encoding.name, encoding.mark = encoding_by_head(head) or (UTF8, 0)
    encoding.cut = not encoding.mark and encoding.name in _OTHER_ORDER and _is_cut(head[:HEAD], encoding.name)
    if encoding.cut:
        encoding.name, encoding.difference = _OTHER_ORDER[encoding.name], 1
    chunk = head[encoding.mark + encoding.cut :]
    decode = _DECODERS.get(encoding.name, _utf8)
    settled = bool(encoding.mark) or decode is not _utf8
    rest = b""
    while chunk:
        chunk = rest + chunk
        if not settled and (letter := _first_letter(chunk)):
            settled = True
            if not any(_is_utf8(letter[:length]) for length in (2, 3, 4)):
                encoding.name, decode = WINDOWS_1252, _windows_1252
        text, rest = decode(chunk, encoding)
        if text:
            yield text
        chunk = _fill(read, next(sizes))
        encoding.size += len(chunk)
    if rest and settled:
        yield _unfinished(rest, encoding)
    elif rest:
        # Nothing showed that the log is UTF-8, and these bytes aren't.
        encoding.name = WINDOWS_1252
        yield _windows_1252(rest, encoding)[0]


def _fill(read: Callable[[int], bytes], size: int) -> bytes:
    """Return as many bytes as requested, fewer only at the end: pipes and archives return what they have."""
    pieces = [read(size)]
    missing = size - len(pieces[0])
    while missing and pieces[-1]:
        pieces.append(read(missing))
        missing -= len(pieces[-1])
    return b"".join(pieces) if len(pieces) > 1 else pieces[0]


def _is_cut(head: bytes, name: str) -> bool:
    """Return whether UTF-16 reads better in the other byte order a byte later: its first byte is half a character."""
    return _likelihood(head[1:], _OTHER_ORDER[name]) > _likelihood(head, name)


def _likelihood(head: bytes, name: str) -> tuple[int, int]:
    """Rate a decoding: first by few characters that no log holds, then by many known codes."""
    text = head[: len(head) // 2 * 2].decode(name, "replace")
    return -len(_GARBLED.findall(text)), sum(map(text.count, LogCode))


def _first_letter(chunk: bytes) -> bytes:
    """Return the first bytes beyond ASCII, enough to tell the encoding; none where there aren't."""
    found = None if chunk.isascii() else _BEYOND_ASCII.search(chunk)
    letter = chunk[found.start() : found.start() + 4] if found else b""
    return letter if _without_unfinished(letter) else b""


def _is_utf8(raw: bytes) -> bool:
    """Return whether bytes are UTF-8: ten times as fast as Python's decoder."""
    try:
        pl.Series([raw], dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.PolarsError:
        return False
    return True


def _utf8(chunk: bytes, encoding: Encoding) -> tuple[bytes, bytes]:
    whole = chunk if chunk.isascii() else _without_unfinished(chunk)
    rest = chunk[len(whole) :]
    if whole.isascii() or _is_utf8(whole):
        return whole, rest
    text = _ESCAPED_BYTES.sub(
        lambda found: _as_windows_1252(found[0], encoding), whole.decode("utf-8", "surrogateescape")
    )
    return text.encode(), rest


def _as_windows_1252(escaped: str, encoding: Encoding) -> str:
    raw = escaped.encode("ascii", "surrogateescape")
    text = raw.decode(WINDOWS_1252, "replace")
    encoding.replaced += len(raw)
    encoding.difference += len(raw) - len(text.encode())
    return text


def _windows_1252(chunk: bytes, encoding: Encoding) -> tuple[bytes, bytes]:
    text = chunk.decode(WINDOWS_1252, "replace")
    encoding.replaced += text.count(_REPLACEMENT)
    return text.encode(), b""


def _utf16(chunk: bytes, encoding: Encoding) -> tuple[bytes, bytes]:
    units = len(chunk) // 2 * 2
    # The first half of a pair waits for its second.
    last = int.from_bytes(chunk[units - 2 : units], "little" if encoding.name == UTF16_LE else "big")
    whole = units - 2 if units and 0xD800 <= last < 0xDC00 else units  # noqa: PLR2004 - Unicode's first halves
    decoded = chunk[:whole].decode(encoding.name, "surrogatepass")
    encoding.swapped = encoding.swapped or _SWAPPED.search(decoded) is not None
    text, replaced = _HALF.subn(_REPLACEMENT, decoded)
    encoding.replaced += replaced
    return text.encode(), chunk[whole:]


_DECODERS = {UTF16_LE: _utf16, UTF16_BE: _utf16, WINDOWS_1252: _windows_1252}


def _unfinished(rest: bytes, encoding: Encoding) -> bytes:
    """Return the replacement of a character that the end of the log cuts off."""
    unit = 3 if encoding.name == UTF8 else 2
    encoding.replaced += 1
    encoding.difference += len(rest) - unit
    return _REPLACEMENT.encode()


def _without_unfinished(chunk: bytes) -> bytes:
    """Return the chunk without an incomplete character of UTF-8 at its end."""
    for place in range(1, min(4, len(chunk) + 1)):
        byte = chunk[-place]
        if 0xC2 <= byte <= 0xF4:  # noqa: PLR2004 - the first byte of a character of two or more
            length = 2 + (byte >= 0xE0) + (byte >= 0xF0)  # noqa: PLR2004 - of three, of four
            return chunk[:-place] if place < length else chunk
        if byte < 0x80:  # noqa: PLR2004 - ASCII
            break
    return chunk
