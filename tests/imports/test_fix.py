"""The repaired copy: what is provable is changed and listed, all else stays byte for byte, and nothing is guessed."""

from __future__ import annotations

import codecs
import json
import os
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.emulator.importing import ImportRequest, Validated, validate
from analyzer.errors import OutputError, UsageError
from analyzer.imports.edits import Edits
from analyzer.imports.fix import FixResult, changes_path, fix
from analyzer.imports.model import ImportPlan
from analyzer.model.service import IdType
from tests.source.broken_source import source_with, whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PLAN = ImportPlan(id_property="IdName", property_map={"Office": "OfficeCode", "City": "City"})
MARK = codecs.BOM_UTF8
ADA = '{"IdName":"ada@contoso.com","Office":"1A","City":"Kiel"}'
BOB = '{"IdName":"bob@contoso.com", "Office":"2B", "City":"Bonn"}'


def listed(*records: str) -> str:
    return '{"value":[' + ",".join(records) + "]}"


def fixed(tmp_path: Path, content: str | bytes, plan: ImportPlan = PLAN, *, drop: bool = False) -> FixResult:
    source = tmp_path / "hr-feed.json"
    source.write_bytes(content.encode() if isinstance(content, str) else content)
    return fix(source, tmp_path / "fixed.json", plan, drop_unmapped=drop)


def text(result: FixResult) -> str:
    assert result.path is not None
    return result.path.read_bytes().decode()


def changes(result: FixResult) -> list[tuple[object, ...]]:
    return result.changes.table().drop("file").rows()


def imports(result: FixResult, property_map: Mapping[str, str] | None = None) -> bool:
    """Whether the service's reader accepts the repaired file with a map."""
    assert result.path is not None
    asked = ImportRequest("5f05e38c", IdType.Email, "IdName", dict(property_map or PLAN.property_map or {}), "x")
    return isinstance(validate(result.path, asked), Validated)


