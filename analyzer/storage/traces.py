"""Find a user's ID in the bytes of files, in every spelling and encoding that logs, source files, and pages use.

A spelling differs in case, in composed or decomposed letters, and in a prefix before the ID. Encodings are UTF-8,
UTF-16, Windows-1252, and within these percent-encoding (also twice), JSON and HTML escapes, and CLIXML's. Each
character may be written in its own way. Packed files (gzip, ZIP, XLSX, Parquet) are unpacked.
"""

from __future__ import annotations

import gzip
import html.entities
import io
import itertools
import re
import secrets
import string
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import msgspec
import polars as pl

from analyzer.errors import InputError
from analyzer.model.service import GUID
from analyzer.storage.files import cannot_read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

GZIP_MAGIC, ZIP_MAGIC, PARQUET_MAGIC = b"\x1f\x8b", b"PK\x03\x04", b"PAR1"
_CHUNK = 1 << 22
_LONGEST = 1 << 14
"""Bytes of the longest ID with every character escaped."""
_IN_IDS = frozenset("._-+@")
"""Characters beside letters and digits that continue an ID: ``lady-ada@contoso.com`` isn't ``ada@contoso.com``."""
_NARROW = "utf-8"
_TAIL = 64
_FORGOTTEN_ID = "f0f0f0f0"
"""The beginning of the pseudonym of an object ID, which is one, too: a file's ID type is inferred from its IDs."""
_ACCENTED = "àáâãäåçèéêëìíîïñòóôõöùúûüý"
"""Letters with two bytes in UTF-8 and one in Windows-1252; decomposed they have three, as most letters with accents."""
_SHORT, _LONG = 2, 4
"""Bytes of these letters, and of those beyond the first 65,536, in UTF-8."""
_LETTERS = re.compile("[a-z0-9]+")
_CODE = rb"(?:3\d|[46][1-9a-f]|[57][0-9a])"
_ESCAPED_LETTERS = (
    re.compile(rb"%(?:25)?" + _CODE),
    re.compile(rb"\\u00" + _CODE),
    re.compile(rb"_x00" + _CODE),
    re.compile(rb"&#(?:x0?" + _CODE + rb"|0?(?:4[89]|5[0-7]|6[5-9]|[789]\d|1[012]\d);)"),
)
"""Escapes of ASCII letters and digits, in lower case. Each begins with its own text, which is found fast."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One occurrence of an ID.

    Attributes:
        start, end: offsets.
        encoding: ``utf-16-le``, ``utf-16-be``, or ``utf-8``, which also stands for Windows-1252.
        user: the number of the ID.
    """

    start: int
    end: int
    encoding: str
    user: int


