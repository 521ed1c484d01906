"""A whole file is checked: its format, its records, and what it is queued with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.catalogue.check_findings import LOST_LETTERS
from analyzer.config.settings import FeedConfig
from analyzer.errors import InputError, UsageError
from analyzer.imports import check
from analyzer.imports.check import check_file
from analyzer.imports.findings import Findings
from analyzer.imports.model import ImportPlan
from analyzer.imports.plan import PlanOptions, feed_of, plan_of
from analyzer.imports.summary import summary
from analyzer.model.service import IdType
from analyzer.source.salvage.model import Lines

if TYPE_CHECKING:
    from pathlib import Path

ADA, BOB = {"IdName": "ada@contoso.com", "City": "Oslo"}, {"IdName": "bob@contoso.com", "City": "Rome"}
PLAN = ImportPlan(IdType.PrincipalName, "IdName", {"City": "City"})


def write(path: Path, content: object) -> Path:
    source = path / "hr-feed.json"
    text = content if isinstance(content, str) else json.dumps(content)
    source.write_text(text, encoding="utf-8")
    return source


def rows(path: Path, plan: ImportPlan = PLAN) -> list[tuple[Any, ...]]:
    """Kind, record, identity, property of each finding."""
    return check_file(path, plan).findings.table().select("kind", "record", "identity", "property").rows()


def test_a_healthy_file_has_no_findings(tmp_path: Path) -> None:
    result = check_file(write(tmp_path, {"value": [ADA, BOB]}), PLAN)
    assert result.findings.table().is_empty()
    assert (result.records, result.values, summary(result)) == (2, 2, "No findings in 2 records.")


def test_each_fault_of_the_json_is_listed_and_the_other_records_are_checked(tmp_path: Path) -> None:
    text = (
        '{"value":[{"IdName":"ada@contoso.com","City":"Oslo"},{"IdName":"bob@contoso.com","City":"R\\V"},'
        '{"IdName":"carl@contoso.com","Floor":"3"},{"IdName":"dora@contoso.com","City":"the "old" town"},'
        '{"IdName":"ada@contoso.com","City":"Oslo"}]}'
    )
    found = rows(write(tmp_path, text))
    assert found == [
        ("not-json", 2, "bob@contoso.com", "City"),
        ("not-json", 4, "dora@contoso.com", "City"),
        ("unmapped-property", 3, "carl@contoso.com", "Floor"),
        ("duplicate-id", 1, "ada@contoso.com", None),
        ("duplicate-id", 5, "ada@contoso.com", None),
    ]


def test_a_fault_has_its_line_and_column(tmp_path: Path) -> None:
    text = '{"value":[\n{"IdName":"ada@contoso.com","City":"R\\V"}\n]}'
    table = check_file(write(tmp_path, text), PLAN).findings.table()
    assert table.select("line", "column").row(0) == (2, 38)
    assert table["code"][0] == "DataFileNotJson"


def test_lines_are_counted_once_however_many_faults_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counters: list[Lines] = []

    def counting(buffer: bytes) -> Lines:
        counters.append(Lines(buffer))
        return counters[-1]

    monkeypatch.setattr(check, "Lines", counting)
    records = [*['{"IdName":"ada@contoso.com","City":"R\\V"}'] * 3, "null"]
    lines = ",\n".join(records)
    table = check_file(write(tmp_path, f'{{"value":[\n{lines}\n]}}'), PLAN).findings.table()
    assert sorted(table["line"].drop_nulls()) == [2, 3, 4, 5]
    assert len(counters) == 1


def test_a_record_beside_a_fault_is_not_a_finding(tmp_path: Path) -> None:
    text = '{"value":[\n{"IdName":"carl@contoso.com","City":"R"V"},\nnull,\n%s\n]}'
    result = check_file(write(tmp_path, text.replace("%s", json.dumps(ADA))), PLAN)
    assert result.findings.table().select("kind", "record").rows() == [("not-json", 1)]
    assert result.findings.remarks[0].startswith("1 record beside a fault isn't checked")


def test_the_remedy_of_a_file_that_is_cut_off_is_to_write_the_whole(tmp_path: Path) -> None:
    text = json.dumps({"value": [ADA, BOB]}, indent=1)
    table = check_file(write(tmp_path, text[: text.index("bob")]), PLAN).findings.table()
    assert table["remedy"].to_list() == [
        "Have the feed write the whole file, and check it again: what is missing isn't known."
    ]


def test_what_cannot_be_read_up_to_the_end_is_a_remark(tmp_path: Path) -> None:
    text = '{"value":[{"IdName":"ada@contoso.com","City":"Oslo"},\n{"IdName":"bob@contoso.com","City":"R"V'
    result = check_file(write(tmp_path, text + " " * 9), PLAN)
    assert "Nothing after line 2 can be read, so its records aren't checked." in result.findings.remarks


def test_a_number_that_the_service_cannot_read_is_found_with_its_place(tmp_path: Path) -> None:
    text = '{"value":[\n{"IdName":"ada@contoso.com","City":7},\n{"IdName":"bob@contoso.com","City": 0906}\n]}'
    table = check_file(write(tmp_path, text), PLAN).findings.table()
    assert table.select("kind", "record", "identity", "property", "line", "column").rows() == [
        ("not-json", 2, "bob@contoso.com", "City", 3, 37)
    ]
    assert table["message"].to_list() == ["City is 0906, a number that the service can't read"]


def test_an_empty_file_is_called_empty(tmp_path: Path) -> None:
    table = check_file(write(tmp_path, ""), ImportPlan()).findings.table()
    assert table.select("kind", "message").rows() == [("not-json", "the file is empty")]


def test_without_a_readable_record_no_id_property_is_missed(tmp_path: Path) -> None:
    assert rows(write(tmp_path, '{"value":[{"City":"R"V"}]}'), ImportPlan()) == [("not-json", 1, None, "City")]


def test_a_property_without_a_name_is_called_so(tmp_path: Path) -> None:
    table = check_file(write(tmp_path, {"value": [ADA | {"": "x"}]}), PLAN).findings.table()
    assert table["message"].to_list() == ["a property without a name isn't in the property map"]


def test_only_certain_harm_is_said_to_be_certain(tmp_path: Path) -> None:
    lost = check_file(write(tmp_path, {"value": [ADA | {"City": "Troms\ufffd"}]}), PLAN)
    assert summary(lost).startswith("Would do harm: 1 of 1 record has lost letters")
    synced = check_file(write(tmp_path, {"value": [ADA]}), ImportPlan(None, "IdName", {"City": "Department"}))
    assert summary(synced).startswith("May do harm: the file ")


@pytest.mark.parametrize("text", ['{"value":[%s,%s}', '{"value":[%s,%s', '{"value":[%s,%s]}]}', "{'value':[%s %s]}"])
def test_a_fault_outside_of_records_is_a_finding_and_no_record_is_lost(tmp_path: Path, text: str) -> None:
    result = check_file(write(tmp_path, text % (json.dumps(ADA), json.dumps(BOB))), PLAN)
    assert set(result.findings.table()["kind"]) == {"not-json"}
    assert result.findings.table()["line"].to_list() == [1]
    assert result.records == 2


def test_records_of_another_shape_are_checked_too(tmp_path: Path) -> None:
    found = rows(write(tmp_path, [ADA, BOB | {"Floor": "3"}]))
    assert found == [("other-shape", None, None, None), ("unmapped-property", 2, "bob@contoso.com", "Floor")]


def test_the_advice_for_a_shape_is_the_remedy(tmp_path: Path) -> None:
    table = check_file(write(tmp_path, ADA), PLAN).findings.table()
    assert "list" in table["remedy"][0]


def test_null_is_skipped_and_another_value_in_place_of_a_record_aborts(tmp_path: Path) -> None:
    found = rows(write(tmp_path, {"value": [ADA, None, BOB, 7]}))
    assert [(kind, record) for kind, record, *_ in found] == [("not-a-record", 4), ("null-record", 2)]


def test_an_empty_list_is_a_note(tmp_path: Path) -> None:
    assert rows(write(tmp_path, {"value": []})) == [("no-users", None, None, None)]


def test_too_many_values_and_too_many_bytes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "MAX_PROPERTY_VALUES", 2)
    monkeypatch.setattr(check, "MAX_SOURCE_BYTES", 50)
    assert rows(write(tmp_path, {"value": [ADA, BOB]})) == [("too-big", None, None, None)]
    three = rows(write(tmp_path, {"value": [ADA, BOB, BOB | {"IdName": "carl@contoso.com"}]}))
    assert [kind for kind, *_ in three] == ["too-big", "too-many-values"]


def test_the_id_property_is_inferred_and_said_to_be(tmp_path: Path) -> None:
    records = [{"Title": f"t{number}", "Mail": f"{number}@contoso.com"} for number in range(20)]
    result = check_file(write(tmp_path, {"value": records}), ImportPlan())
    assert result.id_property.name == "Mail"
    assert not result.id_property.certain


def test_a_file_without_ids_under_any_name_is_a_finding(tmp_path: Path) -> None:
    records = [{"Title": "Clerk", "City": "Oslo"}] * 3
    assert [kind for kind, *_ in rows(write(tmp_path, {"value": records}), ImportPlan())] == ["no-id-property"]


def test_if_no_record_has_the_id_property_its_spelling_in_the_file_is_the_remedy(tmp_path: Path) -> None:
    plan = ImportPlan(IdType.PrincipalName, "idName", {"City": "City", "IdName": "x"})
    table = check_file(write(tmp_path, {"value": [ADA, BOB]}), plan).findings.table()
    assert set(table["kind"]) == {"missing-id"}
    assert "--id-property IdName" in table["remedy"][0]


def test_a_file_that_cannot_be_read_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        check_file(tmp_path / "missing.json", PLAN)


def test_findings_over_the_limit_are_counted_and_not_listed() -> None:
    from analyzer.catalogue.check_findings import EMPTY_ID

    findings = Findings(most=2)
    findings.add_records(EMPTY_ID, "the ID is empty", [1, 2, 3], ["", "", ""])
    findings.add(EMPTY_ID, "the ID is empty", record=4)
    assert (findings.table().height, findings.unlisted, findings.count(EMPTY_ID)) == (2, 2, 4)


FEEDS = {
    "people": FeedConfig(match="hr-*.json", id_type="CloudId", id_property="Id", properties={"City": "City"}),
    "badges": FeedConfig(match="*.json", folder="/sites/x"),
}


@pytest.mark.parametrize(
    ("name", "wanted", "feed"),
    [("HR-2026.json", "", "people"), ("b.json", "", "badges"), ("b.txt", "", ""), ("b.txt", "People", "people")],
)
def test_a_file_belongs_to_the_feed_of_its_name(name: str, wanted: str, feed: str) -> None:
    assert feed_of(name, FEEDS, wanted) == feed


def test_an_unknown_feed_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="people"):
        feed_of("x.json", FEEDS, "salaries")


def test_options_come_before_the_configuration() -> None:
    assert plan_of(PlanOptions(), FEEDS["people"]) == ImportPlan(IdType.CloudId, "Id", {"City": "City"})
    options = PlanOptions(id_type="Email", id_property="Mail", properties=["Office=OfficeCode", "City"])
    expected = ImportPlan(IdType.Email, "Mail", {"Office": "OfficeCode", "City": "City"})
    assert plan_of(options, FEEDS["people"]) == expected
    assert plan_of(PlanOptions(), None) == ImportPlan()


@pytest.mark.parametrize("words", [["Office="], ["=Office"], [""], ["City", "City=Town"]])
def test_a_map_of_another_form_is_an_error(words: list[str]) -> None:
    with pytest.raises(UsageError, match="--map"):
        plan_of(PlanOptions(properties=words), None)


def test_the_summary_is_the_worst_kind_with_its_numbers_and_properties(tmp_path: Path) -> None:
    records = [ADA, BOB | {"Floor": "3", "Desk": "x"}, {"IdName": "carl@contoso.com", "Floor": "1"}]
    result = check_file(write(tmp_path, {"value": records}), PLAN)
    assert summary(result) == "Would abort: 2 of 3 records have a property that the map lacks (Floor and Desk)."


def test_bytes_that_are_not_utf_8_are_lost_letters(tmp_path: Path) -> None:
    records = [b'{"IdName":"ada@contoso.com","City":"K\xf6ln"}', *['{"IdName":"x","City":"Köln"}'.encode()] * 3]
    path = tmp_path / "feed.json"
    path.write_bytes(b'\xef\xbb\xbf{"value":[' + b",".join(records) + b"]}")
    found = check_file(path, ImportPlan()).findings.table().filter(kind=LOST_LETTERS.name)
    assert found.select("record", "property").rows() == [(1, "City")]