PROVABLE: dict[str, tuple[str, str, list[tuple[object, ...]]]] = {
    "no closing bracket of the list": (
        '{"value": [\n' + ADA + ",\n" + BOB + "\n}\n",
        '{"value": [\n' + ADA + ",\n" + BOB + "]\n}\n",
        [(2, None, None, "bracket", "", "]")],
    ),
    "no closing bracket of the list, and a comma": (
        '{"value":[' + ADA + ",\n}",
        '{"value":[' + ADA + "]\n}",
        [(1, None, None, "bracket", "", "]")],
    ),
    "no closing bracket of the object": (
        '{"value":[' + ADA + "] // end",
        '{"value":[' + ADA + "]} // end",
        [(1, None, None, "bracket", "", "}")],
    ),
    "a bracket too many after the list": (
        '{"value":[' + ADA + "]]}\n",
        '{"value":[' + ADA + "]}\n",
        [(1, None, None, "bracket", "]}", "}")],
    ),
    "a bracket too many at the end": (
        listed(ADA) + " }]\n",
        listed(ADA) + " \n",
        [(1, None, None, "bracket", "}]", "")],
    ),
    "no comma between two records": (
        '{"value":[' + ADA + "\n" + BOB + "]}",
        '{"value":[' + ADA + ",\n" + BOB + "]}",
        [(1, None, None, "comma", "", ",")],
    ),
    "two commas between two records": (
        '{"value":[' + ADA + ", ," + BOB + "]}",
        '{"value":[' + ADA + ", " + BOB + "]}",
        [(1, None, None, "comma", ",", "")],
    ),
    "a backslash": (
        listed(ADA, BOB.replace("2B", r"R\V")),
        listed(ADA, BOB.replace("2B", r"R\\V")),
        [(2, "bob@contoso.com", "Office", "backslash", r'"R\V"', r'"R\\V"')],
    ),
    "a backslash at the end of a value": (
        listed(ADA, BOB.replace("2B", "Sales\\"), ADA.replace("ada", "eve")),
        listed(ADA, BOB.replace("2B", r"Sales\\"), ADA.replace("ada", "eve")),
        [(2, "bob@contoso.com", "Office", "backslash", '"Sales\\"', r'"Sales\\"')],
    ),
    "no comma in a record": (
        listed(ADA, BOB.replace('", "City', '" "City')),
        listed(ADA, BOB.replace('", "City', '", "City')),
        [
            (
                2,
                "bob@contoso.com",
                None,
                "comma",
                '.com", "Office":"2B" "City":"Bonn"}',
                '.com", "Office":"2B", "City":"Bonn"}',
            )
        ],
    ),
    "two commas in a record": (
        listed(ADA, BOB.replace('", "City', '",, "City')),
        listed(ADA, BOB),
        [
            (
                2,
                "bob@contoso.com",
                None,
                "comma",
                'com", "Office":"2B",, "City":"Bonn"}',
                'com", "Office":"2B", "City":"Bonn"}',
            )
        ],
    ),
    "null in place of records": (
        listed("null", ADA, "null", BOB, "null", "null"),
        listed(ADA, BOB),
        [(number, None, None, "null_record", "null", "") for number in (1, 3, 5, 6)],
    ),
    "the same record three times": (
        listed(ADA, BOB, ADA.replace("ada", "Ada"), '{"City":"Ki\\u0065l","Office":"1A","IdName":"ada@contoso.com"}'),
        listed(ADA, BOB),
        [
            (3, "Ada@contoso.com", None, "duplicate", ADA.replace("ada", "Ada"), ""),
            (
                4,
                "ada@contoso.com",
                None,
                "duplicate",
                '{"City":"Ki\\u0065l","Office":"1A","IdName":"ada@contoso.com"}',
                "",
            ),
        ],
    ),
    "one record": (
        ADA + "\n",
        listed(ADA) + "\n",
        [(None, None, None, "shape", f"one record without a list around it: {ADA}", '{"value":[…]}')],
    ),
    "a list": (
        f"[{ADA} , {BOB}, ]",
        '{"value":[' + f"{ADA} , {BOB}, " + "]}",
        [
            (
                None,
                None,
                None,
                "shape",
                'a list without an object around it: [{"IdName":"ada@contoso.com","Office":"1A","City":"Kiel"} , …',
                '{"value":[…]}',
            )
        ],
    ),
    "a wrapper": (
        '{"value": {"value": [' + f"{ADA},\n {BOB}" + '], "Count": 2}}\n',
        '{"value":[' + f"{ADA},\n {BOB}" + "]}\n",
        [],
    ),
    "another case of value": ('{"n": 1, "Value" : [' + ADA + "]}", '{"n": 1, "value":[' + ADA + "]}", []),
    "several files": (listed(ADA) + "\n" + listed() + listed(BOB), '{"value":[' + f"{ADA},\n{BOB}" + "]}", []),
}


@pytest.mark.parametrize(("content", "expected", "rows"), PROVABLE.values(), ids=PROVABLE.keys())
def test_what_is_provable_is_repaired_and_listed(
    tmp_path: Path, content: str, expected: str, rows: list[tuple[object, ...]]
) -> None:
    result = fixed(tmp_path, content)
    assert result.problems == ()
    assert text(result) == expected
    assert imports(result)
    assert changes(result) == rows or (not rows and [row[3] for row in changes(result)] == ["shape"])
    again = fix(tmp_path / "fixed.json", tmp_path / "again.json", PLAN)
    assert (text(again), changes(again)) == (expected, [])


UNPROVABLE = {
    "a quotation mark": (source_with('{"IdName":"ada@contoso.com","Office":"Room "K" 2"}'), (4, "ada@contoso.com")),
    "cut off": ('{"value":[' + ADA + "," + BOB[:30], (2, "bob@contoso.com")),
    "cut off after a record": ('{"value":[' + ADA, (None, "")),
    "a number in place of a record": (listed(ADA, "7", BOB), (2, "")),
    "texts in place of records": ('{"value":["@{IdName=ada@contoso.com}"]}', (None, "")),
    "backslashes and escapes in one value": (listed(ADA, BOB.replace("2B", r"R\V\n")), (2, "bob@contoso.com")),
    "a comma in a record unlike all others": (
        listed(ADA, '{"IdName":"bob@contoso.com" "Floor":"3"}', ADA),
        (2, "bob@contoso.com"),
    ),
    "null only": (listed("null"), (None, "")),
}


