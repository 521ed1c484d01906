# ruff: noqa: RUF001 - letters that look like others are what this is about
"""Values that an import writes without an error, and that are wrong."""

from __future__ import annotations

import codecs
import json
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.source.count_records import measure
from analyzer.source.damaged_values import (
    Damage,
    DamageFinder,
    DamageKind,
    damage_in,
    may_have_damage_within,
    warnings_of,
)
from analyzer.source.reader.tolerant import record_at

if TYPE_CHECKING:
    from pathlib import Path

GARBLED = DamageKind.garbled
BACKSLASHES = DamageKind.backslashes
TYPE_NAME = DamageKind.type_name
WORDS = [
    "Henkilöstöpalvelut",
    "Österreich",
    "Größe",
    "ÄÖÜ",
    "voilà",
    "São Paulo",
    "Škoda",
    "Łódź",
    "ęść",
    "İstanbul",
    "București, Județul Iași",
    "Nguyễn Thị Thế",
    "Αθήνα",
    "Москва",
    "תל אביב",
    "الموارد البشرية",
    "ประเทศไทย",
    "東京都",
    "서울",
    "it’s",
    "100 €",
    "Contoso™",
    "😀",
    "22 °C",
]


def _read_as(text: str, encoding: str) -> str:
    """UTF-8 read as another encoding; bytes that Windows-1252 lacks stay what they are, as .NET has it."""
    raw = text.encode()
    if encoding == "latin-1":
        return raw.decode("latin-1")
    return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in raw)


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
@pytest.mark.parametrize("word", WORDS)
def test_utf_8_that_was_read_as_another_encoding_is_garbled_once_and_twice(word: str, encoding: str) -> None:
    once = _read_as(word, encoding)
    assert damage_in(once) == [GARBLED]
    assert damage_in(_read_as(once, encoding)) == [GARBLED]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize(
    "written", ["{}", "„{}“", "“{}”", "«{}»", "{}…", "{}’s", "{}–{}", "{}°", "{}®", "{}™", "{}\u00a0x"]
)
def test_good_words_beside_good_signs_are_not_garbled(word: str, written: str) -> None:
    assert damage_in(written.format(word, word)) == []
    assert damage_in(written.format(word.upper(), word.upper())) == []


@pytest.mark.parametrize(
    "word",
    ["AMANHÔ", "MAÇû", "Groß“", "Brontë…”", "«olá»…", "ÅÄÖ™", "RUOŠÂKIELÂ", "Ñ", "ÎLE", "Ø–X", "2×¾", "CAFÉ’S", "SÃO"],
)
def test_letters_beside_signs_that_look_like_garbled_ones_are_not(word: str) -> None:
    assert damage_in(word) == []


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (r"(m\w\d)", []),
        (r"(m\\w\\d)", [BACKSLASHES]),
        (r"(m\\\\w\\\\d)", [BACKSLASHES]),
        (r"C:\Users\ada", []),
        (r"C:\\Users\\ada", [BACKSLASHES]),
        (r"\\server\share", []),
        (r"see \\server\share\team", []),
        (r"\\?\C:\share", []),
        (r"\\.\pipe\x", []),
        (r"\\\\server\\share", [BACKSLASHES]),
        ("Sales\\\\", [BACKSLASHES]),
        ("Sales\\", []),
        (r"a\\\b", [BACKSLASHES]),
        ("System.Object[]", [TYPE_NAME]),
        ("System.String[]", [TYPE_NAME]),
        ("System.Collections.Generic.List`1[System.String]", [TYPE_NAME]),
        ("System.Collections.Hashtable", [TYPE_NAME]),
        ("System.Collections.Generic.SortedDictionary`2[System.String,System.Object]", [TYPE_NAME]),
        ("Microsoft.ActiveDirectory.Management.ADPropertyValueCollection", [TYPE_NAME]),
        ("Microsoft.Graph.PowerShell.Models.MicrosoftGraphUser", [TYPE_NAME]),
        ("@{City=Oslo; Country=Norway}", [TYPE_NAME]),
        ("System.Administrator", []),
        ("System Engineer", []),
        ("Microsoft.NET Developer", []),
        ("Microsoft 365 Consultant", []),
        ("System.Object[] is a type", []),
        ("@contoso", []),
        ("Andr\ufffd", [DamageKind.lost]),
        ("", []),
    ],
)
def test_damage_is_detected_in_a_value(text: str, kinds: list[DamageKind]) -> None:
    assert damage_in(text) == kinds


