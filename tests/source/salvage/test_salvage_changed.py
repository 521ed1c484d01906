"""Whatever a change or two do to a source file, what is read of it are its records."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.source.model import GrammarError
from analyzer.source.reader.records import records_of
from analyzer.source.salvage.read import Corrected, Record, Repaired, Unreadable
from tests.source.salvage.test_salvage import items_of

# As they stand in the file
PLAIN = ["Kiel", "", "Oslo, 2nd", "x}y", "[1]", "O'Hara", "München", "a://b", "/* x */", "{", ":", ", x", "'q'"]
ESCAPED = [r"R\\V", r"a \"b\" c", r"{\"IdName\":\"no\"}", r"\",\"IdName\":\"no\",\"q\":\""]
LIKE_RECORDS = ["x},{", "},", "},{'IdName':'no'},{'a':'", "},{'IdName':'no'}", r"},{\"IdName\":\"no\"},{\"a\":\"b\"}"]
VALUES = st.sampled_from([*PLAIN, *ESCAPED, *LIKE_RECORDS])
SIGNS = ['"', "'", "\\", "{", "}", "[", "]", ",", ":", "/", "//", "/*", "\n", "\x01", "1", "x", "\u201c"]
GROUPS = ['" "', '","', '""', '":"', '"x":', '"x":"y",', r"\V", r"\u12", "}{", "},{", '"}', '"},{"', '"]', '",', ',"']
BRACKETS = ['"},', '"}]', '},"', "}}", "]}"]
SEPARATOR = st.sampled_from([",", ",\n", " , "])


@st.composite
def sources(draw: st.DrawFn, least: int) -> list[str]:
    """The records of a source file."""
    id_at = draw(st.integers(0, 2))
    records = []
    for number in range(draw(st.integers(least, 7))):
        members = [f'"{name}":"{draw(VALUES)}"' for name in ("City", "Note")]
        members.insert(id_at, f'"IdName":"user{number}@contoso.com"')
        records.append("{" + ",".join(members) + "}")
    return records


def is_legal(text: str) -> bool:
    try:
        list(records_of(text.encode()))
    except GrammarError:
        return False
    return True


@settings(deadline=None, max_examples=1_500)
@given(sources(1), st.data(), SEPARATOR, st.booleans())
def test_one_change_brings_in_nothing_that_is_no_record(
    records: list[str], data: st.DataObject, separator: str, repair: bool
) -> None:
    changed = data.draw(st.integers(0, len(records) - 1))
    text = records[changed]
    at, removed = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 1))
    added = data.draw(st.sampled_from([*SIGNS, *GROUPS, *BRACKETS, ""]))
    damaged = text[:at] + added + text[at + removed :]
    source = '{"value":[' + separator.join([*records[:changed], damaged, *records[changed + 1 :]]) + "]}"
    found = items_of(source, repair=repair)
    if is_legal(source):
        assert found == list(records_of(source.encode()))
        return
    read = [item for item in found if isinstance(item, Record)]
    assert {item.raw.decode() for item in read} <= {*records, damaged}
    alone = is_legal(f'{{"value":[{damaged}]}}')
    assert alone or all(isinstance(item, Repaired) or item.raw.decode() in records for item in read)
    # A comment may end in another record, and behind a list's end that other keys follow nothing is read.
    if "/" not in added and added != '"}]':
        sure = [raw for number, raw in enumerate(records) if abs(number - changed) > 1]
        missed = [raw for raw in sure if raw not in {item.raw.decode() for item in read}]
        # A quotation mark too many lets texts and what is between them change places: the rest may be one stretch.
        stretches = [source.encode()[item.offset : item.end] for item in found if isinstance(item, Unreadable)]
        assert all(any(raw.encode() in stretch for stretch in stretches) for raw in missed)
    ends = [item.offset for item in found if not isinstance(item, Corrected)]
    assert ends == sorted(ends)
    assert [item for item in found if isinstance(item, (Repaired, Unreadable, Corrected))]


DAMAGE = {
    "backslash": lambda text: text.replace("@", r"\@"),
    "quotation mark": lambda text: text.replace("@", '"@'),
    "colon": lambda text: text.replace('"IdName":', '"IdName"'),
    "value": lambda text: text.replace('":"user', '":user'),
    "end of a value": lambda text: text.replace('.com"', ".com"),
}


@settings(deadline=None, max_examples=500)
@given(sources(3), st.data(), SEPARATOR, st.booleans())
def test_whatever_is_damaged_the_others_are_read_in_their_places(
    records: list[str], data: st.DataObject, separator: str, repair: bool
) -> None:
    kinds = data.draw(st.lists(st.sampled_from(["", "", *DAMAGE]), min_size=len(records), max_size=len(records)))
    damaged = [DAMAGE[kind](raw) if kind else raw for kind, raw in zip(kinds, records, strict=True)]
    source = '{"value":[' + separator.join(damaged) + "]}"
    read = {item.position: item.raw.decode() for item in items_of(source, repair=repair) if isinstance(item, Record)}
    whole_ones = {place: raw for place, raw in enumerate(records) if not kinds[place]}
    repaired = {place for place, kind in enumerate(kinds) if kind == "backslash"} if repair else set()
    assert {place: raw for place, raw in read.items() if place not in repaired}.items() <= whole_ones.items()
    assert all(read[place] == damaged[place] for place in repaired & read.keys())
    for place in whole_ones:
        beside = kinds[max(0, place - 1) : place + 2]
        assert place in read or any(kind not in ("", "backslash") for kind in beside)
    covered = [range(item.offset, item.end) for item in items_of(source, repair=repair) if isinstance(item, Unreadable)]
    at = len('{"value":[')
    for place, raw in enumerate(damaged):
        start = len(source[:at].encode())
        assert place in read or any(start in stretch for stretch in covered)
        at += len(raw) + len(separator)


def test_text_between_two_values_is_no_name_of_records() -> None:
    begun, last = '{"City":"x},{","Note":"Kiel"', '{"City":"Oslo","Note":"x}"}'
    source = '{"value":["' + ",".join([f"{begun}}}", f"{begun}}}", last]) + "]}"
    assert last in [item.raw.decode() for item in items_of(source) if isinstance(item, Record)]