@pytest.mark.parametrize(("content", "place"), UNPROVABLE.values(), ids=UNPROVABLE.keys())
def test_without_proof_no_file_is_written(tmp_path: Path, content: str, place: tuple[int | None, str]) -> None:
    earlier = tmp_path / "fixed.json"
    earlier.write_text("earlier")
    result = fixed(tmp_path, content)
    assert (result.path, result.changes_file) == (None, None)
    assert [(one.record, one.identity) for one in result.problems] == [place]
    assert earlier.read_text() == "earlier"
    assert {path.name for path in tmp_path.iterdir()} == {"hr-feed.json", "fixed.json"}


@pytest.mark.parametrize(
    ("encoding", "mark", "name"),
    [
        ("utf-16-le", codecs.BOM_UTF16_LE, "UTF-16"),
        ("utf-16-be", b"", "UTF-16 without a byte order mark"),
        ("cp1252", b"", "Windows-1252"),
        ("utf-8", b"", "UTF-8 without a byte order mark"),
    ],
)
def test_another_encoding_becomes_utf_8_with_a_mark(tmp_path: Path, encoding: str, mark: bytes, name: str) -> None:
    content = listed(ADA.replace("Kiel", "Köln"), BOB)
    result = fixed(tmp_path, mark + content.encode(encoding))
    assert text(result).encode() == MARK + content.encode()
    assert [(row[4], row[5]) for row in changes(result)] == [(name, "UTF-8 with a byte order mark")]
    assert text(fix(tmp_path / "fixed.json", tmp_path / "again.json", PLAN)) == text(result)


def test_a_byte_that_windows_1252_does_not_define_is_not_lost(tmp_path: Path) -> None:
    result = fixed(tmp_path, listed(ADA.replace("Kiel", "Köln\x81"), BOB).encode("latin-1"))
    assert result.path is None
    assert [(one.record, one.words) for one in result.problems] == [
        (1, "it has a byte that Windows-1252 doesn't define")
    ]


def test_properties_that_the_map_lacks_are_left_out_on_request(tmp_path: Path) -> None:
    eve = ADA.replace("ada@", "eve@")
    content = listed(ADA, '{"Floor":3,"IdName":"bob@contoso.com", "Office":"2B", "Note":"x\\u0041", }', eve)
    assert text(fixed(tmp_path, content)) == content
    result = fixed(tmp_path, content, drop=True)
    assert text(result) == listed(ADA, '{"IdName":"bob@contoso.com", "Office":"2B",  }', eve)
    assert imports(result)
    assert changes(result) == [
        (2, "bob@contoso.com", "Floor", "unmapped_property", "3", ""),
        (2, "bob@contoso.com", "Note", "unmapped_property", '"x\\u0041"', ""),
    ]


def test_records_that_differ_only_in_what_is_left_out_are_duplicates(tmp_path: Path) -> None:
    content = listed(ADA, ADA.replace("}", ',"Floor":3}'), ADA.replace("}", ',"Floor":"R\\V"}'))
    result = fixed(tmp_path, content, drop=True)
    assert text(result) == listed(ADA)
    again = fix(tmp_path / "fixed.json", tmp_path / "again.json", PLAN, drop_unmapped=True)
    assert (text(again), again.changes.total) == (text(result), 0)


def test_records_of_one_user_with_other_values_stay(tmp_path: Path) -> None:
    content = listed(ADA, ADA.replace("1A", "1B"), ADA.replace('"1A"', "1"), ADA.replace('"1A"', "1.0"))
    result = fixed(tmp_path, content)
    assert (text(result), changes(result)) == (content, [])


