"""Which values of an earlier night may still be imported, in libraries whose feeds are not what their names suggest."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from analyzer.directory.read_export import read_directory
from analyzer.errors import InputError
from analyzer.library.mirror import Library
from analyzer.retry.inputs import inputs_of_job
from analyzer.retry.make import make_retry
from analyzer.storage.manifest_file import hashes_made, manifest_path
from tests.history.growing_library import Nights, job_id, records

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path)


LEFT_OUT = "1 user is left out, because later imports of the feed had their records."


@pytest.mark.parametrize("aborted", [False, True], ids=["partial", "aborted"])
@pytest.mark.parametrize("later", [(), ("bea@contoso.com",)], ids=["which updated her", "in which she failed again"])
def test_retry_file_leaves_out_users_of_a_later_file_of_changes(
    nights: Nights, later: Sequence[str], *, aborted: bool
) -> None:
    people = ("ada", "bea", "cas", "dan", "eve")
    failed = [] if aborted else ["ada@contoso.com", "bea@contoso.com"]
    first = nights.add("changes-20261101.json", records(*people), *failed, aborted=aborted)
    nights.offered()
    nights.add("changes-20261102.json", records("bea", "fay", "gus", City="new"), *later)
    held, said = nights.offered()[first]
    assert held == (["ada", "cas", "dan", "eve"] if aborted else ["ada"])
    assert LEFT_OUT in said
    assert nights.offered()[first] == (held, said)


@pytest.mark.parametrize("right", ["bea.new", "bea.mail", "fay"])
def test_an_id_is_not_corrected_if_a_later_file_of_changes_has_the_user(nights: Nights, right: str) -> None:
    first = nights.add("changes-20261101.json", records("ada", "cas", "bea"), "bea@contoso.com")
    nights.add("changes-20261102.json", records(right, "gus", City="new"))
    retried = nights.add(f"changes-20261101-{first}-retry.json", records("bea.new"), "bea.new@contoso.com")
    assert retried
    users = nights.retry / "users.csv"
    users.parent.mkdir(parents=True, exist_ok=True)
    lines = ["userPrincipalName,mail,aliases", "bea.new@contoso.com,bea.mail@contoso.com,bea@contoso.com"]
    users.write_text("\n".join([*lines, *(f"{one}@contoso.com,," for one in ("ada", "cas"))]), encoding="utf-8")
    tables, library = nights.load(), Library.existing(nights.library)
    inputs = dataclasses.replace(inputs_of_job(library, tables, library.jobs()[0]), directory=read_directory(users))
    made = make_retry(inputs, nights.retry / "a.json").retry
    assert made is not None
    assert [one.after for one in made.corrected] == (["bea.new@contoso.com"] if right == "fay" else [])
    assert [one.identity for one in made.corrections.left] == ([] if right == "fay" else ["bea@contoso.com"])


@pytest.mark.parametrize("aborted", [False, True], ids=["partial", "aborted"])
def test_nothing_to_retry_if_later_files_have_all_users(nights: Nights, *, aborted: bool) -> None:
    people = ("ada", "bea", "cas")
    first = nights.add(
        "changes-20261101.json", records(*people), *([] if aborted else ["ada@contoso.com"]), aborted=aborted
    )
    for number, user in enumerate(people, 2):
        nights.add(f"changes-202611{number:02}.json", records(user, "fay"), "fay@contoso.com")
    assert nights.offered()[first][0] == []
    library, tables = Library.existing(nights.library), nights.load()
    inputs = inputs_of_job(library, tables, library.jobs()[0])
    if aborted:
        with pytest.raises(InputError, match="later imports of the feed had the records of all users"):
            make_retry(inputs, nights.retry / "a.json")
    else:
        made = make_retry(inputs, nights.retry / "a.json")
        assert made.sentence == "Nothing to retry: later imports of the feed had the records of all who failed."
    everything = make_retry(dataclasses.replace(inputs, newer=frozenset()), nights.retry / "a.json")
    assert everything.retry is not None
    assert everything.retry.records == (3 if aborted else 1)


def test_a_later_file_with_ids_of_another_kind_supersedes(nights: Nights) -> None:
    first = nights.add("hr-feed-20261101.json", records("ada", "bea"), "ada@contoso.com")
    nights.add("hr-feed-20261102.json", [{"IdName": job_id(number), "City": "new"} for number in (98, 99)])
    held, said = nights.offered()[first]
    assert (held, said[:11]) == ([], "Superseded:")
    assert nights.load().open_users[first].open is None


def test_a_later_file_with_ids_in_another_property_supersedes(nights: Nights) -> None:
    both = [{"Mail": f"{user}@contoso.com", "Upn": f"{user}@fabrikam.com", "City": "old"} for user in ("ada", "bea")]
    first = nights.add("hr-feed-20261101.json", both, "ada@contoso.com")
    nights.add("hr-feed-20261102.json", [{**one, "City": "new"} for one in both], "bea@fabrikam.com")
    assert nights.load().open_users[first].superseded_by == job_id(2)


def test_files_of_one_name_that_set_other_properties_leave_each_other_alone(nights: Nights) -> None:
    first = nights.add("hr-1.json", records("ada", "bea", City="Oslo"), "ada@contoso.com")
    nights.add("hr-2.json", records("ada", "bea", Phone="1"))
    assert nights.offered()[first][0] == ["ada"]
    assert nights.load().open_users[first].open == 1


def test_a_renamed_retry_repairs_the_run_before_it_though_a_later_one_has_the_same_retry_file(nights: Nights) -> None:
    first = nights.add("hr-feed-20261101.json", records("ada", "bea"), "ada@contoso.com")
    nights.offered()
    (file,) = nights.retry.glob("*-retry.json")
    retry = nights.add("corrected.json", file.read_bytes())
    second = nights.add("hr-feed-20261103.json", records("ada", "bea"), "ada@contoso.com")
    nights.offered()
    tables = nights.load()
    assert dict(tables.jobs.select("job_id", "retry_of").iter_rows()) == {first: None, retry: first, second: None}
    assert tables.open_users[second].open == 1


def test_a_renamed_retry_stays_known_when_the_retry_file_is_made_anew(nights: Nights) -> None:
    first = nights.add(
        "changes-20261101.json", records("ada", "bea", "cas", "dan"), "ada@contoso.com", "bea@contoso.com"
    )
    nights.offered()
    (file,) = nights.retry.glob("*-retry.json")
    content = file.read_bytes()
    nights.add("changes-20261102.json", records("bea", "fay", "gus"))
    nights.offered()
    assert file.read_bytes() != content
    assert hashlib.sha256(content).hexdigest() in hashes_made(file, first)
    retry = nights.add("corrected.json", content)
    for _ in range(2):
        assert dict(nights.load().jobs.select("job_id", "retry_of").iter_rows())[retry] == first
        nights.offered()  # there is nothing more to retry
    assert not file.exists()
    assert manifest_path(file).exists()


def test_a_retry_under_the_feed_s_own_name_is_known_after_the_next_night_has_overwritten_it(nights: Nights) -> None:
    notes = nights.library / ".upa" / "notes.json"
    first = nights.add("badges.json", records("ada", "bea"), "ada@contoso.com")
    nights.offered()
    (file,) = nights.retry.glob("*-retry.json")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    retry = nights.add("badges.json", file.read_bytes())
    kept = nights.library / ".upa" / "earlier" / "1" / "badges.json"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(file.read_bytes())
    source = kept.relative_to(nights.library).as_posix()
    noted = {"source": source, "source_modified": "2026-11-02T02:00:00Z", "source_sha256": digest}
    notes.write_text(json.dumps({retry: noted}), encoding="utf-8")
    nights.add("badges.json", records("ada", "bea", City="new"))
    assert dict(nights.load().jobs.select("job_id", "retry_of").iter_rows())[retry] == first
