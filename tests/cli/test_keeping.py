"""What ``run`` removes at its end, and what every command says about it afterwards."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from analyzer.config.settings import FILE_NAME
from analyzer.history.keep import unneeded_sources
from analyzer.library.mirror import Library
from tests.history.growing_library import Nights, records
from tests.imports.queued_import import abandon, record_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import LoopbackTenant, Ran

FOLDER = "/sites/hr/Shared Documents"
LIBRARY = "upa-data/contoso/library"
TODAY = datetime.now(UTC)


class Feed:
    """Adds jobs that ran some days ago, each with its own source file."""

    def __init__(self, tenant: LoopbackTenant) -> None:
        self.tenant, self.number = tenant, 0

    def ran(self, days_ago: int, *failed: str, file: str = "", users: tuple[str, ...] = ("ada", "bob", "eve")) -> str:
        self.number += 1
        day = TODAY - timedelta(days=days_ago)
        name = file or f"hr-{day:%Y%m%d}.json"
        job_id = self.tenant.add_job(self.number, *((5, 30) if failed else (4, 0)), name=name)
        lines = [f"IdentityNotResolvable\t{one}@contoso.com\tUser identity cannot be resolved\r\n" for one in failed]
        if failed:
            self.tenant.add_log(job_id, "".join(lines).encode(), name=name, time=f"{day:%Y%m%d}-020000-000")
        records = [{"mail": f"{one}@contoso.com", "City": f"Oslo {self.number}"} for one in users]
        self.tenant.files[f"{FOLDER}/{name}"] = json.dumps({"value": records}).encode()
        self.tenant.modified[f"{FOLDER}/{name}"] = f"{day:%Y-%m-%d}T01:00:00Z"
        return job_id


@pytest.fixture
def feed(only_tenant: LoopbackTenant) -> Feed:
    return Feed(only_tenant)


def _copies(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / LIBRARY / "sites").rglob("*.json"))


def _day(days_ago: int) -> str:
    return f"hr-{TODAY - timedelta(days=days_ago):%Y%m%d}.json"


def test_run_removes_the_copies_that_nothing_needs_and_says_so_once(
    upa: Callable[..., Ran], feed: Feed, tmp_path: Path
) -> None:
    feed.ran(100, "ada")
    feed.ran(95)
    feed.ran(80)
    feed.ran(70)
    before = upa("run", "--json").json["removed"]
    assert (before["source_files"], before["report_files"]) == (2, 0)
    assert before["source_bytes"] == 2 * len(feed.tenant.files[f"{FOLDER}/{_day(95)}"])
    assert _copies(tmp_path) == [_day(80), _day(70)]
    again = upa("run")
    assert "Removed" not in again.err
    assert _copies(tmp_path) == [_day(80), _day(70)]


@pytest.mark.parametrize("setting", ["TENANTS__CONTOSO__TIMEZONE=Europe/Berlin", "KEEP_REPORTS=9999y"])
def test_run_removes_copies_in_any_time_zone_and_however_long_reports_are_kept(
    upa: Callable[..., Ran], feed: Feed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    monkeypatch.setenv(*f"UPA_ANALYZER_{setting}".split("="))
    feed.ran(100)
    feed.ran(70)
    assert upa("run").code == 0
    assert _copies(tmp_path) == [_day(70)]


def test_the_line_names_number_and_bytes(upa: Callable[..., Ran], feed: Feed) -> None:
    feed.ran(100)
    feed.ran(95)
    ran = upa("run")
    assert "Removed 1 copy of a source file (152 bytes), as keep_sources and keep_reports say." in ran.err


def test_only_run_removes(upa: Callable[..., Ran], feed: Feed, tmp_path: Path) -> None:
    feed.ran(100)
    feed.ran(95)
    for command in ("pull", "report", "jobs"):
        assert upa(command).code == 0
    assert _copies(tmp_path) == [_day(100), _day(95)]


def test_a_removed_copy_is_not_pulled_again_and_its_numbers_stay(
    upa: Callable[..., Ran], feed: Feed, tmp_path: Path
) -> None:
    first = feed.ran(100, "ada")
    feed.ran(95)
    upa("pull")
    before = upa("jobs", "--json").json["jobs"]
    upa("run")
    assert upa("jobs", "--json").json["jobs"] == before
    upa("history", "rebuild")
    assert upa("jobs", "--json").json["jobs"] == before
    feed.tenant.seen.clear()
    feed.tenant.jobs[0]["State"] = 4  # the tenant tells otherwise: the job is asked for again
    upa("pull")
    upa("pull", "--all")
    assert not [seen for seen in feed.tenant.seen if _day(100) in seen.path and "$value" in seen.path]
    (job,) = [job for job in upa("jobs", "--json").json["jobs"] if job["job_id"] == first]
    assert (_copies(tmp_path), job["users"], job["property_values"]) == ([_day(95)], 3, 3)
    assert upa("history", "check").code == 0


def test_show_and_retry_say_why_the_copy_is_missing(upa: Callable[..., Ran], feed: Feed) -> None:
    first = feed.ran(100, "ada")
    feed.ran(95)
    upa("run")
    assert "removed after 90 days (keep_sources)" in upa("show", first).out
    refused = upa("retry", first, "--superseded")
    assert refused.code == 5
    assert "there is no source file to take the records from: removed after 90 days (keep_sources)" in refused.err


def test_the_source_of_open_users_is_kept(upa: Callable[..., Ran], feed: Feed, tmp_path: Path) -> None:
    first = feed.ran(100, "ada")
    feed.ran(95, users=("kim", "liv", "max"))  # other users supersede nothing
    feed.ran(91, users=("kim", "liv", "max"))
    assert upa("run", "--json").json["removed"]["source_files"] == 0
    assert _copies(tmp_path) == [_day(100), _day(95), _day(91)]  # the later ones show that ada is still open
    assert upa("retry", first).code == 0


def test_a_job_that_has_not_ended_keeps_its_source(upa: Callable[..., Ran], feed: Feed, tmp_path: Path) -> None:
    feed.ran(100)
    feed.tenant.jobs[-1]["State"] = 2
    feed.ran(95)
    upa("run")
    assert _copies(tmp_path) == [_day(100), _day(95)]


def test_an_earlier_version_of_a_file_is_removed_too(upa: Callable[..., Ran], feed: Feed, tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text(
        (tmp_path / FILE_NAME).read_text(encoding="utf-8").replace("[tenants", 'keep_sources = "2w"\n[tenants', 1),
        encoding="utf-8",
    )
    for days_ago in (30, 20, 10):
        feed.ran(days_ago, "ada", file="badges.json")
        upa("pull")
    earlier = tmp_path / LIBRARY / ".upa" / "earlier"
    assert len(list(earlier.rglob("badges.json"))) == 2
    assert upa("run", "--json").json["removed"]["source_files"] == 2
    assert not earlier.exists()
    assert _copies(tmp_path) == ["badges.json"]


def test_forever_removes_nothing(
    upa: Callable[..., Ran], feed: Feed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPA_ANALYZER_TENANTS__CONTOSO__KEEP_SOURCES", "forever")
    feed.ran(1000)
    feed.ran(900)
    upa("run")
    assert len(_copies(tmp_path)) == 2


def test_what_was_put_there_or_changed_by_hand_is_kept(upa: Callable[..., Ran], feed: Feed, tmp_path: Path) -> None:
    feed.ran(100)
    feed.ran(98)
    feed.ran(95)
    upa("pull")
    changed, unknown = (path for path in sorted((tmp_path / LIBRARY / "sites").rglob("*.json"))[:2])
    changed.write_bytes(changed.read_bytes() + b" ")
    library = Library(tmp_path / LIBRARY)
    files = json.loads((library.root / ".upa" / "files.json").read_bytes())
    del files[f"{FOLDER}/{unknown.name}"]
    (library.root / ".upa" / "files.json").write_text(json.dumps(files), encoding="utf-8")
    upa("run")
    assert len(_copies(tmp_path)) == 3


def test_a_file_that_cannot_be_removed_ends_with_its_error_after_the_night_s_answer(
    upa: Callable[..., Ran], feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed.ran(100)
    feed.ran(95)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "in use")

    upa("pull")
    monkeypatch.setattr("pathlib.Path.unlink", lambda path, **_: refuse() if path.name == _day(100) else None)
    ran = upa("run")
    assert ran.code == 5
    assert ran.out.splitlines()[0] == "No open users in hr."
    assert "cannot be written: permission denied" in ran.err
    monkeypatch.undo()


def test_an_interrupted_removal_is_finished_by_the_next_run(
    upa: Callable[..., Ran], feed: Feed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed.ran(100)
    feed.ran(98)
    feed.ran(95)
    upa("pull")
    with monkeypatch.context() as patched:
        patched.setattr("analyzer.library.removal._remove", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        assert upa("run").code == 130
    assert len(_copies(tmp_path)) == 3
    assert upa("run", "--json").json["removed"]["source_files"] == 2
    assert _copies(tmp_path) == [_day(95)]


def test_run_removes_reports_of_earlier_days(upa: Callable[..., Ran], feed: Feed, tmp_path: Path) -> None:
    feed.ran(1)
    reports = tmp_path / "upa-data" / "contoso" / "reports"
    for days_ago in (89, 91):
        day = f"{TODAY - timedelta(days=days_ago):%Y-%m-%d}"
        for name in (f"{day}/index.html", f"{day}/jobs/a.html", f"{day}/data/jobs.csv", f"days/{day}.html"):
            (reports / name).parent.mkdir(parents=True, exist_ok=True)
            (reports / name).write_bytes(b"page")
    removed = upa("run", "--json").json["removed"]
    assert (removed["report_files"], removed["report_bytes"]) == (4, 16)
    kept = f"{TODAY - timedelta(days=89):%Y-%m-%d}"
    assert sorted(path.name for path in (reports / "days").iterdir() if path.name < f"{TODAY:%Y-%m-%d}") == [
        f"{kept}.html"
    ]
    assert (reports / kept / "jobs" / "a.html").exists()


def test_run_removes_what_an_import_that_has_ended_left_over(
    upa: Callable[..., Ran], feed: Feed, tmp_path: Path
) -> None:
    feed.ran(1)
    path = record_of(tmp_path, "https://contoso.sharepoint.com", sent=0)
    left = path.with_name("part-1.json")
    left.write_text("[]")
    assert "left over" not in upa("run").err
    assert left.exists()  # it is still to be sent
    abandon(path)
    assert "Removed 1 file that was left over from imports that have ended (2 bytes)." in upa("run").err
    assert (left.exists(), path.exists()) == (False, True)


def test_the_whole_file_is_kept_as_long_as_only_changes_were_sent_since(nights: Nights) -> None:
    everybody = records("ada", "bea", "cas")
    older, full = (nights.add(f"hr-feed-2026110{day}-020000-0000000a.json", everybody) for day in (1, 2))
    deltas = [nights.add(f"hr-feed-2026110{day}-020000-0000000a.json", records("ada")) for day in (3, 4)]
    for job_id in deltas:
        nights.queued(job_id, unchanged=2)
    assert unneeded_sources(nights.load(), datetime(2027, 1, 1, tzinfo=UTC)) == {older}
    assert nights.load().queued.keys() == set(deltas)
    assert full not in unneeded_sources(nights.load(), datetime(2027, 1, 1, tzinfo=UTC))


def test_all_parts_of_the_newest_run_are_kept(nights: Nights) -> None:
    older = nights.add("hr-feed-20261101-020000-0000000a.json", records("ada", "bea"))
    parts = [nights.add(f"hr-feed-2026110{day}-020000-0000000a.json", records("ada")) for day in (2, 3)]
    nights.queued(*parts)
    assert unneeded_sources(nights.load(), datetime(2027, 1, 1, tzinfo=UTC)) == {older}


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path)
