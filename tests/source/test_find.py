"""The fast scan finds what the reader of single records finds: the same records, spans and faults."""

from __future__ import annotations

import io
import json
import shutil
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.model.identity import identity_key
from analyzer.source import find, scan
from analyzer.source.find import find_records
from analyzer.source.model import NO_ID
from analyzer.source.reader.json_text import SourceFormatError
from analyzer.source.reader.records import read_records

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

no_deadline = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=300
)

IDS = [
    '"ada@contoso.com"', '"ADA@contoso.com"', '"i:0#.f|membership|ada@contoso.com"', r'"\u0061da@contoso.com"',
    '"bob@contoso.com"', r'"zo\u00eb@contoso.com"', '"ZOË@contoso.com"', '"zoe\u0308@contoso.com"', "'ada@contoso.com'",
    "17", '" bob@contoso.com"', r'"bob@contoso.com\t"', '""', "null", r'"\ud800"', '"a,}"', '"a,  ]"', '"ΑΣ"', "{}",
    r'"C:\\"', "1.0",
]  # fmt: skip
VALUES = [
    '"Oslo"', '"},{"', r'"},{\"mail\":\"bob@contoso.com\"},{\""', '"//"', '"/* "', '" */"', '"https://contoso.com"',
    "1",     r'"\"//"', r'"\\"', r'"\\\"//"', "[{},{}]", '{"mail":"bob@contoso.com"}', '"\u00e9"', "'x\"//'", "0x1F",
    "undefined",     '",}"', '[{"mail":"bob@contoso.com"},{"a":1}]',
]  # fmt: skip
NAMES = ['"City"', "City", "'mail'", r'"\u006dail"', '"Floor"', '"a//b"']
BLANKS = ["", "", "", " ", "\n", "// a comment\n", '/* "},{" */', '// don\'t },{"mail":1}\n', "/**/", "\r\n", '// "\n']
MEMBER = st.builds("{}{}:{}{}".format, st.sampled_from(NAMES), *[st.sampled_from(BLANKS)] * 2, st.sampled_from(VALUES))
ID = st.builds('"mail":{}'.format, st.sampled_from(IDS))
# Most records as most feeds write them, so that chunks decode
PLAIN = st.builds('{{"mail":{},"City":"Oslo"}}'.format, st.sampled_from(IDS[:8]))


@st.composite
def odd_record(draw: st.DrawFn) -> str:
    members = draw(st.lists(st.one_of(MEMBER, ID), max_size=4))
    blank = st.sampled_from(BLANKS)
    inner = ",".join(draw(blank) + member + draw(blank) for member in members)
    return "{" + inner + draw(st.sampled_from(["", "," if members else ""])) + draw(blank) + "}"


@st.composite
def sources(draw: st.DrawFn) -> str:
    records = draw(st.lists(st.one_of(PLAIN, PLAIN, odd_record()), max_size=12))
    separator = st.sampled_from([",", ",", ",\n", " , ", ", // },{\n", ' /* },{" */ , '])
    text = "".join(record + draw(separator) for record in records[:-1]) + "".join(records[-1:])
    text = (
        '{"value":['
        + text
        + draw(st.sampled_from(["", ",", "\n"]))
        + draw(st.sampled_from(["]}", "]}", '],"x":[{},{}]}']))
    )
    for place, length, instead in draw(st.lists(st.tuples(st.integers(10, 300), st.integers(0, 2), SIGN), max_size=1)):
        text = text[:place] + instead + text[place + length :]
    return text


SIGN = st.sampled_from(["", '"', ",", "{", "}", "]", "//", "'", "\\", "},{", '},{"', "x"])


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "CHUNK", 40)
    monkeypatch.setattr(scan, "_TIMES_FOR_ALL", 1)
    monkeypatch.setattr(scan, "_MAX_RECORD", 150)
    monkeypatch.setattr(scan, "_MIN_RECORDS", 1)


class InThisProcess:
    """Stands for a process that scans a segment."""

    def __init__(self) -> None:
        self.stdin = io.BytesIO()
        self.close, self.stdin.close = self.stdin.close, self._told  # type: ignore[method-assign]
        self.stdout = io.BytesIO()

    def _told(self) -> None:
        try:
            self.stdout = io.BytesIO(find.answer(self.stdin.getvalue()))
        except Exception:  # noqa: BLE001 - as a process ends
            self.stdout = io.BytesIO()

    def kill(self) -> None: ...

    def wait(self) -> None: ...

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


