r"""Values that end in a single backslash, as ``"Sales\"``: what is said, and where it is doubled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.source.diagnosis.locate_fault import locate
from analyzer.source.model import FaultKind
from analyzer.source.reader.json_text import NotJsonError
from analyzer.source.reader.records import read_records
from analyzer.source.salvage.read import Record, Repaired, Unreadable, salvage_of
from analyzer.source.strict_json import respell
from tests.source.broken_source import place_of

if TYPE_CHECKING:
    from pathlib import Path

ADA = '{"IdName":"ada@contoso.com","Office":"1","City":"Oslo"}'
EVE = '{"IdName":"eve@contoso.com","Office":"2","City":"Oslo"}'

# The record, and as it is written.
CERTAIN = {
    "before another property": (
        r'{"IdName":"bob","Office":"C:\","City":"Bergen"}',
        r'{"IdName":"bob","Office":"C:\\","City":"Bergen"}',
    ),
    "before the record's end": (
        r'{"IdName":"bob","Office":"1","City":"Sales\"}',
        r'{"IdName":"bob","Office":"1","City":"Sales\\"}',
    ),
    "with blanks": (
        '{ "IdName" : "bob" ,\n "Office" : "C:\\" ,\n "City" : "Sales\\"\n }',
        '{ "IdName" : "bob" ,\n "Office" : "C:\\\\" ,\n "City" : "Sales\\\\"\n }',
    ),
    "in the id": (
        r'{"Office":"1","City":"2","IdName":"CONTOSO\"}',
        r'{"Office":"1","City":"2","IdName":"CONTOSO\\"}',
    ),
    "beside others that begin no escape": (
        r'{"IdName":"bob","Office":"C:\Temp\","City":"Bergen"}',
        r'{"IdName":"bob","Office":"C:\\Temp\\","City":"Bergen"}',
    ),
    "beside an escape in another value": (
        r'{"IdName":"bob","Office":"C:\","City":"the \"inn\""}',
        r'{"IdName":"bob","Office":"C:\\","City":"the \"inn\""}',
    ),
}
GUESSED = {
    "a line end, or a folder": r'{"IdName":"bob","Office":"C:\new\","City":"Bergen"}',
    "a quotation mark in the same value": r'{"IdName":"bob","Office":"the \"inn\","City":"Bergen"}',
    "other properties than the others have": r'{"IdName":"bob","Path":"C:\","Town":"Bergen"}',
    "another fault": r'{"IdName":"bob","Office":"C:\","City":"Room "K" 2"}',
}


def source_of(*records: str) -> str:
    return '{"value":[' + ",".join(records) + "]}"


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize(("raw", "written"), CERTAIN.values(), ids=CERTAIN.keys())
def test_a_backslash_at_a_value_s_end_is_doubled_and_no_other_record_is_touched(
    raw: str, written: str, place: int
) -> None:
    records = [ADA, EVE]
    records.insert(place, raw)
    items = list(salvage_of(source_of(*records).encode(), repair=True))
    assert [item.raw.decode() for item in items if isinstance(item, Record)] == records
    repaired = items[place]
    assert isinstance(repaired, Repaired)
    assert repaired.respelled.decode() == written
    spelled = respell(raw.encode(), repair=True)
    assert (spelled.raw, spelled.uncertain) == (written.encode(), ())
    assert all(change.before.decode() in raw and change.after.decode() in written for change in spelled.changes)
    assert sum(change.after.count(b"\\") - change.before.count(b"\\") for change in spelled.changes) == written.count(
        "\\"
    ) - raw.count("\\")


@pytest.mark.parametrize("repair", [False, True])
@pytest.mark.parametrize("raw", [*GUESSED.values(), *(raw for raw, _ in CERTAIN.values())])
def test_what_would_be_a_guess_is_listed_and_no_other_record_is_lost(raw: str, repair: bool) -> None:
    if repair and raw in dict(CERTAIN.values()):
        return
    items = list(salvage_of(source_of(ADA, raw, EVE).encode(), repair=repair))
    assert [item.raw.decode() for item in items if isinstance(item, Record)] == [ADA, EVE]
    assert [item.position for item in items if isinstance(item, Unreadable)] == [1]


def test_without_another_record_nothing_speaks_for_it() -> None:
    items = list(salvage_of(source_of(CERTAIN["before the record's end"][0]).encode(), repair=True))
    assert not any(isinstance(item, Record) for item in items)


@pytest.mark.parametrize("raw", [raw for raw, _ in CERTAIN.values() if "Temp" not in raw])
@pytest.mark.parametrize("last", [False, True])
def test_the_advice_is_to_double_the_backslash(tmp_path: Path, raw: str, last: bool) -> None:
    path = tmp_path / "hr-feed.json"
    path.write_text(source_of(ADA, raw) if last else source_of(ADA, raw, EVE), encoding="utf-8")
    with pytest.raises(NotJsonError) as raised:
        list(read_records(path))
    spot = locate(path, place_of(path), "IdName")
    assert spot is not None
    assert (spot.record, spot.fault.kind) == (2, FaultKind.backslash)
    for words in (spot.fault.words, raised.value.problem):
        assert words.startswith("a single backslash before the quotation mark that ends a value")
        assert "is written twice" in words
