"""What is not as sure: an id that may go on, two ids, a fault between records, a message that says something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.source.diagnosis.locate_fault import locate
from analyzer.source.diagnosis.service_message import place_in
from analyzer.source.model import Certainty, FaultLocation
from tests.source.broken_source import place_of, said_of, source_with, whole

if TYPE_CHECKING:
    from pathlib import Path

BEHIND = "the ID was read after the fault"
INSIDE = "the fault is in the ID itself"
GOES_ON = "the ID may go on after the fault"
BETWEEN = "it is unknown whether the fault is this record's or the next one's"


def written(folder: Path, text: str) -> Path:
    path = folder / "hr-feed.json"
    path.write_text(text, encoding="utf-8")
    return path


def found(path: Path, message: str = "") -> FaultLocation:
    spot = locate(path, place_in(message) if message else place_of(path), "IdName")
    assert spot is not None
    return spot


def id_of(spot: FaultLocation) -> tuple[str, str] | None:
    return (spot.identity.text, spot.identity.caution) if spot.identity else None


# Text of record 4; the id and the caution with it; whether the place is sure.
IDS = {
    "a quotation mark and a comma in the id": ('{"IdName":"bob","@contoso.com","City":"x"}', None, Certainty.sure),
    "the same in an id at the end": ('{"City":"x","IdName":"bob","@contoso.com"}', None, Certainty.sure),
    "a comma and a blank in the id": ('{"IdName":"bob", "@contoso.com" ,"City":"x"}', None, Certainty.sure),
    "a quotation mark, a blank, another one": (
        '{"IdName":"bob" "@contoso.com","City":"x"}',
        ('bob" "@contoso.com', INSIDE),
        Certainty.sure,
    ),
    "a backslash outside of a text": ('{"IdName":"bob",\\,"City":"x"}', ("bob", GOES_ON), Certainty.likely),
    "a colon": ('{"IdName":"bob",:"City":"x"}', ("bob", GOES_ON), Certainty.likely),
    "no colon in the next member": ('{"IdName":"bob","City" "x"}', ("bob", GOES_ON), Certainty.likely),
    "an escape in the next name": (r'{"IdName":"bob","Ci\V":"x"}', ("bob", GOES_ON), Certainty.likely),
    "two commas and a name": ('{"IdName":"bob",,"City":"x"}', ("bob", ""), Certainty.sure),
    "two commas and a name without quotes": ('{"IdName":"bob",,City:"x"}', ("bob", ""), Certainty.sure),
    "a wrong bracket at the end": ('{"IdName":"bob"]', ("bob", ""), Certainty.sure),
    "an id in a text": ('{"IdName":"real","Note":"see ","IdName":"fake"," "more"}', None, Certainty.sure),
    "an id in a text before the id": ('{"Note":"see ","IdName":"fake","a" b","IdName":"real"}', None, Certainty.sure),
    "an id in a text behind the fault": (
        '{"IdName":"real","Note":"a "b" ","IdName":"fake","c":""}',
        None,
        Certainty.sure,
    ),
    "an id whose second value is broken": (r'{"IdName":"real","Note":"","IdName":"fa\Ve"}', None, Certainty.sure),
    "the same id twice": (r'{"IdName":"real","IdName":"real","Note":"\V"}', ("real", ""), Certainty.sure),
    "the next record's id is no second one": ('{"IdName":"real","Floor":2', ("real", ""), Certainty.sure),
}


@pytest.mark.parametrize(("text", "identity", "sure"), IDS.values(), ids=IDS.keys())
def test_an_id_that_may_be_another_is_given_with_a_caution_or_not_at_all(
    tmp_path: Path, text: str, identity: tuple[str, str] | None, sure: Certainty
) -> None:
    spot = found(written(tmp_path, source_with(text)))
    assert (spot.record, id_of(spot), spot.sure) == (4, identity, sure)


# What stands where record 4 should begin; the record that is named, whether the place is behind it, and whose it is.
BESIDE = {
    "no opening bracket": (whole(4)[1:], 4, False, ("user4@contoso.com", BEHIND)),
    "two commas": ("," + whole(4), 4, False, ("user4@contoso.com", BEHIND)),
    "a text": ('"x",' + whole(4), 4, False, None),
    "a backslash": ("\\" + whole(4), 3, True, ("user3@contoso.com", BETWEEN)),
    "a typographic quotation mark": ("\u201c" + whole(4), 3, True, ("user3@contoso.com", BETWEEN)),
    "a bracket in the id ends the record": (
        '{"City":"x","IdName":"bob"}@contoso.com"}',
        4,
        True,
        ("bob", BETWEEN),
    ),
}


@pytest.mark.parametrize(("text", "record", "behind", "identity"), BESIDE.values(), ids=BESIDE.keys())
def test_a_fault_between_records_is_not_the_one_before_it_for_sure(
    tmp_path: Path, text: str, record: int, behind: bool, identity: tuple[str, str] | None
) -> None:
    spot = found(written(tmp_path, source_with(text)))
    assert (spot.record, spot.after, id_of(spot)) == (record, behind, identity)
    assert spot.sure is (Certainty.likely if behind else Certainty.sure)


ESCAPE = r'{"IdName":"ada@contoso.com","City":"x","Office":"R\V"}'
COMMA = '{"IdName":"ada@contoso.com","City":"x",,"Office":"R"}'
ENDLESS = '{"IdName":"ada@contoso.com","City":"x","Office":"R}'
NESTED = '{"IdName":"ada@contoso.com","City":"x","Office":["R"]}'
# Text of record 4, the last; what in the message is replaced; a word of the remark, empty where it stays sure.
MESSAGES = {
    "the message as it is": (ESCAPE, "", "", ""),
    "another property": (ESCAPE, ".Office", ".City", "names City"),
    "a property that our reader did not come to": (COMMA, ".City", ".Office", "names Office"),
    "the record alone": (COMMA, ".City", "", ""),
    "another fault than an escape": (
        ESCAPE,
        "Bad JSON escape sequence: \\V",
        "Unexpected character encountered",
        "other",
    ),
    "an escape where there is none": (
        COMMA,
        "Invalid property identifier character: ,",
        "Bad JSON escape sequence: V",
        "other",
    ),
    "an escape where a list is": (
        NESTED,
        "Unexpected character encountered",
        "Invalid Unicode escape sequence",
        "other",
    ),
    "a list": (NESTED, "", "", ""),
    "another language": (ESCAPE, "Bad JSON escape sequence", "Ungültige Escapesequenz", ""),
    "cut off behind the line": (ESCAPE, ", position", "", "no position"),
    "cut off in the path": (ESCAPE, "e', line", "", "no position"),
    "a value that never ends": (ENDLESS, "", "", ""),
    "a value that never ends, in a line that is not there": (ENDLESS, "line 1", "line 7", "position"),
    "a value that never ends, at a place before it": (ENDLESS, "position ", "position 5 of ", "position"),
    "a position in a line that is not there": (ESCAPE, "line 1", "line 7", "position"),
    "numbers with separators": (ESCAPE, "position ", "position 0,", ""),
}


@pytest.mark.parametrize(("text", "old", "new", "word"), MESSAGES.values(), ids=MESSAGES.keys())
def test_a_message_that_does_not_fit_makes_it_likely(tmp_path: Path, text: str, old: str, new: str, word: str) -> None:
    path = written(tmp_path, source_with(text, records=4))
    message = said_of(path)
    assert old in message
    # What is cut off ends there.
    message = message.replace(old, new) if new or old == ".City" else message.partition(old or "\0")[0]
    spot = found(path, message)
    assert (spot.record, id_of(spot)) == (4, ("ada@contoso.com", ""))
    assert spot.sure is (Certainty.likely if word else Certainty.sure)
    assert [word in remark for remark in spot.remarks] == ([True] if word else [])


def test_a_property_after_the_last_record_does_not_fit(tmp_path: Path) -> None:
    path = written(tmp_path, source_with(whole(4) + whole(5)))
    assert found(path).sure is Certainty.sure
    spot = found(path, said_of(path).replace("value[3]", "value[3].City"))
    assert (spot.record, spot.after, spot.sure) == (4, True, Certainty.likely)
