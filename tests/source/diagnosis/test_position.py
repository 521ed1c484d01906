"""The place that a Json.NET message names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.emulator.jsonnet.model import Container, Kind
from analyzer.emulator.jsonnet.places import path_of
from analyzer.source.diagnosis.message import place_in
from analyzer.source.model import ReportedPlace

MESSAGES = {
    "a backslash, seen in a thread": (
        r"Bad JSON escape sequence: \V. Path 'value[1672].Department', line 1, position 150235.",
        ReportedPlace("value[1672].Department", 1673, "Department", 1, 150235, escape=True),
    ),
    "the same with a quotation mark behind it, as it was posted": (
        r"Bad JSON escape sequence: \V. Path 'value[1672].Department', line 1, position 150235.'",
        ReportedPlace("value[1672].Department", 1673, "Department", 1, 150235, escape=True),
    ),
    "an unexpected character, seen in a thread": (
        "After parsing … encountered: K. Path 'value[10].office', line 1, position 1244.",
        ReportedPlace("value[10].office", 11, "office", 1, 1244),
    ),
    "a name with a blank": (
        "x Path 'value[3]['Cost Center']', line 2, position 7.",
        ReportedPlace("value[3]['Cost Center']", 4, "Cost Center", 2, 7),
    ),
    "a name with quotes, brackets and dots": (
        r"x Path 'value[3]['O\'Hara [a.b]\\\u00e9\t\'']', line 2, position 7.",
        ReportedPlace(r"value[3]['O\'Hara [a.b]\\\u00e9\t\'']", 4, "O'Hara [a.b]\\é\t'", 2, 7),
    ),
    "a name in double quotes": (
        """x Path 'value[3]["Cost Center"]', line 2, position 7.""",
        ReportedPlace('value[3]["Cost Center"]', 4, "Cost Center", 2, 7),
    ),
    "below the property": (
        "x Path 'value[3].Address.Streets[2]', line 2, position 7.",
        ReportedPlace("value[3].Address.Streets[2]", 4, "Address", 2, 7),
    ),
    "a name with a comma": (
        "x Path 'value[3].a,b', line 2, position 7.",
        ReportedPlace("value[3].a,b", 4, "a,b", 2, 7),
    ),
    "the record alone": ("x Path 'value[0]', line 1, position 11.", ReportedPlace("value[0]", 1, None, 1, 11)),
    "the list": ("x Path 'value', line 1, position 11.", ReportedPlace("value", None, None, 1, 11)),
    "the document": ("x: I. Path '', line 0, position 0.", ReportedPlace("", None, None, 0, 0)),
    "another list": ("x Path 'odata[3].x', line 1, position 11.", ReportedPlace("odata[3].x", None, None, 1, 11)),
    "the offending character in quotes": (
        "Expected ':' but got: '. Path 'value[3].a', line 1, position 11.",
        ReportedPlace("value[3].a", 4, "a", 1, 11),
    ),
    "the source's own text looks like a path": (
        "Input string 'value[7].x' is not a valid number. Path 'value[3].a', line 1, position 11.",
        ReportedPlace("value[3].a", 4, "a", 1, 11),
    ),
    "German": (
        "Ungültige Escapesequenz: \\V. Pfad „value[3].Straße“, Zeile 1, Position 5.",
        ReportedPlace("value[3].Straße", 4, "Straße", 1, 5),
    ),
    "French": (
        "Séquence incorrecte. Chemin d'accès « value[3].Ville », ligne 1, position 5.",
        ReportedPlace("value[3]", 4, None, None, None),
    ),
    "Japanese": ("パス 'value[3].City'、行 1、位置 5。", ReportedPlace("value[3].City", 4, "City", 1, 5)),
    "cut off behind the line": (
        "x Path 'value[10].office', line 1",
        ReportedPlace("value[10].office", 11, "office", 1, None),
    ),
    "cut off behind the path": (
        "x Path 'value[10].office'",
        ReportedPlace("value[10].office", 11, "office", None, None),
    ),
    "cut off in the property": ("x Path 'value[10].off", ReportedPlace("value[10]", 11, None, None, None)),
    "its quotes lost": (
        "x Path value[10].office, line 1, position 3.",
        ReportedPlace("value[10]", 11, None, None, None),
    ),
    "cut off in the record's number": ("x Path 'value[16", None),
    "numbers too large": (
        f"x Path 'value[{'9' * 5000}].a', line 1, position 2.",
        None,
    ),
    "a record's number too large": (
        f"x Path 'value[{'9' * 20}].a', line {'9' * 13}, position 2.",
        ReportedPlace(f"value[{'9' * 20}].a", None, None, None, 2),
    ),
    "a file's name": ("The file 'hr-feed.json', tried 3 times", None),
    "no place": ("User identity cannot be resolved", None),
    "nothing": ("", None),
}


@pytest.mark.parametrize(("message", "place"), MESSAGES.values(), ids=MESSAGES.keys())
def test_a_place_is_taken_by_its_shape(message: str, place: ReportedPlace | None) -> None:
    assert place_in(message) == place


@pytest.mark.parametrize("separator", [",", ".", "'", "\u2019", " ", "\u00a0", "\u2009", "\u202f", "\u066c"])
@pytest.mark.parametrize(
    ("line", "position"), [("1", "150,235"), ("1,500", "3"), ("1,500", "150,235"), ("12,345,678", "1,23,45,678")]
)
def test_numbers_may_have_separators(separator: str, line: str, position: str) -> None:
    numbers = (line.replace(",", separator), position.replace(",", separator))
    place = place_in(f"x Path 'value[0].a', line {numbers[0]}, position {numbers[1]}.")
    assert place == ReportedPlace("value[0].a", 1, "a", int(line.replace(",", "")), int(position.replace(",", "")))


@pytest.mark.parametrize(
    ("sentence", "escape"),
    [
        (r"Bad JSON escape sequence: \V.", True),
        (r"Invalid Unicode escape sequence: \u12\".", True),
        ("After parsing a value an unexpected character was encountered: K.", False),
        ("Unexpected character encountered while parsing value: K.", False),
        ("Invalid character after parsing property name. Expected ':' but got: ,.", False),
        ("Invalid property identifier character: ,.", False),
        (r"Ungültige Escapesequenz: \V.", None),
        ("", None),
    ],
)
def test_the_wording_may_tell_of_an_escape_or_of_another_fault(sentence: str, escape: bool | None) -> None:
    for path in ("'value[0].a', line 1, position 2.", "'value[0].a"):
        place = place_in(f"{sentence} Path {path}")
        assert place is not None
        assert place.escape is escape


NAME = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


@given(st.integers(0, 10**9), NAME, st.integers(1, 10**9), st.integers(0, 10**9))
def test_whatever_the_property_is_called_it_is_read_back(index: int, name: str, line: int, position: int) -> None:
    path = path_of(
        [Container(Kind.Object, name="value"), Container(Kind.Array, index), Container(Kind.Object, name=name)]
    )
    place = place_in(f"Bad JSON escape sequence: \\V. Path '{path}', line {line}, position {position}.")
    assert place == ReportedPlace(path, index + 1, name, line, position, escape=True)


@given(st.text(st.sampled_from("'\"[]().,\\value0 9„“«Path\n"), max_size=400))
def test_no_message_raises(message: str) -> None:
    place = place_in(message)
    assert place is None or place.path in message
