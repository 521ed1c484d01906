"""``history forget``: users and old jobs leave everything in the tenant's folder, and don't come back."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from analyzer.storage.traces import Traces
from tests.imports.queued_import import NOW, abandon, record_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import LoopbackTenant, Ran

FOLDER = "/sites/hr/Shared Documents"
ADA = "Ada.Lovelace@contoso.com"
TODAY = datetime.now(UTC)


class Feed:
    """Adds jobs of a feed, each with its own source file."""

    def __init__(self, tenant: LoopbackTenant) -> None:
        self.tenant, self.number = tenant, 0

    def ran(self, days_ago: int, *failed: str, users: tuple[str, ...] = (ADA, "bob", "eve"), **more: str) -> str:
        self.number += 1
        day = TODAY - timedelta(days=days_ago)
        name = f"hr-{day:%Y%m%d}.json"
        job_id = self.tenant.add_job(self.number, *((5, 30) if failed else (4, 0)), name=name)
        if failed:
            lines = [f"IdentityNotResolvable\t{mail(one)}\tUser identity cannot be resolved\r\n" for one in failed]
            self.tenant.add_log(job_id, "".join(lines).encode(), name=name, time=f"{day:%Y%m%d}-020000-000")
        records = [{"mail": mail(one), "City": f"Oslo {at}", **more} for at, one in enumerate(users)]
        self.tenant.files[f"{FOLDER}/{name}"] = json.dumps({"value": records}).encode()
        self.tenant.modified[f"{FOLDER}/{name}"] = f"{day:%Y-%m-%d}T01:00:00Z"
        return job_id


def mail(name: str) -> str:
    return name if "@" in name else f"{name}@contoso.com"


@pytest.fixture
def feed(only_tenant: LoopbackTenant) -> Feed:
    return Feed(only_tenant)


def _traces(folder: Path, key: str = ADA.lower()) -> list[str]:
    traces, files = Traces([key]), (path for path in (folder / "upa-data").rglob("*") if path.is_file())
    return sorted(path.relative_to(folder / "upa-data" / "contoso").as_posix() for path in files if traces.count(path))


def _jobs(upa: Callable[..., Ran]) -> list[tuple[object, ...]]:
    keys = ("job_id", "outcome", "entries", "named_users", "not_updated", "open", "superseded")
    return [tuple(job[key] for key in keys) for job in upa("jobs", "--json").json["jobs"]]


def test_a_user_is_removed_everywhere_and_every_count_stays(
    upa: Callable[..., Ran], feed: Feed, tmp_path: Path
) -> None:
    feed.ran(4, ADA, "bob")
    feed.ran(3, ADA.upper())
    feed.ran(2, "bob")
    newest = feed.ran(1, ADA, "eve")
    upa("run")
    before, places = _jobs(upa), _traces(tmp_path)
    assert {place.split("/")[0] for place in places} >= {"library", "retry", "reports"}
    ran = upa("history", "forget", "--user", ADA, "--yes")
    assert ran.out.splitlines()[0] == f"Removed {ADA} from {len(places)} files."
    assert (ran.code, _traces(tmp_path)) == (0, [])
    assert ran.err == "The next run or report makes the retry files and pages again that are still needed.\n"
    assert _jobs(upa) == before
    users = upa("show", newest, "--json").json["users"]
    assert {user["identity"].partition("@")[0] for user in users} == {"forgotten", "eve"}
    assert upa("history", "check").code == 0


def test_what_only_the_history_has_is_without_the_user_too(upa: Callable[..., Ran], feed: Feed, tmp_path: Path) -> None:
    feed.ran(95, ADA, "bob")
    feed.ran(2, "bob", users=("bob", "eve"))
    upa("run")
    before = _jobs(upa)
    library = tmp_path / "upa-data" / "contoso" / "library"
    old = f"hr-{TODAY - timedelta(days=95):%Y%m%d}"
    assert not list(library.rglob(f"{old}.json"))  # the run has removed it
    for log in library.rglob(f"{old}-*/*.log"):
        log.unlink()
    assert upa("history", "forget", "--user", ADA, "--yes").code == 0
    assert _traces(tmp_path) == []
    assert _jobs(upa) == before


@pytest.mark.parametrize("unused", ["library/.upa/history", "history"])
def test_a_history_that_is_not_used_any_more_keeps_nothing_of_the_user(
    upa: Callable[..., Ran], feed: Feed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unused: str
) -> None:
    feed.ran(1, ADA)
    upa("run")
    root = tmp_path / "upa-data" / "contoso"
    if unused == "history":
        monkeypatch.setenv("UPA_ANALYZER_HISTORY", str(tmp_path / "histories"))
    else:
        shutil.copytree(root / "history", root / unused)
    assert [place for place in _traces(tmp_path) if place.startswith(unused)]
    assert upa("history", "forget", "--user", ADA, "--yes").code == 0
    assert _traces(tmp_path) == []


def test_without_yes_nothing_changes(upa: Callable[..., Ran], feed: Feed, tmp_path: Path) -> None:
    feed.ran(1, ADA)
    upa("run")
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    ran = upa("history", "forget", "--user", ADA)
    assert f"Found {ADA} in {len(_traces(tmp_path))} files. Nothing was changed." in ran.out
    assert "replace the user's records by a pseudonym" in ran.out
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == files


def test_the_retry_file_is_made_again_with_the_pseudonym(upa: Callable[..., Ran], feed: Feed, tmp_path: Path) -> None:
    feed.ran(1, ADA, "eve")
    upa("run")
    upa("history", "forget", "--user", ADA, "--yes")
    upa("report")
    (retry,) = (tmp_path / "upa-data" / "contoso" / "retry").glob("*-retry.json")
    ada, eve = json.loads(retry.read_bytes())["value"]
    assert (ada["mail"].partition("@")[0], list(ada), eve["mail"]) == ("forgotten", ["mail"], "eve@contoso.com")
    assert _traces(tmp_path) == []


def test_the_next_pulls_do_not_bring_the_user_back(upa: Callable[..., Ran], feed: Feed, tmp_path: Path) -> None:
    feed.ran(2, ADA, "bob")
    upa("run")
    upa("history", "forget", "--user", ADA, "--yes")
    upa("pull", "--all")
    assert _traces(tmp_path) == []
    feed.ran(1, ADA, "eve")
    ran = upa("pull")
    assert "Removed 1 user who was removed before from the new files too." in ran.err
    assert _traces(tmp_path) == []
    feed.ran(0, "eve")  # only the source file has the user
    assert "removed before" in upa("run").err
    assert _traces(tmp_path) == []
    assert "removed before" not in upa("run").err
    files = json.loads((tmp_path / "upa-data/contoso/library/.upa/files.json").read_bytes())
    assert {file["searched"] for file in files.values()} == {True}


def test_what_other_records_say_about_the_user_is_left_and_named(
    upa: Callable[..., Ran], feed: Feed, tmp_path: Path
) -> None:
    feed.ran(1, "bob", Manager=ADA)
    upa("run")
    ran = upa("history", "forget", "--user", ADA, "--yes")
    (left,) = [line for line in ran.out.splitlines() if line.startswith("Left:")]
    assert "other users' records name the user; --remove-sources removes the file" in left
    assert ran.code == 1
    assert upa("history", "forget", "--user", ADA, "--yes", "--remove-sources").code == 0
    assert _traces(tmp_path) == []
    assert "removed with a user (history forget)" in upa("show").out


def test_the_result_as_json(upa: Callable[..., Ran], feed: Feed) -> None:
    feed.ran(1, ADA, "bob")
    upa("pull")
    found = upa("history", "forget", "--user", ADA, "--json").json
    assert (found["dry_run"], found["left"]) == (True, [])
    in_library = [one for one in found["files"] if "library" in one["file"]]
    assert {(one["found"], one["action"], one["because"]) for one in in_library} == {
        (1, "redact", None),
        (1, "replace_records", None),
    }


def test_an_id_that_is_nowhere(upa: Callable[..., Ran], feed: Feed) -> None:
    feed.ran(1, "bob", users=("bob", "eve"))
    upa("run")
    ran = upa("history", "forget", "--user", ADA)
    assert (ran.code, ran.out) == (0, f"Found {ADA} in 0 files. Nothing was changed.\n")


def test_jobs_that_ended_before_a_day_are_removed_and_stay_removed(
    upa: Callable[..., Ran], feed: Feed, tmp_path: Path
) -> None:
    old, newer = feed.ran(30, ADA), feed.ran(1, "bob")
    upa("run")
    day = f"{TODAY - timedelta(days=10):%Y-%m-%d}"
    dry = upa("history", "forget", "--before", day, "--json").json
    assert (dry["dry_run"], dry["jobs"]) == (True, [old])
    assert upa("history", "forget", "--before", day).out.startswith("1 job and ")
    done = upa("history", "forget", "--before", day, "--yes", "--json").json
    assert (done["files"], done["bytes"]) == (dry["files"], dry["bytes"])
    assert not [file for file in done["files"] if (tmp_path / file).exists()]
    for command in (["pull"], ["pull", "--all"], ["run"]):
        assert upa(*command).code == 0
        assert [job["job_id"] for job in upa("jobs", "--json").json["jobs"]] == [newer]
    left = [path for path in tmp_path.rglob("*") if path.is_file() and old.encode() in path.read_bytes()]
    assert [path.name for path in left] == ["forgotten.json"]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ([], "specify either --user or --before"),
        (["--user", ADA, "--before", "2026-01-01"], "specify either --user or --before"),
        (["--before", "2026-01-01", "--remove-sources"], "--remove-sources needs --user"),
        (["--user", "ab"], "'ab' is too short for an ID"),
        (["--before", "soon"], "--before 'soon' isn't a date"),
    ],
)
def test_wrong_options_are_refused(upa: Callable[..., Ran], feed: Feed, words: list[str], what: str) -> None:
    feed.ran(1, "bob")
    upa("pull")
    ran = upa("history", "forget", *words)
    assert (ran.code, what in ran.err) == (2, True)


@pytest.mark.parametrize("has_ended", [True, False])
def test_the_files_of_an_import_are_removed_when_it_has_ended_and_named_before(
    upa: Callable[..., Ran], feed: Feed, tmp_path: Path, *, has_ended: bool
) -> None:
    feed.ran(1, "bob", users=("bob", "eve"))
    upa("run")
    path = record_of(tmp_path, "https://contoso.sharepoint.com", sent=0)
    if has_ended:
        abandon(path)
    path.with_name("part-1.json").write_text(json.dumps([{"mail": mail(ADA)}]))
    ran = upa("history", "forget", "--user", ADA, "--yes")
    if has_ended:
        assert (ran.code, _traces(tmp_path)) == (0, [])
    else:
        assert (ran.code, len(_traces(tmp_path))) == (1, 1)
        assert "its import hasn't ended: `upa-analyzer queue` continues it" in ran.out
    assert path.exists()


def test_files_that_imports_left_over_before_a_day_are_removed_with_the_jobs(
    upa: Callable[..., Ran], feed: Feed, tmp_path: Path
) -> None:
    feed.ran(1)
    upa("pull")
    path = record_of(tmp_path, "https://contoso.sharepoint.com", sent=0)
    abandon(path)
    left = path.with_name("part-1.json")
    left.write_text("[]")
    after = NOW + timedelta(days=1)
    for day, is_left in ((NOW, True), (after, False)):
        upa("history", "forget", "--before", f"{day:%Y-%m-%d}", "--yes")
        assert (left.exists(), path.exists()) == (is_left, True)