def found_in(folder: Path, raw: bytes) -> tuple[Damage, ...]:
    path = folder / "feed.json"
    path.write_bytes(raw)
    return measure(path).damage


def people(*cities: object) -> list[dict[str, object]]:
    return [{"IdName": f"u{number}@contoso.com", "City": city} for number, city in enumerate(cities)]


def written(*cities: object, encoding: str = "utf-8-sig", escaped: bool = False) -> bytes:
    return json.dumps({"value": people(*cities)}, ensure_ascii=escaped).encode(encoding)


def test_each_kind_is_counted_by_property_with_its_first_record(tmp_path: Path) -> None:
    cities = ["Oslo", "KÃ¶ln", "System.Object[]", "MÃ¼nchen", r"a\\b", "KÃ¶ln"]
    assert found_in(tmp_path, written(*cities)) == (
        Damage(GARBLED, "City", 3, 2, "KÃ¶ln", "u1@contoso.com"),
        Damage(BACKSLASHES, "City", 1, 5, r"a\\b", "u4@contoso.com"),
        Damage(TYPE_NAME, "City", 1, 3, "System.Object[]", "u2@contoso.com"),
    )


@pytest.mark.parametrize("escaped", [False, True], ids=["as they are", "escaped"])
@pytest.mark.parametrize(
    "city",
    [
        "KÃ¶ln",
        "it’s".encode().decode("cp1252"),
        "Москва".encode().decode("latin-1"),
        "\ufffdsterreich",
        r"m\\w",
        "@{a=b}",
    ],
)
def test_damage_is_found_in_a_file_in_any_spelling(tmp_path: Path, city: str, escaped: bool) -> None:
    found = found_in(tmp_path, written("Oslo", city, escaped=escaped))
    assert [(one.kind, one.record) for one in found] == [(kind, 2) for kind in damage_in(city)]
    assert found


NO_MARK = DamageKind.no_mark
MARKS: dict[str, tuple[bytes, list[DamageKind]]] = {
    "UTF-8 with a mark": (written("Köln"), []),
    "UTF-8 without a mark": (written("Köln", encoding="utf-8"), [NO_MARK]),
    "Arabic without a mark": (written("الموارد", encoding="utf-8"), [NO_MARK]),
    "escaped without a mark": (written("Köln", encoding="utf-8", escaped=True), []),
    "ASCII without a mark": (written("Oslo", encoding="utf-8"), []),
    "Windows-1252": (written("Köln", encoding="cp1252"), [NO_MARK]),
    "UTF-16 with a mark": (written("Köln", encoding="utf-16"), []),
    "garbled without a mark": (written("KÃ¶ln", encoding="utf-8"), [NO_MARK, GARBLED]),
}


@pytest.mark.parametrize(("raw", "kinds"), MARKS.values(), ids=MARKS.keys())
def test_letters_beyond_ascii_need_a_byte_order_mark(tmp_path: Path, raw: bytes, kinds: list[DamageKind]) -> None:
    assert [one.kind for one in found_in(tmp_path, raw)] == kinds


def test_a_long_example_is_cut(tmp_path: Path) -> None:
    example = found_in(tmp_path, written("Ã¶" * 200))[0].example
    assert (len(example), example[-1]) == (61, "…")


def test_a_warning_for_each_kind_names_the_properties_and_the_first_record() -> None:
    damage = [Damage(GARBLED, f"P{number}", 8 - number, 3, "KÃ¶ln", "ada@contoso.com") for number in range(7)]
    damage.append(Damage(TYPE_NAME, "Phones", 1, 1_204, "System.Object[]"))
    assert list(warnings_of(damage)) == [
        (
            "Warning: garbled letters in P0 (8 records), P1 (7 records), P2 (6 records), P3 (5 records), P4 (4 records)"
            " and 2 more properties; UTF-8 was read as another encoding. First in record 3 (ada@contoso.com): KÃ¶ln."
            " Have the feed read its data as UTF-8."
        ),
        (
            "Warning: names of types in Phones (1 record); an object was written in place of its value. First in record"
            " 1,204: System.Object[]. Have the feed write the value, and join a list into one text."
        ),
    ]


