"""Which property of a source holds the ids: inferred from the log's ids, and said how."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import UsageError
from analyzer.source.id_property import IdProperty, infer_id_property
from analyzer.source.reader.json_text import NotJsonError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ADA: dict[str, object] = {"Name": "Ada", "Mail": "Ada@Contoso.com", "Manager": "eve@contoso.com"}
BOB: dict[str, object] = {"Name": "Bob", "Mail": "i:0#.f|membership|bob@contoso.com", "Manager": "eve@contoso.com"}
EVE: dict[str, object] = {"Name": "Eve", "Mail": "eve@contoso.com", "Manager": None}


def infer(folder: Path, records: Sequence[object], *keys: str) -> IdProperty:
    path = folder / "source.json"
    path.write_text(json.dumps({"value": records}), encoding="utf-8")
    return infer_id_property(path, set(keys))


def test_the_property_that_has_the_logs_ids_is_the_id_property(tmp_path: Path) -> None:
    found = infer(tmp_path, [ADA, BOB, EVE], "ada@contoso.com", "bob@contoso.com", "nobody@contoso.com")
    assert found == IdProperty("Mail", "matches 2 of the 3 IDs in the log", certain=True)


def test_an_id_in_many_records_counts_once(tmp_path: Path) -> None:
    found = infer(tmp_path, [ADA, BOB, EVE], "ada@contoso.com", "eve@contoso.com")
    assert found == IdProperty("Mail", "matches all 2 IDs in the log", certain=True)


@pytest.mark.parametrize(
    ("names", "because"),
    [
        ("eve", "matches the one ID in the log"),
        ("ada bob eve", "matches all 3 IDs in the log"),
        ("ada nobody", "matches 1 of the 2 IDs in the log"),
    ],
)
def test_how_many_of_the_ids_the_property_has_reads_well(tmp_path: Path, names: str, because: str) -> None:
    records = [{"Mail": f"{name}@contoso.com"} for name in ("ada", "bob", "eve")]
    assert infer(tmp_path, records, *(f"{name}@contoso.com" for name in names.split())).because == because


def test_two_properties_that_name_different_users_are_not_guessed_between(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"more than one property: (Mail, Manager|Manager, Mail)") as raised:
        infer(tmp_path, [ADA, BOB, EVE], "eve@contoso.com")
    assert "--id-property" in raised.value.advice


def test_two_properties_that_name_the_same_users_are_as_good(tmp_path: Path) -> None:
    records = [{"Mail": "ada@contoso.com", "Upn": "ADA@contoso.com"}, {"Mail": "bob@contoso.com", "Upn": "x"}]
    assert infer(tmp_path, records, "ada@contoso.com").name == "Mail"


@pytest.mark.parametrize("keys", [(), ("nobody@contoso.com",)])
def test_without_a_match_the_property_that_looks_like_ids_is_uncertain(tmp_path: Path, keys: tuple[str, ...]) -> None:
    found = infer(tmp_path, [{}, ADA, EVE], *keys)
    assert found == IdProperty("Mail", "its values look like IDs", certain=False)


def test_without_likely_ids_it_is_the_first_property_with_distinct_values(tmp_path: Path) -> None:
    found = infer(tmp_path, [{"City": "Oslo", "Nr": 1, "Desk": "A"}, {"City": "Oslo", "Nr": 2, "Desk": "B"}])
    assert found == IdProperty("Nr", "it is the first whose values don't repeat", certain=False)


def test_an_id_that_a_short_file_has_twice_does_not_hide_the_property(tmp_path: Path) -> None:
    numbered = [{"Number": str(number), **person} for number, person in enumerate((ADA, BOB, EVE, ADA))]
    assert infer(tmp_path, numbered) == IdProperty("Mail", "its values look like IDs", certain=False)


def test_a_manager_of_two_is_not_taken_for_the_ids_of_a_short_file(tmp_path: Path) -> None:
    people = [
        {"Manager": f"{manager}@contoso.com", "Mail": f"{manager}{number}@contoso.com"}
        for number, manager in enumerate(["eve", "eve", "fay"])
    ]
    assert infer(tmp_path, people).name == "Mail"


def test_a_property_that_every_record_has_is_not_the_one_that_some_lack(tmp_path: Path) -> None:
    path = tmp_path / "source.json"
    records = [{"Mail": "x@contoso.com"}, {"Mail": "y@contoso.com", "Id": "b@contoso.com"}]
    path.write_text(json.dumps({"value": records}), encoding="utf-8")
    assert infer_id_property(path, set(), some_lack_it=True).name == "Id"
    assert infer_id_property(path, set()).name == "Mail"


@pytest.mark.parametrize("records", [[], [{"City": "Oslo"}, {"City": "Oslo"}]])
def test_without_evidence_no_property_is_named(tmp_path: Path, records: list[object]) -> None:
    assert infer(tmp_path, records, "ada@contoso.com") == IdProperty(
        "", "nothing speaks for any property", certain=False
    )


def test_a_source_that_is_not_json_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "source.json"
    path.write_bytes(b"IdName;City")
    with pytest.raises(NotJsonError):
        infer_id_property(path, {"ada@contoso.com"})