class Traces:
    """Searches for the IDs of some users."""

    def __init__(self, keys: Iterable[str]) -> None:
        """Prepare to search.

        Args:
            keys: the users' keys (``identity_key``), none of them empty.
        """
        self._patterns: list[tuple[re.Pattern[bytes], str, int]] = []
        self._anchors: list[bytes] = []
        for user, key in enumerate(keys):
            longest = max(_LETTERS.findall(key.partition("@")[0]) or _LETTERS.findall(key), key=len, default="")
            self._anchors += [longest.encode(), longest.encode("utf-16-le")[:-1]]
            characters = [_spellings(character) for character in key]
            for encoding in (_NARROW, "utf-16-le", "utf-16-be"):
                encode = _narrow if encoding == _NARROW else _utf_16(encoding)
                pattern = b"".join(
                    _one_of(option for one in options for option in encode(one)) for options in characters
                )
                self._patterns.append((re.compile(pattern, re.DOTALL), encoding, user))

    def find(self, data: bytes) -> list[Trace]:
        """Return the occurrences in bytes that aren't packed, in their order and without overlaps."""
        if not self._may_occur(data):
            return []
        found = [
            Trace(match.start(), match.end(), encoding, user)
            for pattern, encoding, user in self._patterns
            for match in pattern.finditer(data)
            if _is_whole(data, match.start(), match.end(), encoding)
        ]
        result: list[Trace] = []
        for trace in sorted(found, key=lambda trace: (trace.start, -trace.end)):
            if not result or trace.start >= result[-1].end:
                result.append(trace)
        return result

    def _may_occur(self, data: bytes) -> bool:
        """Return whether an ID may occur: its longest part is there, or an ASCII letter or digit is escaped."""
        lower = data.lower()
        if any(anchor in lower for anchor in self._anchors):
            return True
        narrow = lower.replace(b"\0", b"") if b"\0" in lower else lower
        return any(escaped.search(narrow) for escaped in _ESCAPED_LETTERS)

    def count(self, path: Path) -> int:
        """Return the number of occurrences in a file, unpacked if it is packed.

        Raises:
            InputError: it can't be read or unpacked.
        """
        try:
            with path.open("rb") as stream:
                return self._count_table(path) if path.suffix == ".parquet" else self._count(stream, packed=True)
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            if isinstance(error, OSError) and not isinstance(error, gzip.BadGzipFile):
                raise cannot_read(path, error) from error
            raise InputError(f"{path} can't be unpacked: {error}") from error
        except pl.exceptions.PolarsError as error:
            raise InputError(f"{path} isn't a table") from error

    def replaced(
        self, stream: IO[bytes], replace: Callable[[Trace, bytes], bytes], chunk_size: int = _CHUNK
    ) -> Iterator[bytes]:
        """Yield the bytes of a stream with each occurrence replaced.

        Args:
            stream: it isn't unpacked.
            replace: returns the bytes for an occurrence and its own bytes.
            chunk_size: bytes that are read at once.
        """
        data, done, at_end = b"", 0, False
        while not at_end:
            chunk = stream.read(chunk_size)
            data, at_end = data + chunk, not chunk
            settled = len(data) if at_end else max(done, len(data) - 2 * _LONGEST)
            pieces = []
            for trace in self.find(data):
                if done <= trace.start < settled:
                    pieces += [data[done : trace.start], replace(trace, data[trace.start : trace.end])]
                    done = trace.end
            settled = max(done, settled)
            yield b"".join([*pieces, data[done:settled]])
            # Some bytes before stay, as they decide where an ID begins.
            done = min(settled, 2 * _NEAR)
            data = data[settled - done :]

    def _count(self, stream: IO[bytes], *, packed: bool) -> int:
        magic = stream.read(len(ZIP_MAGIC))
        stream.seek(0)
        if packed and magic.startswith(GZIP_MAGIC):
            with gzip.GzipFile(fileobj=stream) as unpacked:
                return self._count(io.BufferedReader(unpacked), packed=False)
        if packed and magic == ZIP_MAGIC:
            with zipfile.ZipFile(stream) as archive:
                members = [name for name in archive.namelist() if not name.endswith("/")]
                names = len(self.find("\n".join(members).encode(errors="surrogatepass")))
                return names + sum(self._count(io.BytesIO(archive.read(name)), packed=True) for name in members)
        number = 0

        def note(_trace: Trace, raw: bytes) -> bytes:
            nonlocal number
            number += 1
            return raw

        for _ in self.replaced(stream, note):
            pass
        return number

    def _count_table(self, path: Path) -> int:
        number = 0
        frame = pl.scan_parquet(path, hive_partitioning=False)
        for name, kind in frame.collect_schema().items():
            if kind == pl.List(pl.String):
                column = frame.select(pl.col(name).explode()).collect()[name]
            elif kind in (pl.String, pl.Binary, pl.Categorical):
                column = frame.select(pl.col(name)).collect()[name]
            else:
                continue
            texts = column.drop_nulls().unique().cast(pl.Binary if kind == pl.Binary else pl.String)
            number += len(self.find(b"\n".join(_bytes_of(one) for one in texts)))
        return number


