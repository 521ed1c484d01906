"""From a message to the place it reports, and to a sentence, with the source file and without."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.emulator.jsonnet.model import Container, Kind
from analyzer.emulator.jsonnet.places import path_of
from analyzer.errors import InputError
from analyzer.source.diagnosis.service_message import diagnose, diagnosis_json, name_person, place_in, unreadable
from analyzer.source.model import ReportedPlace
from analyzer.source.reader.json_text import NotJsonError
from analyzer.source.reader.records import read_records
from tests.analysis.frames import entry, named
from tests.source.broken_source import said_of, source_with, whole

if TYPE_CHECKING:
    from pathlib import Path


MESSAGE = r"Bad JSON escape sequence: \V. Path 'value[1672].Department', line 1, position 150235."
BACKSLASH = r'{"IdName":"ada@contoso.com","Office":"R\V"}'

# Record 4; the sentence before the excerpt; what stands behind it.
SENTENCES = {
    "the id behind the fault": (
        r'{"Office":"R\V","IdName":"ada@contoso.com"}',
        'Record 4 (ada@contoso.com), in Office: a single backslash before "V"; a backslash that is meant is written twice',  # noqa: E501
        ". The ID was read after the fault",
    ),
    "nobody's": (
        '{"City":Kiel}',
        "Record 4 (user unknown), in City: Kiel isn't a value: a text needs quotation marks",
        "",
    ),
    "a comma": (
        '{"IdName":"ada@contoso.com",,"City":"x"}',
        "Record 4 (ada@contoso.com), after IdName: a comma too many",
        "",
    ),
    "between two records": (
        whole(4) + whole(5),
        "After record 4 (user4@contoso.com): a comma is missing before the bracket",
        "",
    ),
}


def broken(folder: Path, record: str) -> Path:
    path = folder / "hr-feed.json"
    path.write_text(source_with(record), encoding="utf-8")
    return path


@pytest.mark.parametrize(("record", "head", "tail"), SENTENCES.values(), ids=SENTENCES.keys())
def test_a_sentence_has_record_user_and_fault(tmp_path: Path, record: str, head: str, tail: str) -> None:
    path = broken(tmp_path, record)
    located = diagnose(said_of(path), path, "IdName")
    assert located.spot is not None
    assert located.sentence == f"{head} (…{located.spot.excerpt}…, line 1, column {located.spot.column}){tail}"


def test_a_sentence_shows_the_text_around_the_fault(tmp_path: Path) -> None:
    path = tmp_path / "hr-feed.json"
    path.write_text('{"value":[{"IdName":"ada@contoso.com",\n"Office":"R\\V"}]}', encoding="utf-8")
    assert diagnose(said_of(path), path, "IdName").sentence == (
        'Record 1 (ada@contoso.com), in Office: a single backslash before "V"; a backslash that is meant is written'
        r' twice (…so.com",␊"Office":"R\V"}]}…, line 2, column 12)'
    )


def test_an_inferred_id_property_is_reported_as_such(tmp_path: Path) -> None:
    path = broken(tmp_path, BACKSLASH)
    located = diagnose(said_of(path), path)
    assert located.clause.startswith("Record 4 (IdName ada@contoso.com), in Office: ")
    assert located.sentence == f"{located.clause}. Using IdName as the ID property (its values look like IDs)"


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (
            MESSAGE,
            "Record 1,673, in Department (line 1, position 150,235). The user is unknown without the source file",
        ),
        ("Path 'value[3].Ci", "Record 4. The user is unknown without the source file"),
        ("Path '', line 1, position 9.", "The source file, line 1, position 9"),
        ("Path '', line 0, position 0.", ""),
        ("Something else", ""),
    ],
)
def test_without_the_source_file_the_record_comes_from_the_message(message: str, sentence: str) -> None:
    assert diagnose(message, None).sentence == sentence


def test_a_doubt_is_reported(tmp_path: Path) -> None:
    path = broken(tmp_path, BACKSLASH)
    message = said_of(path)
    mended = diagnose(message, broken(tmp_path, whole(4)), "IdName").sentence
    assert mended.startswith("Record 4 (user4@contoso.com), in Office: our reader finds nothing wrong there (")
    assert ". This is likely: our reader finds no fault in the source file" in mended


def test_json_has_all_keys_whatever_is_known(tmp_path: Path) -> None:
    path = broken(tmp_path, BACKSLASH)
    known = diagnosis_json(diagnose(said_of(path), path))
    assert (known["record"], known["identity"], known["id_property"]) == (4, "ada@contoso.com", "IdName")
    assert (known["property"], known["fault"], known["sure"]) == ("Office", "backslash", "sure")
    without, nothing = diagnosis_json(diagnose(MESSAGE, None)), diagnosis_json(diagnose("x", None))
    assert (without["record"], without["property"], without["identity"]) == (1673, "Department", None)
    assert known.keys() == without.keys() == nothing.keys()


def test_the_error_of_a_source_that_is_not_json_has_the_user_and_the_service(tmp_path: Path) -> None:
    path = broken(tmp_path, BACKSLASH)
    with pytest.raises(NotJsonError) as raised:
        list(read_records(path))
    name_person(raised.value, path, said_of(path), "IdName")
    assert raised.value.what.endswith("in record 4 (ada@contoso.com)")
    assert raised.value.advice.startswith("The service refused the file for the same reason. Correct it there")


def test_an_error_other_than_the_logs_is_not_attributed_to_the_service(tmp_path: Path) -> None:
    path = broken(tmp_path, BACKSLASH)
    whole_record = "Path 'value[2].City', line 1, position 160."
    elsewhere = "Path 'value[3].Office', line 1, position 20."
    for message, named_too in ((MESSAGE, False), (whole_record, False), (elsewhere, True), ("", True)):
        with pytest.raises(NotJsonError) as raised:
            list(read_records(path))
        name_person(raised.value, path, message)
        assert ("contoso.com)" in raised.value.what) is named_too
        assert "same reason" not in raised.value.advice


def test_a_source_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        diagnose(MESSAGE, tmp_path / "none.json")


def test_the_first_unreadable_entry_of_a_log_counts() -> None:
    entries = named(
        entry(None, "Odd"), entry(None, "DataFileNotJson", message="a"), entry(None, "DataFileNotJson", message="b")
    )
    assert unreadable(entries) == "a"
    assert unreadable(entries.head(1)) == ""


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
def test_a_place_is_recognized_by_its_shape(message: str, place: ReportedPlace | None) -> None:
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
def test_the_wording_may_indicate_an_escape_or_another_fault(sentence: str, escape: bool | None) -> None:
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
