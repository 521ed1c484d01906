"""Bytes to text once more, slowly and obviously, byte by byte: what the real decoder has to agree with."""

from __future__ import annotations

from tests.logs.reference_parser import CODES

UNDEFINED = (0x81, 0x8D, 0x8F, 0x90, 0x9D)


def text_of(raw: bytes) -> tuple[str, str, int]:
    """The text without byte order mark, the encoding, and how many characters replace undecodable bytes."""
    if raw[:3] == b"\xef\xbb\xbf":
        return utf_8(raw[3:])
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if raw[:2] == mark:
            return utf_16(raw[2:], encoding)
    head = raw[:4096]
    even = sum(1 for byte in head[0::2] if not byte)
    odd = sum(1 for byte in head[1::2] if not byte)
    few, many = sorted((even, odd))
    if many * 5 > len(head) // 2 and few * 5 <= len(head) // 2:
        first, other = ("utf-16-le", "utf-16-be") if odd > even else ("utf-16-be", "utf-16-le")
        if likelihood(head[1:], other) > likelihood(head, first):
            return utf_16(raw[1:], other)
        return utf_16(raw, first)
    beyond = [at for at, byte in enumerate(raw) if byte > 0x7F]
    if beyond and not letter(raw, beyond[0])[0]:
        text = "".join(windows_1252(byte) for byte in raw)
        return text, "cp1252", sum(byte in UNDEFINED for byte in raw)
    return utf_8(raw)


def likelihood(raw: bytes, encoding: str) -> tuple[int, int]:
    """Less than 0 for each character that no log holds in a beginning read as UTF-16; then known codes."""
    text = raw[: len(raw) // 2 * 2].decode(encoding, "replace")
    garbled = 0
    for letter_ in text:
        number = ord(letter_)
        control = (number < 0x20 and letter_ not in "\t\n\v\f\r\x1b") or 0x7F <= number < 0xA0
        exchanged = number % 256 == 0 and (0x20 <= number // 256 < 0x7F or number // 256 in (9, 10, 13))
        garbled += control or exchanged or number in (0xFFFD, 0xFFFE, 0xFFFF)
    return -garbled, sum(text.count(code) for code in CODES)


def utf_8(raw: bytes) -> tuple[str, str, int]:
    """UTF-8; a byte that is none is read as Windows-1252, a character that the end cuts off becomes U+FFFD."""
    text, replaced, at = "", 0, 0
    while at < len(raw):
        character, length = letter(raw, at)
        if not character and cut_off(raw, at):
            return text + "\ufffd", "utf-8", replaced + 1
        text += character or windows_1252(raw[at])
        replaced += not character
        at += length or 1
    return text, "utf-8", replaced


def letter(raw: bytes, at: int) -> tuple[str, int]:
    """The character of UTF-8 that begins at a byte, and its length; none where none does."""
    for length in (1, 2, 3, 4):
        try:
            return raw[at : at + length].decode(), min(length, len(raw) - at)
        except UnicodeDecodeError:
            continue
    return "", 0


def cut_off(raw: bytes, at: int) -> bool:
    """Whether the text ends inside the character that begins at a byte."""
    first, further = raw[at], raw[at + 1 :]
    length = 2 if 0xC2 <= first < 0xE0 else 3 if 0xE0 <= first < 0xF0 else 4 if 0xF0 <= first <= 0xF4 else 0
    return len(further) + 1 < length and all(0x80 <= byte < 0xC0 for byte in further)


def windows_1252(byte: int) -> str:
    """One byte as Windows-1252."""
    return "\ufffd" if byte in UNDEFINED else bytes([byte]).decode("cp1252")


def utf_16(raw: bytes, encoding: str) -> tuple[str, str, int]:
    """UTF-16; half a pair and half a unit become U+FFFD."""
    text, replaced, at = "", 0, 0
    while at < len(raw):
        for length in (2, 4):
            try:
                text += raw[at : at + length].decode(encoding)
            except UnicodeDecodeError:
                continue
            at += length
            break
        else:
            # Half a pair and half a unit at the end are one character that was cut off.
            begun = len(raw) - at == 3 and 0xD8 <= raw[at + (encoding == "utf-16-le")] < 0xDC
            text, replaced, at = text + "\ufffd", replaced + 1, at + (3 if begun else 2)
    return text, encoding, replaced