class Pseudonyms:
    """Texts that replace IDs and have the same length, one for each user."""

    def __init__(self, keys: Iterable[str], tails: Sequence[str]) -> None:
        """Use the random texts that were drawn for the users (``drawn``).

        Args:
            keys: the users' keys, as for ``Traces``.
            tails: the texts, in the same order.
        """
        self._tails = tails
        self._texts = [_like(key, tail) for key, tail in zip(keys, tails, strict=True)]

    @staticmethod
    def drawn() -> str:
        """Return a random text for one user, from which nothing leads back to the user."""
        return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(_TAIL))

    def text(self, user: int) -> str:
        """Return the pseudonym of a user, which has the length of the key in every encoding."""
        return self._texts[user]

    def bytes_for(self, trace: Trace, raw: bytes) -> bytes:
        """Return the replacement of an occurrence, as ``Traces.replaced`` needs it.

        It is the user's pseudonym, also in another encoding, unless the ID has escapes, which make it longer.
        """
        encoding = trace.encoding if trace.encoding != _NARROW or _is_utf_8(raw) else "cp1252"
        for form in ("NFC", "NFD"):
            content = unicodedata.normalize(form, self._texts[trace.user]).encode(encoding, "ignore")
            if len(content) == len(raw) and (encoding.startswith("utf-16") or content.isascii() == raw.isascii()):
                return content
        width = _width_of(trace.encoding)
        units = len(raw) // width
        text = _ascii(self._tails[trace.user], units, is_address=b"@" in raw or b"40" in raw)
        return text.encode(encoding) + raw[units * width :]


