"""The facts of a job come from its row, its entries and its source file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from analyzer.analysis.failures import SharedTrait
from analyzer.catalogue.model import CodeFacts
from analyzer.history.job_facts import facts_of, shared_sentence
from analyzer.history.job_log import JobLogs
from analyzer.history.source_findings import examine_source
from analyzer.model.identity import IdKind, identity_key
from analyzer.model.service import JobError
from tests.report.conftest import Lines, LittleLibrary

if TYPE_CHECKING:
    from pathlib import Path


_ID = "user0@contoso.com"


def _source(folder: Path, records: list[dict[str, object]], encoding: str = "utf-8-sig") -> Path:
    path = folder / "hr.json"
    path.write_text(json.dumps({"value": records}, ensure_ascii=False), encoding=encoding)
    return path


def _people(number: int, domain: str = "contoso.com", **values: object) -> list[dict[str, object]]:
    return [{"IdName": f"user{n}@{domain}", "City": "Kiel", **values} for n in range(number)]


def _keys(records: list[dict[str, object]]) -> set[str]:
    return {identity_key(str(record["IdName"])) for record in records}


def test_facts_of_a_source_file(tmp_path: Path) -> None:
    people = _people(4)
    people[1]["IdName"], people[2]["IdName"] = "", None
    people.append({"IdName": "USER0@contoso.com", "Office": "1A"})
    facts = examine_source(_source(tmp_path, people), {"user0@contoso.com"}).facts
    assert (facts.id_property, facts.records, facts.properties) == ("IdName", 5, ("City", "Office"))
    assert (facts.without_id, facts.without_id_count, facts.duplicates) == ((2, 3), 2, ((1, 5),))
    assert (facts.ids.counts, facts.encoding, facts.whole) == ({IdKind.at_domain: 3}, "", True)


def test_unreadable_source_file_is_reported_without_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "hr.json"
    path.write_text('{"value": [{"IdName": "ada@contoso.com", "City": "R\\V"}]}', encoding="utf-8")
    problem = examine_source(path, set()).facts.problem
    assert problem.startswith("hr.json ")
    assert str(tmp_path) not in problem


def test_an_encoding_other_than_utf_8_is_named(tmp_path: Path) -> None:
    assert examine_source(_source(tmp_path, _people(2), "utf-16"), set()).facts.encoding == "UTF-16"


def test_of_a_long_source_file_the_first_records_are_looked_at(tmp_path: Path) -> None:
    facts = examine_source(_source(tmp_path, _people(50)), set(), most=20).facts
    assert (facts.records, facts.whole) == (20, False)


@pytest.mark.parametrize(
    ("failed", "others", "said"),
    [
        (
            _people(9, "fabrikam.com"),
            _people(200),
            "All 9 users who failed have the domain fabrikam.com (4% of all users)",
        ),
        (
            [{**person, "Office": "1A"} for person in _people(8)],
            _people(200, "contoso.com")[10:],
            'All 8 users who failed have "1A" as Office (4% of all users)',
        ),
        (
            [{"IdName": f"3f05e38c-bd0e-49ec-8c9c-c4cfe37024{n:02}", "City": "Kiel"} for n in range(8)],
            _people(200),
            "All 8 users who failed have an ID without a domain (4% of all users)",
        ),
    ],
    ids=["domain", "property", "kind-of-id"],
)
def test_shared_traits_of_failed_users(
    tmp_path: Path, failed: list[dict[str, object]], others: list[dict[str, object]], said: str
) -> None:
    # The failed are spread over the file, so that it isn't their place that they share.
    mixed = [*others]
    for number, person in enumerate(failed):
        mixed.insert(number * 20 + 3, person)
    shared = examine_source(_source(tmp_path, mixed), _keys(failed)).shared
    assert said in [shared_sentence(one) for one in shared]


def test_failures_in_one_part_of_the_file_have_its_records(tmp_path: Path) -> None:
    people = _people(400)
    shared = examine_source(_source(tmp_path, people), _keys(people[205:225])).shared
    place = next(one for one in shared if one.trait == "place")
    first, last = map(int, place.value.split(" to "))
    assert first <= 206
    assert last >= 225
    assert last - first < 50


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (
            SharedTrait("property City", "", 4, 9, 5, 300, 0.001),
            "4 of the 9 users who failed have no City (2% of all users)",
        ),
        (
            SharedTrait("kind of ID", "object_id", 9, 9, 9, 300, 0.001),
            "All 9 users who failed have IDs that are object IDs (3% of all users)",
        ),
        (
            SharedTrait("place", "201 to 300", 9, 9, 100, 300, 0.001),
            "All 9 users who failed are in records 201 to 300 (33% of all users)",
        ),
    ],
    ids=["missing-value", "kind", "place"],
)
def test_each_trait_has_a_sentence(one: SharedTrait, said: str) -> None:
    assert shared_sentence(one) == said


def test_a_jobs_row_and_entries_become_facts(tmp_path: Path) -> None:
    little = LittleLibrary(tmp_path / "library")
    log = Lines.unresolved("user1@contoso.com", "", "user2@contoso.com") + "GenericError\t\tdeadlock\r\n"
    little.job("hr-2026-11-22", JobError.ImportCompleteWithError, Lines.unresolved("user1@contoso.com"))
    job_id = little.job("hr-2026-11-23", JobError.ImportCompleteWithError, log)
    tables = little.tables().only([job_id])
    row = {**tables.jobs.row(0, named=True), "short": job_id[:8], "superseded_by": None, "retry_in": None}
    facts = facts_of(row, tables, JobLogs(tables).of(job_id))
    assert facts.codes == (CodeFacts("IdentityNotResolvable", 3, 2), CodeFacts("GenericError/deadlock", 1, 0))
    assert facts.nameless == {"IdentityNotResolvable": 1, "GenericError": 1}
    assert (facts.failed, facts.new, facts.users, facts.source_at_hand) == (2, 1, 3, True)
    assert facts.failed_ids.counts == {IdKind.at_domain: 2}


def test_the_id_property_that_a_log_proves_is_known_from_its_history(tmp_path: Path) -> None:
    little = LittleLibrary(tmp_path / "library")
    ids = [little.job(f"hr-2026-11-2{n}", JobError.ImportCompleteWithError, Lines.unresolved(_ID)) for n in (2, 3)]
    assert "IdName" in {little.tables().proven_id_property(job_id) for job_id in ids}
    path = _source(tmp_path, _people(3))
    assert examine_source(path, {_ID}, proven="IdName") == examine_source(path, {_ID})


def test_an_id_property_that_another_log_proved_is_not_known(tmp_path: Path) -> None:
    little = LittleLibrary(tmp_path / "library")
    ids = [little.job(f"hr-2026-11-2{n}", JobError.ImportCompleteWithError, Lines.unresolved(_ID)) for n in (2, 3)]
    for job_id in ids:
        record = little.tables()._history.record(job_id)
        record.version = "another"
        assert record.proven_id_property == ""