@pytest.mark.parametrize(
    ("plan", "words"),
    [(ImportPlan(id_property="IdName"), "the property map"), (ImportPlan(property_map={"a": "a"}), "the ID property")],
)
def test_unmapped_properties_need_a_map_and_the_id_property(tmp_path: Path, plan: ImportPlan, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        fixed(tmp_path, listed(ADA), plan, drop=True)


@pytest.mark.parametrize("name", ["fixed.json", "fixed.changes.csv"])
@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_the_input_is_never_replaced_under_any_name(tmp_path: Path, name: str, link: object) -> None:
    source = tmp_path / "hr-feed.json"
    source.write_text(listed(ADA))
    link(source, tmp_path / name)  # type: ignore[operator]
    with pytest.raises(OutputError, match="is the input file itself"):
        fix(source, tmp_path / "fixed.json", PLAN)
    assert source.read_text() == listed(ADA)


def test_the_list_of_changes_is_beside_the_file(tmp_path: Path) -> None:
    result = fixed(tmp_path, listed(ADA, BOB.replace("2B", r"R\V")))
    assert result.changes_file == changes_path(tmp_path / "fixed.json") == tmp_path / "fixed.changes.csv"
    rows = pl.read_csv(result.changes_file).rows()
    assert rows == [("hr-feed.json", 2, "bob@contoso.com", "Office", "backslash", r'"R\V"', r'"R\\V"')]


NAMES = st.sampled_from(["Office", "City", "Floor"])
VALUES = st.none() | st.booleans() | st.integers(0, 3) | st.text(max_size=5)
RECORD = st.builds(
    lambda number, values: {"IdName": f"user{number}@contoso.com", **values},
    st.integers(0, 4),
    st.dictionaries(NAMES, VALUES, max_size=3),
)
BETWEEN = st.sampled_from([",", " , ", ",,", "", "\n"])


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(RECORD | st.none(), min_size=1, max_size=6),
    BETWEEN,
    st.sampled_from(["]}", "}", "]", "]]}", "]}]", "] }\n"]),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_a_second_repair_changes_nothing_and_untouched_records_stay(  # noqa: PLR0913, PLR0917
    tmp_path: Path,
    records: list[dict[str, object] | None],
    between: str,
    end: str,
    ascii_only: bool,
    drop: bool,
    encoding: str,
) -> None:
    raws = [json.dumps(one, ensure_ascii=ascii_only) for one in records]
    result = fixed(tmp_path, ('{"value":[' + between.join(raws) + end).encode(encoding), drop=drop)
    if result.path is None:
        return
    again = fix(result.path, tmp_path / "again.json", PLAN, drop_unmapped=drop)
    assert again.path is not None
    assert again.path.read_bytes() == result.path.read_bytes()
    assert again.changes.total == 0
    touched = {row["record"] for row in result.changes.table().to_dicts() if row["kind"] not in ("bracket", "comma")}
    kept = [raw for number, raw in enumerate(raws, 1) if number not in touched]
    written = text(result)
    at = 0
    for raw in kept:
        at = written.index(raw, at) + len(raw)
    left = json.loads(written.removeprefix("\ufeff"))["value"]
    expected = {json.dumps(without_unmapped(one, drop=drop), sort_keys=True) for one in records if one}
    assert {json.dumps(one, sort_keys=True) for one in left} == expected
    assert result.records == len(left)


def without_unmapped(record: Mapping[str, object], *, drop: bool) -> dict[str, object]:
    return {name: value for name, value in record.items() if not drop or name != "Floor"}


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(RECORD, min_size=1, max_size=6, unique_by=lambda one: one["IdName"]), st.sampled_from([None, 0, 2]))
def test_the_copy_of_a_healthy_file_is_the_file(
    tmp_path: Path, records: list[dict[str, object]], indent: int | None
) -> None:
    content = json.dumps({"value": records, "more": [1]}, ensure_ascii=False, indent=indent).encode("utf-8-sig")
    result = fixed(tmp_path, content)
    assert text(result).encode() == content
    assert result.changes.total == 0


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=30), st.data())
def test_edits_are_replacements_in_the_files_order(content: bytes, data: st.DataObject) -> None:
    edits, expected, at = Edits(), b"", 0
    spans = []
    while at < len(content):
        end = data.draw(st.integers(at, len(content)))
        new = data.draw(st.binary(max_size=3))
        if data.draw(st.booleans()):
            spans.append((at, end, new))
            expected += new
        else:
            expected += content[at:end]
        expected += content[end : end + 1]
        at = end + 1
    for start, end, new in data.draw(st.permutations(spans)):
        edits.add(start, end, new)
    assert b"".join(edits.pieces(content, 0)) == expected
    assert len(edits) == len(spans)


def test_whole_records_are_checked_before_the_file_is_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Edits, "pieces", lambda *_: iter([listed(ADA).encode()]))
    with pytest.raises(OutputError, match="2 records, but a check of it found 1"):
        fixed(tmp_path, listed(ADA, whole(2)))
    assert [path.name for path in tmp_path.iterdir()] == ["hr-feed.json"]
