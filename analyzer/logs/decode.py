"""Decode a log of any encoding to UTF-8 in chunks; replaced characters are counted.

``storage.detect_encoding`` detects a byte order mark, or UTF-16 without one. UTF-16 that was cut inside a character is
read in the other byte order from the second byte on, if that gives fewer implausible characters and more known codes.
Otherwise, the first non-ASCII character decides: UTF-8 if it is valid, else Windows-1252. Invalid single bytes in a
UTF-8 log (people paste logs together) are read as Windows-1252, so that none is lost.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from analyzer.model.service import LogCode
from analyzer.storage.detect_encoding import HEAD, UTF8, UTF16_BE, UTF16_LE, WINDOWS_1252, encoding_by_head

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analyzer.logs.model import Encoding

_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
# Surrogates: those that escape a byte (PEP 383), and all
_ESCAPED_BYTES = re.compile("[\udc80-\udcff]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"

_OTHER_ORDER = {UTF16_LE: UTF16_BE, UTF16_BE: UTF16_LE}
# ASCII letters, tabs and line ends with swapped bytes
_SWAPPED_LETTER = "\u0900\u0a00\u0d00" + "".join(chr(letter << 8) for letter in range(0x20, 0x7F))
_SWAPPED = re.compile(f"[{_SWAPPED_LETTER}]{{8}}")
# Characters that are implausible in a log
_GARBLED = re.compile(f"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f\ufffd\ufffe\uffff{_SWAPPED_LETTER}]")


def size_in(encoding: str, text: str) -> int:
    """Return the size of a text in an encoding, in bytes; a character that the encoding lacks counts as one unit."""
    if encoding == WINDOWS_1252:
        return len(text)
    return len(text.encode(encoding))


def utf8_chunks(read: Callable[[int], bytes], encoding: Encoding, sizes: Iterator[int]) -> Iterator[bytes]:
    """Yield the log's text in UTF-8, without the byte order mark; no character is split. Accepts any bytes.

    Args:
        read: returns at most as many bytes as requested, none at the end.
        encoding: updated as the log is read.
        sizes: number of bytes to read for each chunk.
    """
    head = _read_full(read, max(HEAD, next(sizes)))
    encoding.size = len(head)
    encoding.name, encoding.mark = encoding_by_head(head) or (UTF8, 0)
    encoding.cut = (
        not encoding.mark and encoding.name in _OTHER_ORDER and _starts_mid_character(head[:HEAD], encoding.name)
    )
    if encoding.cut:
        encoding.name, encoding.difference = _OTHER_ORDER[encoding.name], 1
    chunk = head[encoding.mark + encoding.cut :]
    decode = _DECODERS.get(encoding.name, _utf8)
    settled = bool(encoding.mark) or decode is not _utf8
    rest = b""
    while chunk:
        chunk = rest + chunk
        if not settled and (letter := _first_non_ascii(chunk)):
            settled = True
            if not any(_is_utf8(letter[:length]) for length in (2, 3, 4)):
                encoding.name, decode = WINDOWS_1252, _windows_1252
        text, rest = decode(chunk, encoding)
        if text:
            yield text
        chunk = _read_full(read, next(sizes))
        encoding.size += len(chunk)
    if rest and settled:
        yield _unfinished(rest, encoding)
    elif rest:
        # These bytes aren't UTF-8, and no other character indicates that the log is.
        encoding.name = WINDOWS_1252
        yield _windows_1252(rest, encoding)[0]


def _read_full(read: Callable[[int], bytes], size: int) -> bytes:
    """Read as many bytes as requested, fewer only at the end, as pipes and archives may return fewer."""
    pieces = [read(size)]
    missing = size - len(pieces[0])
    while missing and pieces[-1]:
        pieces.append(read(missing))
        missing -= len(pieces[-1])
    return b"".join(pieces) if len(pieces) > 1 else pieces[0]


def _starts_mid_character(head: bytes, name: str) -> bool:
    """Return whether UTF-16 is more plausible in the other byte order from the second byte on."""
    return _likelihood(head[1:], _OTHER_ORDER[name]) > _likelihood(head, name)


def _likelihood(head: bytes, name: str) -> tuple[int, int]:
    """Rate a decoding: first by the number of implausible characters, then by that of known codes."""
    text = head[: len(head) // 2 * 2].decode(name, "replace")
    return -len(_GARBLED.findall(text)), sum(map(text.count, LogCode))


def _first_non_ascii(chunk: bytes) -> bytes:
    """Return the first non-ASCII character (up to four bytes); empty if there is none or it is incomplete."""
    match = None if chunk.isascii() else _BEYOND_ASCII.search(chunk)
    letter = chunk[match.start() : match.start() + 4] if match else b""
    return letter if _without_unfinished(letter) else b""


def _is_utf8(raw: bytes) -> bool:
    """Return whether bytes are UTF-8; polars validates ten times as fast as Python."""
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
        lambda match: _as_windows_1252(match[0], encoding), whole.decode("utf-8", "surrogateescape")
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
    # Keep the first half of a surrogate pair for the next chunk.
    last = int.from_bytes(chunk[units - 2 : units], "little" if encoding.name == UTF16_LE else "big")
    whole = units - 2 if units and 0xD800 <= last < 0xDC00 else units  # noqa: PLR2004 - Unicode's first halves
    decoded = chunk[:whole].decode(encoding.name, "surrogatepass")
    encoding.swapped = encoding.swapped or _SWAPPED.search(decoded) is not None
    text, replaced = _SURROGATE.subn(_REPLACEMENT, decoded)
    encoding.replaced += replaced
    return text.encode(), chunk[whole:]


_DECODERS = {UTF16_LE: _utf16, UTF16_BE: _utf16, WINDOWS_1252: _windows_1252}


def _unfinished(rest: bytes, encoding: Encoding) -> bytes:
    """Return the replacement of an incomplete character at the end of the log."""
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
