"""What can be read of a file that is no JSON: whole records, and nothing that is none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.source.reader.json_text import position
from analyzer.source.reader.records import read_records, records_of
from analyzer.source.salvage.read import Corrected, Lines, Record, Repaired, Unreadable, salvage, salvage_of
from tests.source.broken_source import source_with, whole
from tests.source.test_agreement import LAYOUT, SOURCE, WHOLE

if TYPE_CHECKING:
    from pathlib import Path

ADA = "ada@contoso.com"


def items_of(text: str, *, repair: bool = False) -> list[Record | Unreadable | Corrected]:
    return list(salvage_of(text.encode(), repair=repair))


def shown(text: str, *, repair: bool = False) -> list[tuple[int | None, str]]:
    """Place and bytes of each item, those that cannot be read with a sign before them."""
    raw = text.encode()
    return [
        (item.position, item.raw.decode())
        if isinstance(item, Record)
        else (None, f"+{item.after}")
        if isinstance(item, Corrected)
        else (item.position, ("?" if item.doubtful else "!") + raw[item.offset : item.end].decode())
        for item in salvage_of(raw, repair=repair)
    ]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SOURCE, LAYOUT, st.booleans())
def test_a_whole_source_is_read_as_ever(
    tmp_path: Path, source: list[dict[str, object]], layout: dict[str, object], repair: bool
) -> None:
    path = tmp_path / "hr-feed.json"
    path.write_text(json.dumps({"value": source, "more": source}, **layout), encoding="utf-8")  # type: ignore[arg-type]
    assert list(salvage(path, repair=repair)) == list(read_records(path))


@pytest.mark.parametrize("text", [*WHOLE, "//\n{value:[{a:1},{'b':2},/**/{\"c\":3},],}//"])
def test_a_tolerated_source_is_read_as_ever(text: str) -> None:
    assert items_of(text) == list(records_of(text.encode()))


def test_a_second_list_of_users_is_unreadable() -> None:
    first, second = items_of('{"value":[{"a":1}],"value":[{"a":2}]}')
    assert isinstance(first, Record)
    assert isinstance(second, Unreadable)


# Record 4 of 8; what of records 3, 4 and 5 is not a record, "?" before what is but doubtful.
DAMAGED = {
    "a backslash": (rf'{{"IdName":"{ADA}","Office":"R\V"}}', "!4"),
    "a backslash before a quotation mark": (rf'{{"Path":"C:\","IdName":"{ADA}"}}', "!4"),
    "a quotation mark": (f'{{"IdName":"{ADA}","Office":"Room "K" 2"}}', "!4"),
    "a quotation mark before a comma": (f'{{"IdName":"{ADA}","Office":"A", 2nd floor"}}', "!4"),
    "no closing quotation mark": (f'{{"Office":"Room,"IdName":"{ADA}"}}', "!4"),
    "no closing quotation mark at the end": (f'{{"IdName":"{ADA}","City":"Kiel}}', "!4"),
    "no opening quotation mark": (f'{{"IdName":"{ADA}",City":"Kiel"}}', "!4"),
    "no comma": (f'{{"IdName":"{ADA}" "City":"Kiel"}}', "!4"),
    "two commas": (f'{{"IdName":"{ADA}",,"City":"Kiel"}}', "!4"),
    "no value": (f'{{"IdName":"{ADA}","City":}}', "!4"),
    "a word": (f'{{"IdName":"{ADA}","City":Kiel}}', "!4"),
    "a fault in the first name": (f'{{"City" "Kiel","IdName":"{ADA}"}}', "?3!4"),
    "no closing bracket": (f'{{"IdName":"{ADA}","City":"Kiel"', "!4?5"),
    "a wrong bracket": (f'{{"IdName":"{ADA}","City":"Kiel"]', "!4?5"),
    "no opening bracket": (f'"IdName":"{ADA}","City":"Kiel"}}', "?3!4"),
    "a number": ("7", "!4"),
    "null": ("null", "!4"),
    "a list": ('["x",{}]', "!4"),
    "a word instead of a record": ("x", "!4"),
    "records in a text, not escaped": (
        '{"IdName":"ada","Note":"[{"IdName":"no1"},{"IdName":"no2"},{"IdName":"no3"}]","City":"x"}',
        "!4",
    ),
    "a list of objects behind the fault": (
        '{"IdName":"ada" "Note":[{"IdName":"no1"},{"IdName":"no2"},{"IdName":"no3"}],"City":"x"}',
        "!4",
    ),
    "a list of objects at the end, behind the fault": (
        '{"IdName":"ada" "Note":[{"a":"no1"},{"a":"no2"},{"a":"no3"}]}',
        "!4",
    ),
    "a text that ends as a record begins": ('{"IdName":"ada" "A":"x},{","B":"y},{","C":"z"}', "!4"),
    "a record in a comment": ('{"IdName":"ada" "A":1 /*},{"IdName":"no"},{"IdName":"no"}*/}', "!4"),
    "a record behind //": ('{"IdName":"ada" "A":1\n //},{"IdName":"no"},{"IdName":"no"}\n}', "!4"),
    "a record in single quotes": (
        """{"IdName":"ada" "A":'x},{"IdName":"no"},{"IdName":"no"},{"IdName":"no"}'}""",
        "!4",
    ),
}


@pytest.mark.parametrize(("text", "lost"), DAMAGED.values(), ids=DAMAGED.keys())
def test_the_records_around_a_damaged_one_are_read(text: str, lost: str) -> None:
    found = shown(source_with(text))
    expected = []
    for number in range(1, 9):
        sign = next((lost[at - 1] for at, digit in enumerate(lost) if digit == str(number)), "")
        expected.append((number - 1, sign + (text if number == 4 else whole(number))))
    if text == "x":  # what stands between the commas is given with the comma behind it
        found = [(place, raw.rstrip(",")) for place, raw in found]
    assert found == expected


# The text between records 2 and 3 of 4; what is given of it, and of the records beside it.
BETWEEN = {
    "no comma": ("", [(None, "+,")], []),
    "two commas": (",,", [(None, "+")], []),
    "a backslash": (",\\", [(None, "!\\")], []),
    "a bracket": (",}", [], [1, 3, 4, 5]),
    "a bracket that ends the list": (",],", [], [1, 4, 5]),
}


@pytest.mark.parametrize(("text", "given", "numbers"), BETWEEN.values(), ids=BETWEEN.keys())
def test_a_fault_between_two_records_leaves_what_is_sure(
    text: str, given: list[tuple[None, str]], numbers: list[int]
) -> None:
    found = shown('{"value":[' + whole(1) + "," + whole(2) + text + whole(3) + "," + whole(4) + "," + whole(5) + "]}")
    if numbers:
        assert [raw for _, raw in found if raw[:1] == "{"] == [whole(number) for number in numbers]
        assert whole(2) in "".join(raw for _, raw in found if raw[:1] != "{")
        return
    assert found == [(0, whole(1)), (1, whole(2)), *given, (2, whole(3)), (3, whole(4)), (4, whole(5))]


END = ',"next":null}'
WHOLES = {
    "cut off in a record": (source_with(whole(4))[:300], [1, 2, 3, 4]),
    "cut off behind a record": ('{"value":[' + whole(1) + "," + whole(2), [1, 2]),
    "cut off behind a comma": ('{"value":[' + whole(1) + "," + whole(2) + ",", [1, 2]),
    "text behind the end": (source_with(whole(4), 1, 2).replace(whole(4), whole(1)) + "x", [1, 2]),
    "joined files": (source_with(whole(1), 1, 2) + source_with(whole(1), 1, 2), [1, 2]),
    "a text before the object": ("x" + source_with(whole(1), 1, 2), [1, 2]),
    "a broken key before the list": ('{"x":bad,"value":[' + whole(1) + "]}", []),
    "a broken key behind the list": ('{"value":[' + whole(1) + "," + whole(2) + '],"next":bad}', [1]),
    "no list": ('{"values":[' + whole(1) + "]}", []),
    "a list at the root": ("[" + whole(1) + "]", []),
    "nothing": ("", []),
    "another list behind a broken last record": (
        '{"value":[' + whole(1) + ',{"IdName":"a" b}],"value":[' + whole(2) + "," + whole(3) + "," + whole(4) + "]}",
        [1],
    ),
    "other keys behind a broken last record": ('{"value":[' + whole(1) + ',{"IdName":"a" b}]' + END, [1]),
    "other keys behind a broken record": (
        '{"value":[{"IdName":"a" b},' + whole(2) + "," + whole(3) + "]" + END,
        [2, 3],
    ),
    "no quotation marks at names": ('{"value":[{IdName:"a" b},{IdName:"b"},{IdName:"c"}]}', []),
    "a piece of a record, and a comma": (
        '{"value":[' + whole(1) + ',{"IdName":"b","City":"Ki"},el"},' + whole(3) + "]}",
        [1, 3],
    ),
    "a piece of a record, and no comma": (
        '{"value":[' + whole(1) + ',{"IdName":"b","City":"Ki"}el"},' + whole(3) + "]}",
        [1, 3],
    ),
    "a piece of a record, and the end of the list": (
        '{"value":[' + whole(1) + ',{"IdName":"b","City":"Ki"}],el"},' + whole(3) + "]}",
        [1, 3],
    ),
    "a name in two pieces": ('{"value":[' + whole(1) + ',{"IdName":"b","Ci"},{"ty":"Kiel"},' + whole(3) + "]}", [1, 3]),
    "a name twice, with other values": (
        '{"value":[' + whole(1) + ',{"IdName":"b" b},' + whole(3) + ',{"IdName":"b","City":"x","IdName":"c"}]}',
        [1, 3],
    ),
    "a record in a record": (
        '{"value":[' + whole(1) + ',{"IdName":"b" b},' + whole(3) + ',{"IdName":"b","x":[{"a":1},{"a":2}]}]}',
        [1, 3],
    ),
    "nothing in a record": ('{"value":[' + whole(1) + ',{"IdName":"b" b},' + whole(3) + ",{}]}", [1, 3]),
    "a comment that hides the rest": (
        '{"value":[' + whole(1) + "," + whole(2) + ",//" + whole(3) + "," + whole(4) + "]}",
        [1, 4],
    ),
}


@pytest.mark.parametrize(("text", "numbers"), WHOLES.values(), ids=WHOLES.keys())
def test_only_what_is_a_record_for_sure_is_one(text: str, numbers: list[int]) -> None:
    found = items_of(text)
    assert [item.raw.decode() for item in found if isinstance(item, Record)] == [whole(number) for number in numbers]
    assert any(isinstance(item, Unreadable) for item in found)


REPAIRED = {
    "a letter": (r"R\V", r"R\V"),
    "several": (r"Bau (m\w\d)", r"Bau (m\w\d)"),
    "no four digits": (r"\u12", r"\u12"),
    "at the beginning": (r"\Users\x", r"\Users\x"),
}


@pytest.mark.parametrize("spelled", ["{{'Office':'{}',/*\"*/'IdName':'ada'}}", '{{"IdName":"ada","Office":"{}"}}'])
@pytest.mark.parametrize(("value", "text"), REPAIRED.values(), ids=REPAIRED.keys())
def test_a_backslash_that_begins_no_escape_stands_for_itself(value: str, text: str, spelled: str) -> None:
    raw = spelled.format(value)
    source = source_with(raw)
    assert (3, "!" + raw) in shown(source)
    found = items_of(source, repair=True)
    assert [item.position for item in found if not isinstance(item, Corrected)] == list(range(8))
    record = found[3]
    assert isinstance(record, Repaired)
    assert (record.raw.decode(), record.text("IdName"), record.text("Office")) == (raw, "ada", text)
    assert next(records_of(b'{"value":[' + record.respelled + b"]}")).text("Office") == text


NOT_PROVEN = {
    "a line end, or not": r'{"Path":"C:\Users\new","IdName":"a"}',
    "two backslashes, or one": r'{"Path":"\\server\Vol","IdName":"a"}',
    "a quotation mark, or the end": r'{"Path":"C:\x\"y","IdName":"a"}',
    "a text that runs on": r'{"Path":"C:\x\","IdName":"a"}',
    "another fault": r'{"Path":"C:\x" "IdName":"a"}',
}


@pytest.mark.parametrize("text", NOT_PROVEN.values(), ids=NOT_PROVEN.keys())
def test_a_repair_that_is_a_guess_is_none(text: str) -> None:
    found = shown(source_with(text), repair=True)
    assert found == [(n - 1, "!" + text if n == 4 else whole(n)) for n in range(1, 9)]


def test_an_escape_in_another_value_is_left_as_it_is() -> None:
    found = items_of(source_with(r'{"IdName":"a\"b","Office":"R\V"}'), repair=True)[3]
    assert isinstance(found, Repaired)
    assert (found.text("IdName"), found.text("Office")) == ('a"b', r"R\V")


IDS = {
    "before the fault": (f'{{"IdName":"{ADA}","Office":"R "K" 2"}}', (ADA, True)),
    "behind the fault": (f'{{"Office":"R "K" 2","IdName":"{ADA}"}}', (ADA, False)),
    "without the bracket": (f'"IdName":"{ADA}","City":"x"}}', (ADA, False)),
    "no id": ('{"Office":"R "K" 2"}', None),
    "a number": ("7", None),
}


@pytest.mark.parametrize(("text", "identity"), IDS.values(), ids=IDS.keys())
def test_an_unreadable_record_tells_whose_it_is(text: str, identity: tuple[str, bool] | None) -> None:
    for item in salvage_of(source_with(text).encode()):
        if isinstance(item, Unreadable) and not item.doubtful:
            found = item.identity("IdName")
            assert (found and (found.text, not found.caution)) == identity
            assert item.words


def test_a_doubtful_record_has_its_id_with_a_caution() -> None:
    found = [item for item in items_of(source_with('{"IdName":"a","City":"x"')) if isinstance(item, Unreadable)]
    ids = [identity for item in found if (identity := item.identity("IdName"))]
    assert [(one.text, bool(one.caution)) for one in ids] == [("a", False), ("user5@contoso.com", True)]


def test_reading_goes_on_where_first_names_are_written_with_escapes() -> None:
    records = [rf'{{"Identit\u00e4t":"user{number}","City":"Kiel"}}' for number in range(6)]
    records[2] = records[2].replace("Kiel", 'K"iel')
    found = shown('{"value":[' + ",".join(records) + "]}")
    assert found == [(place, "!" + raw if place == 2 else raw) for place, raw in enumerate(records)]


def test_after_a_fault_in_the_first_record_the_others_are_read() -> None:
    records = [f'{{"IdName":"user{number}","City":"Kiel"}}' for number in range(6)]
    records[0] = records[0].replace('"IdName":', '"Id"Name":')
    found = shown('{"value":[' + ",".join(records) + "]}")
    assert found == [(place, "!" + raw if place == 0 else raw) for place, raw in enumerate(records)]


def test_lines_are_counted_on() -> None:
    text = ("\ufeff" + source_with(f'{{"Office":"R "K" é€😀","IdName":"{ADA}"}}').replace("},{", "},\r\n{\n")).encode()
    lines = Lines(text)
    for item in salvage_of(text):
        assert not isinstance(item, Corrected)
        assert lines.at(item.offset) == position(text, item.offset)
    with pytest.raises(ValueError, match="3"):
        lines.at(3)


def test_a_sample_of_records_behind_a_fault_is_followed_by_the_rest() -> None:
    records = [f'{{"IdName":"user{number}","Note":"{"x" * 1_000}"}}' for number in range(2_500)]
    records[3] = records[2_200] = '{"IdName":"a" "b"}'
    found = shown('{"value":[' + ",".join(records) + "]}")
    assert found == [(place, "!" + raw if place in (3, 2_200) else raw) for place, raw in enumerate(records)]


HOSTILE = {
    "open comments": '{"b":/*x},',
    "lists in one another": '{"b":[{},',
    "lists that end": '{"a" b},{"c":1}],"d":[{},',
    "single quotes": """{"b":'x},""",
    "backslashes and comments": r'{"b":"\x"/*,"c" },',
    "brackets": "},{",
    "records without an end": '},{"',
    "numbers": "1,",
    "slashes": '{"a" b},/*,//\n',
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_file_made_to_be_slow_comes_to_its_end(text: str) -> None:
    found = items_of('{"value":[' + text * 50_000 + "]}")
    assert not any(isinstance(item, Record) for item in found)
    assert isinstance(found[-1], Unreadable)