class Redaction:
    """Replaces the IDs of users by pseudonyms in texts and tables."""

    def __init__(self, traces: Traces, pseudonyms: Pseudonyms) -> None:
        """Prepare to replace the users of a search."""
        self._traces, self._pseudonyms = traces, pseudonyms

    def text(self, data: bytes) -> bytes:
        """Return a text in UTF-8 without the IDs."""
        return b"".join(self._traces.replaced(io.BytesIO(data), self._pseudonyms.bytes_for))

    def table(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return a table whose columns of texts are without the IDs."""
        for column in frame.select(pl.col(pl.String)).columns:
            texts = (text for text in frame[column].unique().drop_nulls() if self._traces.find(text.encode()))
            frame = frame.with_columns(
                pl.col(column).replace({text: self.text(text.encode()).decode() for text in texts})
            )
        return frame


def _like(key: str, tail: str) -> str:
    """Return a pseudonym that has as many bytes as a key in every encoding: its last letters are of the same kinds."""
    if GUID.fullmatch(key):
        digits = iter(_FORGOTTEN_ID + "".join(f"{ord(one) % 16:x}" for one in tail))
        return "".join(next(digits) if one.isalnum() else one for one in key)
    sizes = [len(one.encode(errors="surrogatepass")) for one in key if not one.isascii()]
    letters = (
        _ACCENTED[ord(one) % len(_ACCENTED)]
        if size == _SHORT
        else chr((0x4E00 if size < _LONG else 0x20000) + ord(one))
        for size, one in zip(sizes, itertools.cycle(tail[::-1]), strict=False)
    )
    return _ascii(tail, len(key) - len(sizes), is_address="@" in key) + "".join(letters)


def _ascii(tail: str, length: int, *, is_address: bool) -> str:
    """Return a pseudonym of ASCII: ``forgotten@4fz0q`` for an address, which stays of the kind."""
    head = "forgotten@" if is_address else "forgotten-"
    tail *= length // _TAIL + 1
    if length >= len(head) + 4:
        return f"{head}{tail}"[:length]
    middle = length // 2
    return f"{tail[:middle]}@{tail[middle:]}"[:length] if is_address and middle else tail[:length]


def _is_utf_8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _bytes_of(value: str | bytes) -> bytes:
    """Return a value of a table as text; MessagePack has lengths before its texts, which may look like letters."""
    if isinstance(value, str):
        return value.encode()
    try:
        return msgspec.json.encode(msgspec.msgpack.decode(value))
    except msgspec.MsgspecError:
        return value


def _spellings(character: str) -> set[str]:
    """Return a character of a key in both cases, composed and decomposed."""
    cases = {character, character.upper(), character.lower(), character.title()}
    return {unicodedata.normalize(form, one) for one in cases for form in ("NFC", "NFD")}


def _narrow(text: str) -> Iterator[bytes]:
    """Yield what a text may be in an encoding with one byte for a character of ASCII."""
    for written in _written(text):
        yield written.encode(errors="surrogatepass")
    if not text.isascii():
        for encoding in ("cp1252", "latin-1"):
            raw = text.encode(encoding, "ignore")
            if raw and len(raw) == len(text):
                yield raw


def _utf_16(encoding: str) -> Callable[[str], Iterator[bytes]]:
    return lambda text: (written.encode(encoding, "surrogatepass") for written in _written(text))


def _written(text: str) -> Iterator[str]:
    """Yield how a text of one character (or one with its accents) may be written in a text file."""
    yield text
    percents = {"".join(f"%{byte:02x}" for byte in text.encode(encoding, "ignore")) for encoding in ("utf-8", "cp1252")}
    units = text.encode("utf-16-be", "surrogatepass")
    numbers = [int.from_bytes(units[at : at + 2]) for at in range(0, len(units), 2)]
    escapes = {mark.join(["", *(f"{number:04x}" for number in numbers)]) for mark in (r"\u", r"\\u")}
    escapes.add("".join(f"_x{number:04x}_" for number in numbers))
    for escape in [*filter(None, percents), *(one.replace("%", "%25") for one in percents if one), *escapes]:
        prefix = escape[: len(escape) - len(escape.lstrip("\\_"))]
        yield escape
        yield prefix + re.sub("[0-9a-f]{2,}", lambda digits: digits[0].upper(), escape[len(prefix) :])
    points = [ord(one) for one in text]
    for form in ("&#{};", "&#0{};", "&#x{:x};", "&#x{:X};", "&#x0{:x};"):
        yield "".join(form.format(point) for point in points)
    named = [html.entities.codepoint2name.get(point) for point in points] if text != "'" else ["apos"]
    if all(named):
        yield "".join(f"&{name};" for name in named)
    yield from {"\\": [r"\\", r"\\\\"], '"': [r"\"", '""'], "'": ["''"], "/": [r"\/"]}.get(text, ())


def _one_of(options: Iterable[bytes]) -> bytes:
    """Return a pattern for one of several texts, the longest first."""
    return b"(?:" + b"|".join(map(re.escape, sorted(set(options), key=lambda one: (-len(one), one)))) + b")"


def _is_whole(data: bytes, start: int, end: int, encoding: str) -> bool:
    """Return whether an occurrence is no part of a longer ID."""
    before, after = _text_before(data, start, encoding), _text_after(data, end, encoding)
    if before and (before[-1].isalnum() or before[-1] in _IN_IDS) and not _ESCAPED.search(before):
        return False
    if after and after[0] == "." and len(after) > 1:
        return not after[1].isalnum()
    return not (after and (after[0].isalnum() or after[0] in _IN_IDS - {"."}))


_ESCAPED = re.compile(r"(?:%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\[bfnrt])$")
"""An escaped character before an ID, such as the ``%7C`` in ``i%3A0%23.f%7Cmembership%7Cada%40contoso.com``."""
_NEAR = 8
"""Characters around an occurrence that are looked at."""


def _text_before(data: bytes, start: int, encoding: str) -> str:
    width = _width_of(encoding)
    raw = data[max(0, start - _NEAR * width) : start]
    return raw[len(raw) % width :].decode(encoding, "ignore")


def _text_after(data: bytes, end: int, encoding: str) -> str:
    width = _width_of(encoding)
    raw = data[end : end + _NEAR * width]
    return raw[: len(raw) // width * width].decode(encoding, "ignore")


def _width_of(encoding: str) -> int:
    return 1 if encoding == _NARROW else 2