def test_letters_that_are_garbled_in_escapes_are_found_beside_letters_that_are_not(tmp_path: Path) -> None:
    source = tmp_path / "hr.json"
    text = r'{"value":[{"IdName":"ada@contoso.com","City":"Zürich","Team":"Gr\u00c3\u00b6\u00c3\u009fe"}]}'
    source.write_text(text, "utf-8-sig")
    assert [(one.kind, one.property) for one in measure(source).damage] == [(GARBLED, "Team")]


@pytest.mark.parametrize("marked", [True, False], ids=["with a mark", "without a mark"])
def test_records_looked_at_together_have_the_damage_of_each(marked: bool) -> None:
    rng = random.Random(5)
    values = [
        "Oslo",
        "Köln",
        "Gr\u00c3\u00b6\u00c3\u009fe",
        "KÃ¶ln",
        "R\\\\V",
        "System.Object[]",
        "Z\u00fcrich",
        "\ufffd",
        "M\udcfcnchen",
    ]
    records = []
    for number in range(200):
        names = rng.sample(["City", "Team", "Floor", "Büro"], rng.randint(0, 4))
        members = "".join(f',"{name}":"{rng.choice(values)}"' for name in names)
        raw = f'{{"IdName":"user{number}@contoso.com"{members}}}'.encode(errors="surrogateescape")
        records.append(record_at(raw, 0, number)[0])
    together, alone = (DamageFinder(marked=marked, id_property="IdName") for _ in range(2))
    for start in range(0, len(records), 8):
        some = records[start : start + 8]
        together.check_all(some, b",".join(record.raw for record in some))
    for record in records:
        alone.check(record)
    assert together.found == alone.found
    assert together.found


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8], ids=["without a mark", "with a mark"])
@pytest.mark.parametrize("other", ["Zürich", "KÃ¶ln"], ids=["alone", "beside other damage"])
def test_bytes_that_are_not_utf8_are_lost_letters(tmp_path: Path, mark: bytes, other: str) -> None:
    people = [{"Id": f"{number}@x", "City": "M\udcfcnchen", "Floor": other} for number in range(5)]
    text = json.dumps({"value": people}, ensure_ascii=False)
    found = found_in(tmp_path, mark + text.encode(errors="surrogateescape"))
    assert [(one.property, one.records, one.example) for one in found if one.kind is DamageKind.lost] == [
        ("City", 5, "M\ufffdnchen")
    ]


def test_the_first_of_the_records_with_different_properties_is_the_example(tmp_path: Path) -> None:
    people = [{"Id": "a@x", "City": "Oslo", "Floor": "1"}, {"Id": "b@x", "City": "Köln"}]
    people.append({"Id": "c@x", "City": "Zürich", "Floor": "Büro"})
    raw = json.dumps({"value": people}, ensure_ascii=False).encode()
    assert [(one.property, one.records, one.record, one.example) for one in found_in(tmp_path, raw)] == [
        ("City", 2, 2, "Köln"),
        ("Floor", 1, 3, "Büro"),
    ]


PIECES = [*WORDS, *(_read_as(word, encoding) for word in WORDS for encoding in ("cp1252", "latin-1"))]


@given(st.lists(st.sampled_from([*PIECES, "a", " ", "\\", "\\\\", "\ufffd"]), max_size=4))
def test_texts_that_are_looked_at_together_may_have_the_damage_of_each(texts: list[str]) -> None:
    assert not any(map(damage_in, texts)) or may_have_damage_within("\n".join(texts))


@pytest.mark.parametrize("text", WORDS)
def test_good_texts_need_no_closer_look(text: str) -> None:
    assert not may_have_damage_within(f"{text}\nC:\\users")
