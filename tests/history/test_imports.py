"""What the history makes of the records of imports that this program queued."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from analyzer.analysis.feeds import FeedRule
from analyzer.history.check import check, rebuild
from analyzer.history.import_rows import imports_stamp
from analyzer.history.job_facts import id_type_of
from analyzer.history.load import load
from analyzer.history.query import frames_of, query
from analyzer.history.store import Store
from analyzer.library.forgotten import Forgotten
from analyzer.library.mirror import Library
from analyzer.model.service import IdType
from analyzer.retry.inputs import inputs_of_job
from analyzer.retry.library_jobs import make_retries
from tests.history.growing_library import FOLDER, HOST, Nights, records

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from analyzer.history.load import Tables


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path)


def history_of(nights: Nights, rules: Sequence[FeedRule] = ()) -> Tables:
    """Open a history that is kept, beside the library."""
    nights.load()
    library, place = Library.existing(nights.library), nights.library.parent / "history"
    return load(library, place, rules=rules, retry_folder=nights.retry, imports_folder=nights.imports)


def test_each_part_with_a_job_has_a_row(nights: Nights) -> None:
    first = nights.add("hr-feed-20261101-020000-00000001.json", records("ada", "bea"))
    second = nights.add("hr-feed-20261102-020000-00000002.json", records("cas"))
    record = nights.queued(first, second, parts=3, unchanged=7)
    tables = history_of(nights)
    row = {
        "tenant": "contoso.sharepoint.com",
        "job_id": first,
        "queued_at": record.parts[0].queued_at,
        "source_uri": f"{HOST}/{FOLDER}/hr-feed-20261101-020000-00000001.json",
        "sha256": "0" * 64,
        "bytes": 10,
        "users": 2,
        "id_type": "PrincipalName",
        "id_property": "IdName",
        "property_map": '{"City":"Town"}',
        "retry_of": None,
        "part": 1,
        "parts": 3,
        "import_id": record.import_id,
        "unchanged": 7,
    }
    assert tables.imports.row(0, named=True) == row
    assert tables.imports["job_id"].to_list() == [first, second]
    assert tables.queued[second].note == "part 2 of 3; changes only: 7 unchanged users weren't sent"
    assert query("SELECT job_id, part FROM imports", frames_of(tables)).collect().rows() == [(first, 1), (second, 2)]


def test_a_new_a_changed_and_a_removed_record_are_noticed(nights: Nights) -> None:
    first = nights.add("hr-feed-20261101-020000-00000001.json", records("ada"))
    second = nights.add("hr-feed-20261102-020000-00000002.json", records("ada"))
    assert imports_stamp(nights.imports) is None
    assert history_of(nights).imports.is_empty()
    nights.queued(first)
    assert history_of(nights).imports["job_id"].to_list() == [first]
    nights.queued(first, second)
    assert history_of(nights).imports["job_id"].to_list() == [first, second]
    shutil.rmtree(nights.imports)
    assert history_of(nights).imports.is_empty()


def test_a_rebuild_keeps_the_imports_and_a_check_holds_them_against_the_records(nights: Nights) -> None:
    job = nights.add("hr-feed-20261101-020000-00000001.json", records("ada"))
    nights.queued(job)
    before, library, store = (
        history_of(nights),
        Library.existing(nights.library),
        Store(nights.library.parent / "history"),
    )
    assert check(library, store, nights.imports) == []
    rebuild(library, store.root, imports_folder=nights.imports)
    assert store.small("imports").equals(before.imports)
    [path] = nights.imports.glob("*/*/import.json")
    path.write_bytes(path.read_bytes().replace(b'"records": 2', b'"records": 2, "x":'))
    assert [one.about for one in check(library, store, nights.imports)] == [str(path), "imports"]
    rebuild(library, store.root, imports_folder=nights.imports)
    assert store.small("imports").is_empty()


def test_a_job_that_was_removed_for_good_has_no_row(nights: Nights) -> None:
    job = nights.add("hr-feed-20261101-020000-00000001.json", records("ada"))
    nights.queued(job)
    nights.load()
    forgotten = Forgotten(nights.library)
    forgotten.add_jobs(frozenset({job}))
    forgotten.save()
    assert nights.load().imports.is_empty()


def test_the_record_says_that_a_job_is_a_retry_whatever_its_name(nights: Nights) -> None:
    run = nights.add("hr-feed-20261101-020000-00000001.json", records("ada", "bea"), "bea@contoso.com")
    retry = nights.add("corrected.json", records("bea"))
    assert history_of(nights).job(retry)["retry_of"] is None
    nights.queued(retry, retry_of=run)
    tables = history_of(nights)
    assert (tables.job(retry)["retry_of"], tables.job(retry)["feed"]) == (run, "hr-feed")
    assert tables.open_users[run].open == 0


def test_changes_with_the_bytes_of_an_earlier_retry_file_are_no_retry(nights: Nights) -> None:
    run = nights.add("hr-feed-20261101-020000-00000001.json", records("ada", "bea"), "bea@contoso.com")
    nights.load()
    [retry] = make_retries(Library.existing(nights.library), history_of(nights), nights.retry).values()
    assert retry.path
    changes = nights.add("hr-feed-20261102-020000-00000002.json", retry.path.read_bytes())
    assert history_of(nights).job(changes)["retry_of"] == run
    nights.queued(changes, unchanged=1)
    assert history_of(nights).job(changes)["retry_of"] is None


@pytest.mark.parametrize(
    ("rules", "feed"),
    [
        ((), "people"),
        ((FeedRule("named", "hr-feed-*"),), "named"),
        ((FeedRule("other", "x*"),), "people"),
        ((FeedRule("people", "hr-feed.json"), FeedRule("rest", "*")), "people"),
    ],
    ids=["the record's", "a rule's", "the record's, as no rule matches", "the record's, which is configured"],
)
def test_the_feed_is_that_of_the_record_unless_a_rule_matches(
    nights: Nights, rules: Sequence[FeedRule], feed: str
) -> None:
    job = nights.add("hr-feed-20261101-020000-00000001.json", records("ada", "bea"), "bea@contoso.com")
    nights.queued(job, feed="people")
    retry = nights.add(f"hr-feed-{job}-retry-20261102-021500-1a2b3c4d.json", records("bea"))
    tables = history_of(nights, rules)
    assert [tables.job(one)["feed"] for one in (job, retry)] == [feed, feed]


def test_a_feed_whose_files_move_to_another_folder_keeps_its_name(nights: Nights) -> None:
    before = nights.add("hr-feed-20261101.json", records("ada"))
    queued = nights.add("hr-feed-20261102-020000-00000002.json", records("ada"))
    nights.jobs[0]["SourceUri"] = f"{HOST}/sites/old/in/hr-feed-20261101.json"
    nights.queued(queued)
    tables = history_of(nights)
    assert [tables.job(one)["feed"] for one in (before, queued)] == ["hr-feed", "hr-feed"]
    assert json.loads(tables.imports["property_map"][0]) == {"City": "Town"}


def test_the_record_answers_what_the_service_and_a_missing_source_file_do_not(nights: Nights) -> None:
    job = nights.add("hr-feed-20261101-020000-00000001.json", records("ada", "bea", "cas"), "ada@contoso.com")
    other = nights.add("it-feed-20261102.json", records("ada"), "ada@contoso.com")
    nights.queued(job)
    tables = history_of(nights)
    assert tables.job(job)["users"] == 3  # counted, not 2 as recorded
    types = [id_type_of(tables, tables.job(one), lambda _: IdType.CloudId) for one in (job, other)]
    assert types == [IdType.PrincipalName, IdType.CloudId]
    (nights.library / FOLDER / "hr-feed-20261101-020000-00000001.json").unlink()
    shutil.rmtree(nights.library.parent / "history")
    assert history_of(nights).job(job)["users"] == 2
    inputs = inputs_of_job(
        Library.existing(nights.library),
        tables,
        next(one for one in Library.existing(nights.library).jobs() if one.job_id == job),
    )
    assert (inputs.id_type, inputs.recorded) == (IdType.PrincipalName, tables.queued[job])
