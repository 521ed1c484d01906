"""From the service's message to the record, the person and the fault, in files that are no JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.source.diagnosis.locate_fault import locate
from analyzer.source.diagnosis.service_message import place_in
from analyzer.source.model import Certainty, FaultKind, FaultLocation, ReportedPlace
from tests.source.broken_source import place_of, said_of, source_with, whole

if TYPE_CHECKING:
    from pathlib import Path

ADA = "ada@contoso.com"
BEHIND = "the ID was read after the fault"
INSIDE = "the fault is in the ID itself"

# Text of record 4; the fault; the property; the id and the caution with it.
BROKEN = {
    "a backslash": (rf'{{"IdName":"{ADA}","Office":"R\V"}}', FaultKind.backslash, "Office", (ADA, "")),
    "a backslash before the id": (
        rf'{{"Office":"R\V","IdName":"{ADA}"}}',
        FaultKind.backslash,
        "Office",
        (ADA, BEHIND),
    ),
    "backslashes in brackets": (
        rf'{{"Office":"Bau (m\w\d)","City":"Kiel","IdName":"{ADA}"}}',
        FaultKind.backslash,
        "Office",
        (ADA, BEHIND),
    ),
    "a short hexadecimal escape": (rf'{{"IdName":"{ADA}","Office":"\u12"}}', FaultKind.backslash, "Office", (ADA, "")),
    "a backslash in the id": (
        r'{"IdName":"CONTOSO\ada","City":"Kiel"}',
        FaultKind.backslash,
        "IdName",
        (r"CONTOSO\ada", INSIDE),
    ),
    "a backslash before u in the id": (
        r'{"IdName":"CONTOSO\ulla","City":"Kiel"}',
        FaultKind.backslash,
        "IdName",
        (r"CONTOSO\ulla", INSIDE),
    ),
    "a quotation mark": (
        f'{{"IdName":"{ADA}","Office":"Room "K" 2"}}',
        FaultKind.quotation_mark,
        "Office",
        (ADA, ""),
    ),
    "a quotation mark before the id": (
        f'{{"Office":"Room "K" 2","City":"Kiel","IdName":"{ADA}"}}',
        FaultKind.quotation_mark,
        "Office",
        (ADA, BEHIND),
    ),
    "a quotation mark before a comma": (
        f'{{"Office":"A", 2nd floor","IdName":"{ADA}"}}',
        FaultKind.quotation_mark,
        "Office",
        (ADA, BEHIND),
    ),
    "a quotation mark before a comma and a word": (
        f'{{"Office":"A", floor","IdName":"{ADA}"}}',
        FaultKind.quotation_mark,
        "Office",
        (ADA, BEHIND),
    ),
    "a quotation mark in the id": (
        '{"IdName":"O"Hara@contoso.com","City":"Kiel"}',
        FaultKind.quotation_mark,
        "IdName",
        ('O"Hara@contoso.com', INSIDE),
    ),
    "no closing quotation mark": (
        f'{{"Office":"Room,"IdName":"{ADA}","City":"Kiel"}}',
        FaultKind.quotation_mark_missing,
        "Office",
        (ADA, BEHIND),
    ),
    "no closing quotation mark behind the id": (
        f'{{"IdName":"{ADA},"City":"Kiel"}}',
        FaultKind.quotation_mark_missing,
        "IdName",
        (ADA, INSIDE),
    ),
    "no closing quotation mark at a record's end": (
        f'{{"IdName":"{ADA}","City":"Kiel}}',
        FaultKind.quotation_mark_missing,
        "City",
        (ADA, ""),
    ),
    "no closing quotation mark in a record without an id": (
        '{"Office":"2","City":"Kiel}',
        FaultKind.quotation_mark_missing,
        "City",
        None,
    ),
    "two commas": (f'{{"IdName":"{ADA}",,"City":"Kiel"}}', FaultKind.comma_too_many, "IdName", (ADA, "")),
    "a comma at once": (f'{{,"IdName":"{ADA}"}}', FaultKind.comma_too_many, None, (ADA, BEHIND)),
    "no comma": (f'{{"IdName":"{ADA}" "City":"Kiel"}}', FaultKind.comma_missing, "IdName", (ADA, "")),
    "no comma behind a number": (f'{{"Floor":2 "IdName":"{ADA}"}}', FaultKind.comma_missing, "Floor", None),
    "no colon": (f'{{"City" "Kiel","IdName":"{ADA}"}}', FaultKind.colon_missing, None, (ADA, BEHIND)),
    "no value behind a name": (f'{{"City","IdName":"{ADA}"}}', FaultKind.value_missing, None, (ADA, BEHIND)),
    "no value behind a colon": (f'{{"IdName":"{ADA}","City":}}', FaultKind.value_missing, "City", (ADA, "")),
    "no closing quotation mark behind a name": (
        f'{{"City:"Kiel","IdName":"{ADA}"}}',
        FaultKind.quotation_mark_missing,
        None,
        (ADA, BEHIND),
    ),
    "no opening quotation mark before a name": (
        f'{{"City":"Kiel",Office":"2","IdName":"{ADA}"}}',
        FaultKind.quotation_mark_missing,
        "City",
        (ADA, BEHIND),
    ),
    "a quotation mark in a name": (
        f'{{"Ci"ty":"Kiel","IdName":"{ADA}"}}',
        FaultKind.quotation_mark,
        None,
        (ADA, BEHIND),
    ),
    "quotation marks escaped that should not be": (
        rf'{{"IdName":"{ADA}","City":\"Kiel\"}}',
        FaultKind.backslash,
        "City",
        (ADA, ""),
    ),
    "no closing quotation mark behind an id at a record's end": (
        f'{{"City":"Kiel","IdName":"{ADA}}}',
        FaultKind.quotation_mark_missing,
        "IdName",
        (ADA, INSIDE),
    ),
    "an id and then a name without a comma": (
        f'{{"IdName":"{ADA}"["City":"Kiel"}}',
        FaultKind.quotation_mark,
        "IdName",
        None,
    ),
    "no closing bracket": (f'{{"IdName":"{ADA}","City":"Kiel"', FaultKind.wrong_bracket, "City", (ADA, "")),
    "a wrong bracket": (f'{{"IdName":"{ADA}","City":"Kiel"]', FaultKind.wrong_bracket, "City", (ADA, "")),
    "a control character": (f'{{"IdName":"{ADA}"\x01}}', FaultKind.control_character, "IdName", (ADA, "")),
    "a word": (f'{{"IdName":"{ADA}","City":Kiel}}', FaultKind.no_value, "City", (ADA, "")),
    "a day": (f'{{"Hired":2026-11-23,"IdName":"{ADA}"}}', FaultKind.no_value, "Hired", (ADA, BEHIND)),
    "typographic quotation marks": (
        f'{{"IdName":"{ADA}","City":\u201cKiel\u201d}}',
        FaultKind.typographic_quotation_mark,
        "City",
        (ADA, ""),
    ),
    "a list as a value": (f'{{"IdName":"{ADA}","City":["Kiel"]}}', FaultKind.nested_value, "City", (ADA, "")),
}


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "hr-feed.json"
    path.write_bytes(text.encode(encoding))
    return path


def found(path: Path, place: ReportedPlace | None, id_property: str | None = None) -> FaultLocation:
    spot = locate(path, place, id_property)
    assert spot is not None
    return spot


def id_of(spot: FaultLocation) -> tuple[str, str] | None:
    return (spot.identity.text, spot.identity.caution) if spot.identity else None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_record_is_found_with_its_user_and_the_fault(
    tmp_path: Path, broken: tuple[str, FaultKind, str | None, tuple[str, str] | None], encoding: str
) -> None:
    text, kind, name, identity = broken
    path = written(tmp_path, source_with(text), encoding)
    spot = found(path, place_of(path))
    assert (spot.record, spot.after, spot.sure) == (4, False, Certainty.sure)
    assert (spot.fault.kind, spot.property, id_of(spot)) == (kind, name, identity)
    assert spot.identity is None or (spot.identity.property, spot.identity.inferred) == ("IdName", True)


# The whole text; the fault; the record behind which it is, or before whose beginning, and whose that is.
BETWEEN = {
    "no comma between records": (
        source_with(whole(4) + whole(5)),
        FaultKind.comma_missing,
        4,
        ("user4@contoso.com", ""),
    ),
    "two commas between records": (
        source_with(whole(4) + ","),
        FaultKind.comma_too_many,
        5,
        ("user5@contoso.com", BEHIND),
    ),
    "something else than a record": (source_with("7", 5), FaultKind.import_format, 5, None),
    "no opening bracket": (
        source_with(whole(4)[1:]),
        FaultKind.wrong_bracket,
        4,
        ("user4@contoso.com", BEHIND),
    ),
    "no opening bracket before the first record": (
        source_with(whole(1)[1:], 1),
        FaultKind.wrong_bracket,
        1,
        ("user1@contoso.com", BEHIND),
    ),
    "cut off between records": (
        source_with(whole(4))[: source_with(whole(4)).index('{"IdName":"user5') - 1],
        FaultKind.cut_off,
        4,
        ("user4@contoso.com", ""),
    ),
    "text behind the end": (source_with(whole(4)) + "x", FaultKind.import_format, None, None),
    "no list of users": ('{"values":[]}', FaultKind.import_format, None, None),
    "two byte order marks": ("\ufeff\ufeff" + source_with(whole(4)), FaultKind.beginning, None, None),
    "a table of another kind": ("IdName;City\nada@contoso.com;Kiel\n", FaultKind.beginning, None, None),
    "no bracket that closes the list": (source_with(whole(4))[:-2] + "}", FaultKind.not_closed, None, None),
    "something else than records from the start": ('{"value":[7]}', FaultKind.import_format, 1, None),
}


@pytest.mark.parametrize(("text", "kind", "record", "identity"), BETWEEN.values(), ids=BETWEEN.keys())
def test_a_fault_in_no_record_is_located_in_none(
    tmp_path: Path, text: str, kind: FaultKind, record: int | None, identity: tuple[str, str] | None
) -> None:
    path = written(tmp_path, text)
    spot = found(path, place_of(path), "IdName")
    assert (spot.fault.kind, spot.record, spot.sure) == (kind, record, Certainty.sure)
    assert id_of(spot) == identity


def test_a_file_that_is_cut_off_is_reported_as_such(tmp_path: Path) -> None:
    text = source_with(whole(4))
    path = written(tmp_path, text[: text.index("user3") + 3])
    spot = found(path, place_of(path))
    assert (spot.record, spot.property, spot.fault.kind, id_of(spot)) == (3, "IdName", FaultKind.cut_off, None)


def test_the_place_of_the_first_thread_leads_to_its_record(tmp_path: Path) -> None:
    message = r"Bad JSON escape sequence: \V. Path 'value[1672].Department', line 1, position 150235."
    broken = r'{"IdName":"ada@contoso.com","Department":"R\V","City":"Kiel"}'
    head = '{"value":[' + ",".join(whole(number) for number in range(1, 1673)) + ","
    # Blanks before the record move the letter behind the backslash to just before the position.
    blanks = 150_235 - len(head) - broken.index("V") - 1
    path = written(tmp_path, head + " " * blanks + broken + "]}")
    assert said_of(path) == message
    spot = found(path, place_in(message))
    assert (spot.record, id_of(spot), spot.property) == (1673, (ADA, ""), "Department")
    assert (spot.line, spot.column, spot.sure) == (1, 150_234, Certainty.sure)
    assert r'"Department":"R\V"' in spot.excerpt


def test_the_place_of_the_second_thread_leads_to_its_record(tmp_path: Path) -> None:
    message = (
        "After parsing a value an unexpected character was encountered: K."
        " Path 'value[10].office', line 1, position 1244."
    )
    broken = '{"IdName":"ada@contoso.com","office":"Room "K" 2"}'
    head = '{"value":[' + ",".join(whole(number) for number in range(1, 11)) + ","
    path = written(tmp_path, head + " " * (1244 - len(head) - broken.index("K")) + broken + "]}")
    assert said_of(path) == message
    spot = found(path, place_in(message))
    assert (spot.record, id_of(spot), spot.property, spot.column) == (11, (ADA, ""), "office", 1245)


@pytest.mark.parametrize("line_end", ["\n", "\r", "\r\n"])
def test_lines_are_counted_whatever_ends_them(tmp_path: Path, line_end: str) -> None:
    text = source_with('{"IdName":"ada@contoso.com",\n"City":"K\\V"}').replace("},", "},\n")
    path = written(tmp_path, text.replace("\n", line_end))
    place = place_of(path)
    assert place.line == 5
    assert (found(path, place).line, found(path, place).record) == (5, 4)


def test_letters_beyond_ascii_before_the_place_do_not_move_it(tmp_path: Path) -> None:
    path = written(tmp_path, source_with(r'{"IdName":"ada@contoso.com","Office":"ä€😀\V"}').replace("Kiel", "Köln 😀"))
    spot = found(path, place_of(path))
    assert (spot.record, spot.sure) == (4, Certainty.sure)


def test_a_source_in_windows_1252_is_read_as_it_is_meant(tmp_path: Path) -> None:
    text = source_with(r'{"IdName":"jörg@contoso.com","Office":"R\V"}').replace("Kiel", "Köln")
    path = written(tmp_path, text, "cp1252")
    spot = found(path, place_of(path))
    assert (spot.record, id_of(spot), spot.sure) == (4, ("jörg@contoso.com", ""), Certainty.sure)


def test_the_id_property_that_was_named_counts(tmp_path: Path) -> None:
    path = written(tmp_path, source_with(r'{"IdName":"ada@contoso.com","City":"Kiel","Office":"R\V"}'))
    spot = found(path, place_of(path), "City")
    assert spot.identity is not None
    assert (spot.identity.text, spot.identity.inferred) == ("Kiel", False)
    assert found(path, place_of(path), "Mail").identity is None


def test_in_the_first_record_the_id_property_is_inferred_from_later_ones(tmp_path: Path) -> None:
    path = written(tmp_path, source_with(r'{"Office":"R\V","IdName":"ada@contoso.com"}', 1))
    assert id_of(found(path, place_of(path))) == (ADA, BEHIND)


def test_an_id_is_not_taken_from_the_next_record_nor_where_two_could_be_meant(tmp_path: Path) -> None:
    for broken in (r'{"Office":"R\V"}', r'{"Office":"R\V","IdName":"a@contoso.com","IdName":"b@contoso.com"}'):
        path = written(tmp_path, source_with(broken))
        assert found(path, place_of(path)).identity is None


def test_text_that_only_looks_like_the_id_is_not_taken_for_it(tmp_path: Path) -> None:
    path = written(tmp_path, source_with(r'{"Office":"R\V","Note":"x,\"IdName\":\"eve@contoso.com\",","City":"Kiel"}'))
    assert found(path, place_of(path)).identity is None


def test_a_position_that_is_off_by_a_few_is_the_same_place(tmp_path: Path) -> None:
    path = written(tmp_path, source_with(r'{"IdName":"ada@contoso.com","Office":"R\V"}'))
    place = place_of(path)
    assert place.position is not None
    for off in (-3, 3):
        assert found(path, ReportedPlace(place.path, 4, "Office", 1, place.position + off)).sure is Certainty.sure


def test_a_position_elsewhere_makes_it_less_sure(tmp_path: Path) -> None:
    path = written(tmp_path, source_with(r'{"IdName":"ada@contoso.com","Office":"R\V"}'))
    spot = found(path, ReportedPlace("value[3].Office", 4, "Office", 1, 20))
    assert (spot.record, spot.sure) == (4, Certainty.likely)
    assert "position" in spot.remarks[0]


def test_without_a_position_the_record_is_found_by_its_number(tmp_path: Path) -> None:
    path = written(tmp_path, source_with(r'{"IdName":"ada@contoso.com","Office":"R\V"}'))
    assert id_of(found(path, ReportedPlace("value[3]", 4, None, None, None))) == (ADA, "")


def test_without_a_place_the_first_fault_is_reported_as_such(tmp_path: Path) -> None:
    path = written(tmp_path, source_with(r'{"IdName":"ada@contoso.com","Office":"R\V"}'))
    spot = found(path, None)
    assert (spot.record, spot.sure, id_of(spot)) == (4, Certainty.likely, (ADA, ""))
    assert locate(written(tmp_path, source_with(whole(4))), None) is None


def test_a_source_that_was_corrected_is_reported_as_such(tmp_path: Path) -> None:
    path = written(tmp_path, source_with(r'{"IdName":"ada@contoso.com","Office":"R\V"}'))
    place = place_of(path)
    spot = found(written(tmp_path, source_with(r'{"IdName":"ada@contoso.com","Office":"R\\V"}')), place)
    assert (spot.record, id_of(spot), spot.sure) == (4, (ADA, ""), Certainty.likely)
    assert "no fault" in spot.remarks[0]


def test_a_whole_record_is_less_sure_where_the_position_is_in_another(tmp_path: Path) -> None:
    spot = found(written(tmp_path, source_with(whole(4))), ReportedPlace("value[3].City", 4, "City", 1, 20))
    assert (spot.record, id_of(spot), spot.sure) == (4, ("user4@contoso.com", ""), Certainty.unsure)
    assert "position" in spot.remarks[0]


def test_a_value_that_never_ends_is_the_place_however_far_the_service_read(tmp_path: Path) -> None:
    text = source_with(whole(4))
    path = written(tmp_path, text[: text.index("user3")] + "x" * 70_000)
    assert (found(path, place_of(path)).record, found(path, place_of(path)).sure) == (3, Certainty.sure)


def test_two_records_need_a_property_that_looks_like_ids(tmp_path: Path) -> None:
    path = written(tmp_path, r'{"value":[{"Name":"Ada"},{"Name":"Bob","City":"\V"}]}')
    assert found(path, place_of(path)).identity is None
    assert id_of(found(path, place_of(path), "Name")) == ("Bob", "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (source_with(r'{"City":"\u12"}'), "without four hexadecimal digits"),
        ("\ufeff\ufeff{}", "a second byte order mark"),
        ("IdName;City", 'begins with "I"'),
    ],
    ids=["a short escape", "two marks", "another table"],
)
def test_the_fault_is_described(tmp_path: Path, text: str, words: str) -> None:
    path = written(tmp_path, text)
    assert words in found(path, place_of(path)).fault.words


def test_a_source_with_its_first_fault_elsewhere_is_reported_as_such(tmp_path: Path) -> None:
    path = written(tmp_path, source_with(r'{"IdName":"ada@contoso.com","Office":"R\V"}'))
    place = place_of(path)
    later = found(written(tmp_path, source_with(r'{"Office":"\V"}', 6)), place)
    assert (later.record, id_of(later), later.sure) == (4, ("user4@contoso.com", ""), Certainty.likely)
    assert "record 6" in later.remarks[0]
    two = source_with(r'{"IdName":"ada@contoso.com","Office":"R\V"}').replace("Room 2", r"Roo\V2")
    earlier = found(written(tmp_path, two), place)
    assert (earlier.record, id_of(earlier), earlier.sure) == (4, (ADA, ""), Certainty.unsure)
    assert earlier.fault.kind is FaultKind.backslash
    assert "record 2" in earlier.remarks[0]


def test_a_record_that_the_source_does_not_have_is_reported(tmp_path: Path) -> None:
    path = written(tmp_path, source_with(whole(4)))
    spot = found(path, ReportedPlace("value[99].City", 100, "City", 1, 9999))
    assert (spot.record, spot.identity, spot.sure) == (100, None, Certainty.unsure)
    assert "only 8 records" in spot.remarks[0]
    assert found(path, ReportedPlace("value[3]", 4, None, 70, 1)).record == 4


# Without what looks like an id or a record's end: then whose record it is cannot be known.
VALUE = st.text(st.characters(codec="utf-8", exclude_characters='\\"{]@|'), max_size=8)
# What stands where a value should be, before or behind the id
FAULTS = st.sampled_from([r'"R\V"', r'"a\u1"', '"Room "K" 2"', '"Room,', "Kiel", '"x",,"y":"z"', '"x" "y":"z"'])


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.data())
def test_the_record_that_was_broken_is_the_one_that_is_found(tmp_path: Path, data: st.DataObject) -> None:
    records = data.draw(st.integers(1, 30))
    broken = data.draw(st.integers(1, records))
    id_first = data.draw(st.booleans())
    parts = []
    for number in range(1, records + 1):
        identity = f'"IdName":{json.dumps(f"user{number}@contoso.com")}'
        city = json.dumps(data.draw(VALUE), ensure_ascii=False)
        members = [f'"City":{data.draw(FAULTS) if number == broken else city}', f'"Office":{city}']
        parts.append("{" + ",".join([identity, *members] if id_first else [*members, identity]) + "}")
    blank = data.draw(st.sampled_from(["", " ", "\n", "\r\n", "\t"]))
    path = written(
        tmp_path,
        '{"value":[' + f",{blank}".join(parts) + "]}",
        data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])),
    )
    spot = found(path, place_of(path), data.draw(st.sampled_from(["IdName", None])))
    assert (spot.record, spot.sure) == (broken, Certainty.sure)
    if records > 1 or spot.identity:
        assert spot.identity is not None
        assert spot.identity.text == f"user{broken}@contoso.com"
        assert bool(spot.identity.caution) is not id_first


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=80), st.integers(0, 5), st.integers(0, 5), st.integers(0, 100))
def test_no_bytes_and_no_place_raise(tmp_path: Path, raw: bytes, record: int, line: int, position: int) -> None:
    path = tmp_path / "source.json"
    path.write_bytes(b'{"value":[{"IdName":"a@contoso.com"},' + raw)
    for place in (
        None,
        ReportedPlace("", None, None, line, position),
        ReportedPlace("value[1]", record or None, "City", line, position),
    ):
        spot = locate(path, place)
        assert spot is None or "\n" not in spot.excerpt
