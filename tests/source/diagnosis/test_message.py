"""From a message to a sentence, with the source file and without."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.errors import InputError
from analyzer.source.diagnosis.message import diagnose, diagnosis_json, name_person, unreadable
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
        "Record 4 (user unknown), in City: Kiel is no value: a text needs quotation marks",
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
def test_a_sentence_says_record_person_and_fault(tmp_path: Path, record: str, head: str, tail: str) -> None:
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


def test_an_id_property_that_is_inferred_is_said_to_be(tmp_path: Path) -> None:
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
def test_without_the_source_file_the_message_tells_the_record(message: str, sentence: str) -> None:
    assert diagnose(message, None).sentence == sentence


def test_a_doubt_is_said(tmp_path: Path) -> None:
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


def test_the_error_of_a_source_that_is_no_json_names_the_person_and_the_service(tmp_path: Path) -> None:
    path = broken(tmp_path, BACKSLASH)
    with pytest.raises(NotJsonError) as raised:
        list(read_records(path))
    name_person(raised.value, path, said_of(path), "IdName")
    assert raised.value.what.endswith("in record 4 (ada@contoso.com)")
    assert raised.value.advice.startswith("The service refused the file for the same reason. Correct it there")


def test_an_error_that_is_not_the_logs_is_not_said_to_be(tmp_path: Path) -> None:
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
