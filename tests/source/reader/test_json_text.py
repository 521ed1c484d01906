"""A source file as UTF-8: its encoding, by mark or by most of its letters, and offsets of lines and UTF-16 units."""

from __future__ import annotations

import errno
import io
import random
import tempfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.emulator.jsonnet.places import line_and_position
from analyzer.errors import OutputError
from analyzer.source.reader import json_text
from analyzer.source.reader.json_text import encoding_of, mapped, offset_of, opened, recoded_from
from analyzer.source.reader.records import read_records
from analyzer.storage.detect_encoding import UTF8, UTF16_BE, UTF16_LE, WINDOWS_1252

if TYPE_CHECKING:
    from pathlib import Path

NAMES = {
    "German": ("Jürgen Groß", "Änne Möller", "Özdemir", "Weiß", "Käthe Böhm", "Übersee ¾ Süd", "Straße „Am Hügel“"),
    "French": ("François Noël", "Zoë Lefèvre", "ÉLÉONORE", "Cœur d'Aÿ", "Hôtel « Été »", "Benoît", "CAFÉ»"),
    "Czech": ("Tomáš Žižka", "Alžběta Šípková", "Zdeněk", "ŠÍŽEK", "Růžena", "Dvořák", "Ján Ňuňák"),
    "Spanish": ("Begoña Núñez", "¿Señor Ibáñez?", "Álvaro", "Año Nuevo", "Íñigo"),
}
SEEDS = range(20)


def feed(names: tuple[str, ...], rng: random.Random, number: int = 60) -> str:
    """A source file of people with such names, some of them in capitals, and most values plain."""
    words = [*names, *(name.upper() for name in names[:2]), "Bonn", "Lyon"]
    records = (
        f'{{"IdName":"user{one}@contoso.com","Name":"{rng.choice(words)}","Office":"{one}"}}' for one in range(number)
    )
    return '{"value":[' + ",\n".join(records) + "]}"


def damaged(raw: bytes, rng: random.Random, share: float) -> bytes:
    """A text whose first letter beyond ASCII is damaged, and so many of the others: a byte lost or another one."""
    out, first = bytearray(), True
    for byte in raw:
        lead = byte >= 0xC0
        if lead and (first or rng.random() < share):
            first = False
            out += rng.choice([b"", b"\xff", b"?"])
        else:
            out.append(byte)
    return bytes(out)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES.keys())
def test_windows_1252_is_recognised_by_its_letters(names: tuple[str, ...], seed: int) -> None:
    text = feed(names, random.Random(seed))
    assert encoding_of(text.encode("cp1252", "ignore")) == WINDOWS_1252


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("share", [0, 0.05, 0.3])
@pytest.mark.parametrize("names", [*NAMES.values(), ("山田太郎", "Иван Іванов", "王")], ids=[*NAMES.keys(), "far"])
def test_utf_8_with_damaged_bytes_is_utf_8(names: tuple[str, ...], share: float, seed: int) -> None:
    rng = random.Random(seed)
    raw = damaged(feed(names, rng).encode(), rng, share)
    with pytest.raises(UnicodeDecodeError):
        raw.decode()
    assert encoding_of(raw) == UTF8


@pytest.mark.parametrize(
    ("raw", "expected"),
    {
        "nothing": (b"", UTF8),
        "ascii": (b"Ada", UTF8),
        "a mark": (b"\xef\xbb\xbf\xfc", UTF8),
        "the mark of UTF-16": (b"\xff\xfe" + "Ü".encode("utf-16-le"), UTF16_LE),
        "the mark of UTF-16 in the other byte order": (b"\xfe\xff" + "Ü".encode("utf-16-be"), UTF16_BE),
        "UTF-16 without a mark": ('{"value":[{"IdName":"jürgen"}]}'.encode("utf-16-le"), UTF16_LE),
        "the other byte order without a mark": ('{"value":[{"IdName":"Łódź"}]}'.encode("utf-16-be"), UTF16_BE),
        "zeros in UTF-8": (b"Ada" + bytes(100), UTF8),
        "one letter": (b"M\xfcnchen", WINDOWS_1252),
        "a letter of Windows-1252 that is UTF-8, too, before others": ("CAFÉ» à été".encode("cp1252"), WINDOWS_1252),
        "as many of both": (b"M\xc3\xbcnchen, K\xf6ln", UTF8),
        "half as many": (b"M\xc3\xbcnchen, K\xf6ln \xff", UTF8),
        "a letter that is cut at the end": ("Zoë".encode()[:-1], WINDOWS_1252),
    }.values(),
)
def test_marks_and_few_letters(raw: bytes, expected: str) -> None:
    assert encoding_of(raw) == expected