@pytest.fixture
def three_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find, "_BYTES_PER_PROCESS", 30)
    monkeypatch.setattr(find, "_processors", lambda: 3)
    monkeypatch.setattr(find, "_process", InThisProcess)


def slowly(path: Path, name: str) -> tuple[list[tuple[int, int, int, str]], str]:
    found: list[tuple[int, int, int, str]] = []
    try:
        for record in read_records(path):
            key = identity_key(record.text(name) or "")
            found.append((record.offset, record.offset + len(record.raw), record.position, key))
    except SourceFormatError as error:
        return found, str(error)
    return found, ""


def wanted_of(found: list[tuple[int, int, int, str]]) -> dict[str, int]:
    keys = [key for *_, key in found if key][::2]
    return {key: number for number, key in enumerate(dict.fromkeys([*keys, "bob@contoso.com", "nobody"]), start=1)}


def check_wanted(path: Path, name: str) -> None:
    records, problem = slowly(path, name)
    wanted = wanted_of(records)
    if problem:
        with pytest.raises(SourceFormatError) as error:
            find_records(path, name, wanted)
        assert str(error.value) == problem
        return
    found = find_records(path, name, wanted)
    assert found.records == len(records)
    expected = [(start, end, position, wanted[key]) for start, end, position, key in records if key in wanted]
    assert list(zip(*found.spans.columns(), strict=True)) == expected


@no_deadline
@given(sources())
def test_wanted_records_are_found_as_the_slow_reader_finds_them(tmp_path: Path, text: str) -> None:
    path = tmp_path / "source.json"
    path.write_bytes(text.encode())
    check_wanted(path, "mail")


@pytest.mark.parametrize("bracket", ["{}", "[]"])
@pytest.mark.parametrize(
    "before", [",", ", ,", ",,", ",\n,", "/**/,", ",/**/", ",,/**/", ",/**/,/**/", ", /* */ ,\n//\n"]
)
@pytest.mark.parametrize("value", ["", "1", "1,", '"x"'])
def test_no_more_than_one_comma_after_a_value_is_tolerated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bracket: str, before: str, value: str
) -> None:
    monkeypatch.setattr(scan, "CHUNK", 250)
    monkeypatch.setattr(scan, "_MAX_RECORD", 5000)
    member = f'"City":{value}' if value and bracket == "{}" else value
    odd = f"{bracket[0]}{member}{before}{bracket[1]}"
    path = tmp_path / "source.json"
    # The spellings in the records before are known when the odd one comes.
    known = ",".join(f'{{"mail":"ada@contoso.com"{comma}}}' for comma in (",", ", ", ",\n", ",  ", ",      "))
    last = ",".join(['{"mail":"eve@contoso.com"}'] * 20)
    path.write_text(f'{{"value":[{known},{{"mail":"bob@contoso.com","x":{odd}}},{last}]}}', encoding="utf-8")
    check_wanted(path, "mail")


@no_deadline
@given(sources())
@pytest.mark.usefixtures("three_processes")
def test_in_segments_too(tmp_path: Path, text: str) -> None:
    path = tmp_path / "source.json"
    path.write_bytes(text.encode())
    check_wanted(path, "mail")


@no_deadline
@given(sources())
def test_all_users_are_found_with_distinct_marks(tmp_path: Path, text: str) -> None:
    path = tmp_path / "source.json"
    path.write_bytes(text.encode())
    records, problem = slowly(path, "mail")
    if problem:
        with pytest.raises(SourceFormatError):
            find_records(path, "mail", None)
        return
    spans = find_records(path, "mail", None).spans
    assert list(zip(spans.starts, spans.ends, spans.positions, strict=True)) == [record[:3] for record in records]
    by_mark = dict(zip(spans.marks, [key for *_, key in records], strict=True))
    assert [by_mark[mark] for mark in spans.marks] == [key for *_, key in records]
    assert by_mark.get(NO_ID, "") == ""
    assert len(by_mark) == len({key for *_, key in records})


