"""The files of earlier imports with which a file is compared, and those that don't count."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from analyzer.history.load import load
from analyzer.imports.delta import write_delta
from analyzer.imports.earlier_files import EarlierFiles
from analyzer.imports.model import ImportPlan
from analyzer.library.mirror import Library
from analyzer.model.service import IdType
from analyzer.storage.files import sha256_of
from analyzer.storage.import_record import ImportPart, ImportRecord, feed_folder, write_import
from tests.history.growing_library import FOLDER, HOST, Nights, records

if TYPE_CHECKING:
    from pathlib import Path

PLAN = ImportPlan(IdType.PrincipalName, "IdName", {"City": "Town"})
NOW = datetime(2026, 11, 29, 2, tzinfo=UTC)


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path)


def earlier(nights: Nights, plan: ImportPlan = PLAN) -> EarlierFiles:
    tables = nights.load()
    return EarlierFiles(Library.existing(nights.library), tables, nights.imports, "hr-feed", plan, None, NOW)


def names(found: EarlierFiles) -> list[str]:
    return [file.path.name for file in found]


def queued(nights: Nights, job: str, **changed: object) -> ImportRecord:
    """Note that we queued a job of the library, with the file that it has."""
    number = int(job[:8], 16)
    name = str(nights.jobs[number - 1]["SourceUri"]).rpartition("/")[2]
    path = nights.library / FOLDER / name
    at = datetime(2026, 11, number, 1, tzinfo=UTC)
    part = ImportPart(
        name=name,
        file="gone.json",
        bytes=path.stat().st_size,
        sha256=sha256_of(path),
        records=1,
        queueing_at=at,
        queued_at=at,
        job_id=job,
        ended_at=at + timedelta(hours=1),
        state=4,
        error=0,
    )
    record = msgspec.structs.replace(nights.queued(job), parts=[part])
    record = msgspec.structs.replace(record, **changed)
    write_import(feed_folder(nights.imports, "hr-feed"), record)
    return record


def test_the_newest_file_comes_first_with_the_users_who_failed(nights: Nights) -> None:
    nights.add("hr-feed-2026-11-01.json", records("ada", "bea"))
    nights.add("hr-feed-2026-11-02.json", records("ada", "bea"), "BEA@contoso.com")
    nights.add("other-2026-11-03.json", records("ada"))
    newest, oldest = list(earlier(nights))
    assert (newest.path.name, newest.not_updated) == ("hr-feed-2026-11-02.json", {"bea@contoso.com"})
    assert (oldest.path.name, oldest.not_updated) == ("hr-feed-2026-11-01.json", frozenset())
    assert newest.name == "job 00000002 (2 Nov 02:05)"
    assert newest.order_is_certain
    assert oldest.order_is_certain


def test_a_retry_is_an_import_of_its_users(nights: Nights) -> None:
    first = nights.add("hr-feed-2026-11-01.json", records("ada", "bea"), "bea@contoso.com")
    nights.add(f"hr-feed-{first}-retry.json", records("bea"))
    assert [file.not_updated for file in earlier(nights)] == [frozenset(), {"bea@contoso.com"}]


def test_an_aborted_run_wrote_nothing(nights: Nights) -> None:
    nights.add("hr-feed-2026-11-01.json", records("ada"))
    nights.add("hr-feed-2026-11-02.json", records("ada", City="Oslo"), aborted=True)
    assert names(earlier(nights)) == ["hr-feed-2026-11-01.json"]


@pytest.mark.parametrize("answer", [{"State": 5, "Error": 1}, {"State": 2, "Error": 0}])
def test_all_users_of_a_job_with_an_unknown_result_are_sent(nights: Nights, answer: dict[str, int]) -> None:
    nights.add("hr-feed-2026-11-01.json", records("ada"))
    nights.add("hr-feed-2026-11-02.json", records("ada"))
    nights.jobs[1] |= answer
    found = earlier(nights)
    assert [file.not_updated for file in found] == [None, frozenset()]
    assert any("which users it updated is unknown" in remark for remark in found.remarks)


def test_a_run_whose_file_is_missing_or_later_ends_the_search(nights: Nights) -> None:
    nights.add("hr-feed-2026-11-01.json", records("ada"))
    nights.add("hr-feed-2026-11-02.json", records("ada", City="Oslo"))
    nights.add("hr-feed-2026-11-03.json", records("bea"))
    source = nights.library / FOLDER / "hr-feed-2026-11-02.json"
    source.write_bytes(source.read_bytes() + b" ")
    found = earlier(nights)
    assert names(found) == ["hr-feed-2026-11-03.json"]
    assert found.remarks[-1].startswith("Nothing older than job 00000002 (")
    source.unlink()
    assert names(earlier(nights)) == ["hr-feed-2026-11-03.json"]


def test_that_a_foreign_job_had_the_same_map_is_said_to_be_inferred(nights: Nights) -> None:
    ours, *_ = (nights.add(f"hr-feed-2026-11-0{night}.json", records("ada")) for night in (1, 2, 3))
    queued(nights, ours)
    found = earlier(nights)
    assert len(names(found)) == 3
    (remark,) = found.remarks
    assert "the same ID type and property map is inferred" in remark


def test_all_users_of_a_run_with_another_map_are_sent(nights: Nights) -> None:
    queued(nights, nights.add("hr-feed-2026-11-01.json", records("ada")))
    queued(nights, nights.add("hr-feed-2026-11-02.json", records("ada")), property_map={"City": "Office"})
    found = earlier(nights)
    assert [file.not_updated for file in found] == [None, frozenset()]
    assert any("another property map" in remark for remark in found.remarks)


@pytest.mark.parametrize("changed", [{"id_type": "Email"}, {"id_property": "Mail"}])
def test_a_run_with_other_ids_ends_the_search(nights: Nights, changed: dict[str, str]) -> None:
    queued(nights, nights.add("hr-feed-2026-11-01.json", records("ada")))
    queued(nights, nights.add("hr-feed-2026-11-02.json", records("ada")), **changed)
    found = earlier(nights)
    assert names(found) == []
    assert next(iter(changed.values())) in found.remarks[0]


def test_files_of_jobs_that_a_pull_saw_together_are_of_uncertain_order(nights: Nights) -> None:
    """Without a log or a record of ours, only the pulls say when a job ended."""
    for part in ("1a2b3c4d", "5e6f7a8b", "9a0b1c2d"):
        nights.add(f"hr-feed-{part}.json", records("ada"))
    nights.load()
    notes = nights.library / ".upa" / "observations.json"
    first, *others = json.loads(notes.read_text())
    pulls = {"previous_pull_at": "2026-11-01T08:00:00Z", "observed_at": "2026-11-04T08:00:00Z"}
    notes.write_text(json.dumps([first, *(one | pulls for one in others)]))
    library = Library.existing(nights.library)
    found = EarlierFiles(library, load(library), nights.imports, "hr-feed", PLAN, None, NOW)
    assert [file.order_is_certain for file in found] == [False, True, True]


def test_what_we_saw_after_the_last_pull_counts(nights: Nights) -> None:
    queued(nights, nights.add("hr-feed-2026-11-01.json", records("ada")))
    nights.jobs[0] |= {"State": 2}
    assert [file.not_updated for file in earlier(nights)] == [frozenset()]


def test_an_order_by_the_times_of_files_is_said_to_be_inferred(nights: Nights) -> None:
    nights.add("hr-feed-2026-11-01.json", records("ada"))
    nights.add("hr-feed-2026-11-02.json", records("ada"))
    nights.load()
    notes = nights.library / ".upa" / "observations.json"
    seen = {"previous_pull_at": None, "observed_at": "2026-11-04T08:00:00Z"}
    notes.write_text(json.dumps([one | seen for one in json.loads(notes.read_text())]))
    library = Library.existing(nights.library)
    found = EarlierFiles(library, load(library), nights.imports, "hr-feed", PLAN, None, NOW)
    assert [file.order_is_certain for file in found] == [True, True]
    assert "That jobs ran in the order in which their files were written is inferred." in found.remarks


def test_an_import_that_was_not_pulled_yet_counts_by_its_record(nights: Nights, tmp_path: Path) -> None:
    nights.add("hr-feed-2026-11-01.json", records("ada", "bea"))
    given = tmp_path / "hr-feed.json"
    given.write_bytes(json.dumps({"value": records("ada", City="Oslo")}).encode())
    at = datetime(2026, 11, 28, 2, tzinfo=UTC)
    for state, error, expected in ((4, 0, frozenset()), (5, 30, None), (None, None, None), (5, 23, "left out")):
        part = ImportPart(
            name="hr-feed-20261128-020000-00000009.json",
            file=str(given),
            bytes=given.stat().st_size,
            sha256=sha256_of(given),
            records=1,
            queueing_at=at,
            job_id="00000009-bd0e-49ec-8c9c-c4cfe370248c",
            ended_at=at if state else None,
            state=state,
            error=error,
        )
        record = ImportRecord(
            program="upa-analyzer 1.0",
            import_id="20261128-020000-00000009",
            feed="hr-feed",
            created_at=at,
            path=str(given),
            bytes=part.bytes,
            sha256=part.sha256,
            folder=f"{HOST}/{FOLDER}",
            id_type="PrincipalName",
            id_property="IdName",
            property_map={"City": "Town"},
            parts=[part],
        )
        write_import(feed_folder(nights.imports, "hr-feed"), record)
        found = list(earlier(nights))
        if expected == "left out":
            assert len(found) == 1
        else:
            assert (found[0].path, found[0].not_updated, len(found)) == (given, expected, 2)
    given.write_bytes(b"{}")
    write_import(
        feed_folder(nights.imports, "hr-feed"),
        msgspec.structs.replace(record, parts=[msgspec.structs.replace(part, state=4, error=0)]),
    )
    ended = earlier(nights)
    assert names(ended) == []
    assert "no copy of the file" in ended.remarks[0]


def test_a_user_who_failed_and_was_retried_is_not_sent_again(nights: Nights, tmp_path: Path) -> None:
    first = queued(nights, nights.add("hr-feed-2026-11-01.json", records("ada", "bea", "cas"), "bea@contoso.com"))
    new = tmp_path / "new.json"
    new.write_bytes(json.dumps({"value": records("ada", "bea", "cas")}).encode())
    result = write_delta(new, tmp_path / "changes.json", earlier(nights), PLAN)
    assert (result.not_updated, result.unchanged) == (1, 2)
    job = first.parts[0].job_id
    queued(nights, nights.add(f"hr-feed-{job}-retry-20261102-020000-00000002.json", records("bea")), retry_of=job)
    result = write_delta(new, tmp_path / "changes.json", earlier(nights), PLAN)
    assert (result.sent, result.unchanged) == (0, 3)