@pytest.mark.parametrize("before", range(4))
def test_a_letter_on_the_border_of_two_pieces_is_one(before: int) -> None:
    assert encoding_of(b"\xff" + b"-" * 11 + b"-" * before + "王".encode(), piece=8) == UTF8
    assert encoding_of(b"-" * before + b"\xff" + b"-" * 20 + "王".encode() + b"-\xff-\xff", piece=8) == WINDOWS_1252


def test_a_file_beyond_the_first_pieces_is_not_searched() -> None:
    raw = b"\xff" + b"-" * 40 + b"\xff" + b"-" * 40 + "王王王".encode()
    assert encoding_of(raw, piece=8, pieces=2) == WINDOWS_1252


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_read_and_named(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "feed.json"
    path.write_bytes('{"value":[{"IdName":"jürgen@contoso.com","City":"Łódź"}]}'.encode(encoding))
    assert recoded_from(path) == "UTF-16 without a byte order mark"
    assert [record.text("City") for record in read_records(path)] == ["Łódź"]


def test_the_damaged_value_alone_is_not_read_for_certain(tmp_path: Path) -> None:
    path = tmp_path / "feed.json"
    text = '{"value":[{"IdName":"a@contoso.com","City":"Köln"},{"IdName":"b@contoso.com","City":"Zürich, Łódź"}]}'
    path.write_bytes(text.encode().replace("ö".encode(), b"\xb6"))
    assert recoded_from(path) == ""
    assert [record.text("City") for record in read_records(path)] == ["K\ufffdln", "Zürich, Łódź"]
    with mapped(path) as as_it_is, opened(path) as read:
        assert as_it_is[:] == read[:]


def test_a_large_file_is_looked_through_once_for_each_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []

    def noted(buffer: json_text.Buffer) -> str:
        looked.append(len(buffer))
        return encoding_of(buffer)

    monkeypatch.setattr(json_text, "_CACHED_SIZE", 10)
    monkeypatch.setattr(json_text, "encoding_of", noted)
    path = tmp_path / "source.json"
    path.write_bytes(b'{"value":[]}')
    with opened(path):
        assert recoded_from(path) == ""
    assert looked == [12]
    path.write_bytes('{"value":[],"x":"Zoë"}'.encode("cp1252"))
    assert recoded_from(path) == json_text.WINDOWS_1252
    assert looked == [12, 22]


@pytest.mark.parametrize("place", ["write", "flush", "begin"])
def test_a_full_temporary_folder_is_reported_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")

    class Full(io.BytesIO):
        def __init__(self) -> None:
            super().__init__()
            if place == "begin":
                raise full

        def write(self, content: Any) -> int:  # noqa: ANN401 - whatever has bytes
            if place == "write":
                raise full
            return super().write(content)

        def flush(self) -> None:
            if place == "flush":
                raise full

    path = tmp_path / "feed.json"
    path.write_bytes(b'{"value":[{"IdName":"j\xfcrgen@contoso.com"}]}')
    monkeypatch.setattr(tempfile, "TemporaryFile", Full)
    with pytest.raises(OutputError, match=r"a copy of .*feed\.json in UTF-8 cannot be written .*: the disk is full"):
        list(read_records(path))


PIECE = 1 << 20

PLACES = {
    "the start": ("abc", 1, 0, 0),
    "in the first line": ("abc", 1, 2, 2),
    "behind a byte order mark": ("\ufeffabc", 1, 1, 4),
    "in the third line": ("a\r\nb\rcd", 3, 1, 6),
    "behind a letter of two units": ("😀x", 1, 2, 4),
    "in a letter of two units": ("a😀x", 1, 2, 5),
    "behind letters of one unit": ("ä€x", 1, 2, 5),
    "behind the end": ("abc", 1, 99, 3),
    "no such line": ("abc\n", 3, 0, None),
    "nothing": ("", 1, 5, 0),
    "over the border of a piece": ("a" * (PIECE - 1) + "€😀x", 1, PIECE + 2, PIECE + 6),
}


@pytest.mark.parametrize(("text", "line", "units", "offset"), PLACES.values(), ids=PLACES.keys())
def test_units_of_a_line_lead_to_a_byte(text: str, line: int, units: int, offset: int | None) -> None:
    assert offset_of(text.encode(), line, units) == offset


@given(st.text(st.sampled_from("a😀€\r\n"), max_size=30), st.integers(0, 30))
def test_a_position_of_the_service_leads_to_its_character(text: str, at: int) -> None:
    at = min(at, len(text))
    # A CRLF at the very end is counted as two by the service.
    if text[at - 1 : at + 1] != "\r\n" and not (at == len(text) and text.endswith("\r\n")):
        line, position = line_and_position(text, at)
        assert offset_of(text.encode(), line, position) == len(text[:at].encode())