@pytest.mark.parametrize("name", ['a"b', "a\\b", "Cost Center", "Größe", "a'b"])
def test_any_name_can_be_the_id_property(tmp_path: Path, name: str) -> None:
    path = tmp_path / "source.json"
    ids = ["ada@contoso.com", "bob@contoso.com", "carl@contoso.com"]
    path.write_text(json.dumps({"value": [{name: one} for one in ids]}), encoding="utf-8")
    assert list(find_records(path, name, {"bob@contoso.com": 1}).spans.positions) == [1]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_spans_are_those_of_the_utf_8(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "source.json"
    records = [{"mail": f"ä{one}@contoso.com"} for one in range(30)]
    path.write_bytes(json.dumps({"value": records}, ensure_ascii=False).encode(encoding))
    check_wanted(path, "mail")


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that are started for a file of 2,000 records, when one is worth its start for 5,000 bytes."""
    monkeypatch.setattr(find, "_BYTES_PER_PROCESS", 5000)
    monkeypatch.setattr(find, "_processors", lambda: 3)
    records = [{"mail": f"user{one}@contoso.com"} for one in range(2000)]
    (tmp_path / "source.json").write_text(json.dumps({"value": records}), encoding="utf-8")
    started: list[subprocess.Popen[bytes]] = []
    really = find._process

    def noted() -> subprocess.Popen[bytes]:
        started.append(really())
        return started[-1]

    monkeypatch.setattr(find, "_process", noted)
    return started


SOME = {f"user{one}@contoso.com": one + 1 for one in range(0, 2000, 7)}


def test_real_processes_find_the_same(tmp_path: Path, started: list[subprocess.Popen[bytes]]) -> None:
    found = find_records(tmp_path / "source.json", "mail", SOME)
    assert (found.records, list(found.spans.positions)) == (2000, list(range(0, 2000, 7)))
    assert [process.returncode for process in started] == [0, 0]


def test_the_scan_continues_without_a_process_that_dies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find, "_BYTES_PER_PROCESS", 5000)
    monkeypatch.setattr(find, "_processors", lambda: 3)
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    path = tmp_path / "source.json"
    path.write_text(
        json.dumps({"value": [{"mail": f"user{one}@contoso.com"} for one in range(2000)]}), encoding="utf-8"
    )
    found = find_records(path, "mail", {"user1999@contoso.com": 1})
    assert (found.records, list(found.spans.positions)) == (2000, [1999])


def test_an_id_property_with_a_bracket_in_its_name_is_found_beside_commas_too_many(tmp_path: Path) -> None:
    path = tmp_path / "source.json"
    path.write_text('{"value":[' + ",".join(f'{{"Id ,}}":"{number}",}}' for number in range(20)) + "]}", "utf-8")
    check_wanted(path, "Id ,}")
    assert len(find_records(path, "Id ,}", {"7": 1}).spans) == 1


@pytest.mark.usefixtures("three_processes")
@pytest.mark.parametrize("place", range(0, 40, 3))
def test_a_value_that_is_not_a_record_is_found_in_any_segment(tmp_path: Path, place: int) -> None:
    records = [f'{{"mail":"user{number}@contoso.com","City":"Kiel"}}' for number in range(40)]
    records[place] = "null"
    path = tmp_path / "source.json"
    path.write_text('{"value":[' + ",".join(records) + "]}", encoding="utf-8")
    found = find_records(path, "mail", {f"user{number}@contoso.com": number for number in range(1, 40)})
    assert (found.records, list(found.others)) == (40, [place])
    assert list(found.spans.positions) == [number for number in range(1, 40) if number != place]
    assert found.other is not None


@pytest.mark.parametrize("value", ["x", "x}", "{x", "}{x", "},{", '\\"},{\\"', "{}"])
@pytest.mark.parametrize("length", [10, 3_000])
def test_all_records_are_found_where_they_are_whatever_their_length(
    tmp_path: Path, value: str, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "CHUNK", 8 * length)
    monkeypatch.setattr(scan, "_MAX_RECORD", 1 << 20)
    source = tmp_path / "feed.json"
    ends = [value if number % 70 == 3 else "" for number in range(200)]
    texts = [f'{{"mail":"u{number}@contoso.com", "City":"{"-" * length}{end}"}}' for number, end in enumerate(ends)]
    source.write_text('{"value":[' + " ,\n".join(texts) + "]}", encoding="utf-8")
    spans, content = find_records(source, "mail", None).spans, source.read_bytes()
    found = [content[start:end].decode() for start, end in zip(spans.starts, spans.ends, strict=True)]
    assert found == texts
    assert list(spans.positions) == list(range(200))
