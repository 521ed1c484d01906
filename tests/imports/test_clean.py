"""``clean`` on the emulator: what goes, what stays and why, what is refused, and a command that dies anywhere."""

from __future__ import annotations

import json
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

from analyzer.history.load import load
from analyzer.imports.clean import Cleaner
from analyzer.imports.clean_plan import Choice, Planner
from analyzer.library.mirror import Library, WritableLibrary
from analyzer.model.service import IdType
from analyzer.storage.clean_record import CleanRecord, Kind, Step
from analyzer.tenant.http.session import Session
from analyzer.tenant.model import Clock, TenantAddress
from analyzer.tenant.sharepoint.jobs import Import, queue_import
from analyzer.tenant.sharepoint.site import Tenant
from analyzer.tenant.signin import ReadyToken
from tests.conftest import TOKEN, FastClock, Given
from tests.emulator.client import FOLDER, TENANT, source
from tests.imports.old_jobs import TODAY, OldJobs, left_in
from tests.imports.queued_import import record_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from analyzer.emulator import RunningEmulator
    from analyzer.storage.clean_record import CleanedItem
    from tests.conftest import LoopbackTenant, Ran, Seen


@pytest.fixture
def only_tenant(loopback: LoopbackTenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LoopbackTenant:
    """The loopback's tenant as the only one of the configuration."""
    monkeypatch.setenv("UPA_TOKEN", TOKEN)
    keys = f'admin_url = "{loopback.origin}"\nauth = "token"\nca_file = "{loopback.ca_file.as_posix()}"\n'
    (tmp_path / "upa-analyzer.toml").write_text(f"[tenants.contoso]\n{keys}", encoding="utf-8")
    return loopback


@pytest.fixture
def old(tmp_path_factory: pytest.TempPathFactory) -> OldJobs:
    return OldJobs(tmp_path_factory.mktemp("tenant") / "library")


@pytest.fixture
def begin(
    old: OldJobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., AbstractContextManager[RunningEmulator]]:
    """Starts the tenant with the jobs so far."""
    from contextlib import contextmanager

    @contextmanager
    def started() -> Iterator[RunningEmulator]:
        with old.tenant(tmp_path) as running:
            monkeypatch.setenv("UPA_TOKEN", running.ready["token"])
            yield running

    return started


def _day(days_ago: int) -> str:
    return f"hr-{TODAY - timedelta(days=days_ago):%Y%m%d}.json"


def _because(ran: Ran, what: str = "") -> list[str]:
    return [one["because"] for one in ran.json["kept"] if what in one["what"]]


def test_only_what_is_old_goes_and_only_with_yes_and_the_library_keeps_its_copies(
    upa: Callable[..., Ran], old: OldJobs, begin: Callable[..., AbstractContextManager[RunningEmulator]], tmp_path: Path
) -> None:
    first, young = old.ran(100), old.ran(20)
    with begin() as emulator:
        assert upa("pull").code == 0
        before = left_in(emulator)
        ran = upa("clean")
        assert ran.code == 0, ran.err
        assert "Nothing was removed; --yes removes them." in ran.out
        assert left_in(emulator) == before
        dry = upa("clean", "--json").json
        done = upa("clean", "--yes", "--json")
        assert done.code == 0, done.err
        assert [item["uri"] for item in done.json["items"]] == [item["uri"] for item in dry["items"]]
        assert {item["step"] for item in done.json["items"]} == {"removed"}
        assert all(item["bin_id"] for item in done.json["items"])
        assert not [name for name in left_in(emulator) if first in name or name == _day(100)]
        assert [name for name in left_in(emulator) if young in name]
        assert _day(20) in left_in(emulator)
    library = tmp_path / "upa-data" / "contoso" / "library"
    assert [path.name for path in library.rglob(f"*{first}*.log")]
    assert (library / FOLDER[1:] / _day(100)).is_file()


def test_a_second_clean_removes_nothing_and_no_pull_misses_what_is_gone(
    upa: Callable[..., Ran], old: OldJobs, begin: Callable[..., AbstractContextManager[RunningEmulator]], tmp_path: Path
) -> None:
    job_id = old.ran(100)
    old.ran(20)
    with begin():
        assert upa("pull").code == 0
        assert upa("clean", "--yes").code == 0
        again = upa("clean", "--yes", "--json").json
        assert (again["items"], again["kept"], again["feeds"]) == ([], [], [])
        assert "There is nothing to remove." in upa("clean", "--yes").out
        for options in ((), ("--all",), ("--job", job_id, "--all")):
            assert upa("pull", *options, "--json").json["left_out"] == []
        shown = upa("show", job_id, "--json").json
        assert (shown["outcome"], shown["not_updated"]) == ("partial", 1)
        assert [one["kind"] for one in shown["removed_from_tenant"]] == ["log", "log_folder", "source"]
        words = "removed from the tenant, into the recycle bin: log, log folder and source file"
        assert words in " ".join(upa("show", job_id).out.split())
    library = Library(tmp_path / "upa-data" / "contoso" / "library")
    assert library.state.notes[job_id].log_missing is None


def test_a_source_file_is_not_missed_either_when_our_copy_is_gone(
    upa: Callable[..., Ran], old: OldJobs, begin: Callable[..., AbstractContextManager[RunningEmulator]], tmp_path: Path
) -> None:
    old.ran(100)
    with begin():
        assert upa("pull").code == 0
        assert upa("clean", "--yes").code == 0
        (tmp_path / "upa-data" / "contoso" / "library" / FOLDER[1:] / _day(100)).unlink()
        assert upa("pull", "--all", "--json").json["left_out"] == []


@pytest.mark.parametrize(
    ("options", "left"),
    [
        (("--outcome", "succeeded"), ["partial"]),
        (("--outcome", "partial"), ["succeeded"]),
        (("--feed", "pay"), ["partial", "succeeded"]),
        (("--feed", "hr"), []),
        (("--older-than", "120d"), ["partial", "succeeded"]),
    ],
)
def test_options_select_by_outcome_feed_and_age(
    upa: Callable[..., Ran],
    old: OldJobs,
    begin: Callable[..., AbstractContextManager[RunningEmulator]],
    options: tuple[str, ...],
    left: list[str],
) -> None:
    jobs = {"partial": old.ran(100), "succeeded": old.ran(101, failed=False)}
    old.ran(10, "payroll.json")
    with begin() as emulator:
        assert upa("pull").code == 0
        assert upa("clean", "--yes", *options).code == 0
        stays = left_in(emulator)
        assert [name for name, job_id in jobs.items() if any(job_id in one for one in stays)] == left


@pytest.mark.parametrize("option", [("--older-than", "0d"), ("--older-than", "soon"), ("--outcome", "running")])
def test_impossible_options_are_usage_errors(
    upa: Callable[..., Ran],
    old: OldJobs,
    begin: Callable[..., AbstractContextManager[RunningEmulator]],
    option: tuple[str, str],
) -> None:
    old.ran(100)
    with begin():
        assert upa("clean", *option).code == 2


def test_two_feeds_are_listed_each_with_its_files(
    upa: Callable[..., Ran], old: OldJobs, begin: Callable[..., AbstractContextManager[RunningEmulator]]
) -> None:
    old.ran(120)
    old.ran(100)
    old.ran(110, "payroll-1.json")
    with begin():
        assert upa("pull").code == 0
        feeds = {row["feed"]: row for row in upa("clean", "--json").json["feeds"]}
        assert len(feeds) == 2
        hr = next(row for name, row in feeds.items() if name.startswith("hr"))
        assert (hr["log_folders"], hr["log_files"], hr["source_files"]) == (2, 2, 2)
        assert hr["oldest"][:10] == f"{TODAY - timedelta(days=120):%Y-%m-%d}"
        assert hr["newest"][:10] == f"{TODAY - timedelta(days=100):%Y-%m-%d}"
        assert hr["bytes"] > 0


def test_nothing_that_was_not_pulled_goes(
    upa: Callable[..., Ran], old: OldJobs, begin: Callable[..., AbstractContextManager[RunningEmulator]], tmp_path: Path
) -> None:
    pulled, changed, missing, later = old.ran(100), old.ran(101), old.ran(102), old.ran(103)
    with begin() as emulator:
        assert upa("pull").code == 0
        log = next(emulator.storage.files(f"{FOLDER}/{_day(101)[:-5]}-{changed}-Logs").__iter__())
        emulator.storage.replace(log.path, BytesIO(b"IdentityNotResolvable\tbob@contoso.com\tnew\r\n"))
        (ours,) = (tmp_path / "upa-data").rglob(f"*{missing}*.log")
        ours.unlink()
        emulator.storage.add(
            f"{FOLDER}/{_day(103)[:-5]}-{later}-Logs",
            f"ImportProfileProperties-{later}-20260101-020000-001.log",
            BytesIO(b""),
            overwrite=False,
        )
        before = left_in(emulator)
        ran = upa("clean", "--yes", "--json")
        gone = set(before) - set(left_in(emulator))
        assert {name for name in gone if name.endswith("-Logs")} == {f"{_day(100)[:-5]}-{pulled}-Logs"}
        assert _day(100) in gone
        assert {_day(101), _day(102), _day(103)}.isdisjoint(gone)
        words = " ".join(_because(ran))
        assert "has changed in the tenant since it was pulled" in words
        assert "its log was never pulled" in words
        assert "the library doesn't have" in words


def test_a_source_file_that_changed_in_the_tenant_or_in_the_library_stays(
    upa: Callable[..., Ran], old: OldJobs, begin: Callable[..., AbstractContextManager[RunningEmulator]], tmp_path: Path
) -> None:
    old.ran(100)
    old.ran(101)
    with begin() as emulator:
        assert upa("pull").code == 0
        emulator.storage.replace(f"{FOLDER}/{_day(100)}", BytesIO(source("bob@contoso.com", City="Rome")))
        copy = tmp_path / "upa-data" / "contoso" / "library" / FOLDER[1:] / _day(101)
        copy.write_bytes(copy.read_bytes().replace(b"Oslo", b"Rome"))
        ran = upa("clean", "--yes", "--json")
        assert {_day(100), _day(101)} <= set(left_in(emulator))
        assert len(_because(ran, "source file")) == 2


def test_a_source_file_whose_copy_was_let_go_may_go_if_it_is_that_version(
    upa: Callable[..., Ran], old: OldJobs, begin: Callable[..., AbstractContextManager[RunningEmulator]], tmp_path: Path
) -> None:
    old.ran(200, failed=False)
    old.ran(190, failed=False)
    old.ran(180, failed=False)
    old.ran(10, failed=False)
    with begin() as emulator:
        assert upa("run").code == 0
        library = tmp_path / "upa-data" / "contoso" / "library" / FOLDER[1:]
        assert not (library / _day(190)).exists()
        emulator.storage.replace(f"{FOLDER}/{_day(200)}", BytesIO(b"{}"))
        assert upa("clean", "--yes", "--json").json["kept"]
        assert _day(200) in left_in(emulator)
        assert _day(190) not in left_in(emulator)


def test_a_file_that_a_younger_job_or_one_that_has_not_ended_names_stays(
    upa: Callable[..., Ran], old: OldJobs, begin: Callable[..., AbstractContextManager[RunningEmulator]]
) -> None:
    old.ran(100, "payroll.json")
    old.ran(20, "payroll.json")
    old.ran(101, "again.json")
    waiting = old.ran(101, "again.json", state=1)
    old.ran(102, "both.json")
    old.ran(103, "both.json")
    with begin() as emulator:
        assert upa("pull").code == 0
        ran = upa("clean", "--yes", "--json")
        assert ran.code == 0
        assert {"payroll.json", "again.json"} <= set(left_in(emulator))
        assert "both.json" not in left_in(emulator)
        assert any(waiting in because for because in _because(ran, "source file"))


@pytest.mark.parametrize(
    "spelled",
    [f"{TENANT}{FOLDER.upper()}/PAYROLL.json".replace(" ", "%20"), f"{FOLDER}/payroll.json"],
    ids=["in capitals and encoded", "without the host"],
)
def test_the_same_file_in_another_spelling_is_the_same_file(
    upa: Callable[..., Ran],
    old: OldJobs,
    begin: Callable[..., AbstractContextManager[RunningEmulator]],
    spelled: str,
) -> None:
    old.ran(100, "payroll.json")
    old.ran(100, "payroll.json", state=1)
    old.jobs[1]["SourceUri"] = spelled
    with begin() as emulator:
        assert upa("pull").code == 0
        ran = upa("clean", "--yes", "--json")
        assert ran.code == 0, ran.err
        assert len(_because(ran, "source file")) == 1
        assert "payroll.json" in left_in(emulator)


def test_what_the_tenant_lists_now_counts_not_what_the_library_knew(
    upa: Callable[..., Ran], old: OldJobs, begin: Callable[..., AbstractContextManager[RunningEmulator]], tmp_path: Path
) -> None:
    job_id = old.ran(100)
    with begin() as emulator:
        assert upa("pull").code == 0
        listed = tmp_path / "upa-data" / "contoso" / "library" / "jobs.json"
        content = json.loads(listed.read_text("utf-8"))
        content["value"][0]["Error"] = 1
        listed.write_text(json.dumps(content), encoding="utf-8")
        ran = upa("clean", "--yes", "--json")
        assert _because(ran) == ["the job has changed since the last pull"]
        assert [name for name in left_in(emulator) if job_id in name]


def test_what_a_pull_left_for_later_and_a_log_that_cannot_be_read_stay(
    upa: Callable[..., Ran], old: OldJobs, begin: Callable[..., AbstractContextManager[RunningEmulator]]
) -> None:
    pulled, _, damaged = old.ran(100), old.ran(101, failed=False), old.ran(102)
    (log,) = old.root.rglob(f"*{damaged}*.log")
    log.write_bytes(b"\x1f\x8b\x08\x00 no gzip file")
    with begin() as emulator:
        assert upa("pull", "--job", pulled, "--job", damaged).code in {0, 5}
        before = left_in(emulator)
        ran = upa("clean", "--yes", "--json")
        assert _because(ran) == ["its log can't be read completely", "the last pull didn't download all of its files"]
        gone = set(before) - set(left_in(emulator))
        assert gone == {one for one in before if pulled in one or one == _day(100)}


def test_other_files_and_folders_are_never_touched(
    upa: Callable[..., Ran], old: OldJobs, begin: Callable[..., AbstractContextManager[RunningEmulator]]
) -> None:
    job_id, misnamed = old.ran(100), old.ran(101)
    old.jobs[1]["LogFolderUri"] = f"{TENANT}{FOLDER}"
    with begin() as emulator:
        folder = f"{FOLDER}/{_day(100)[:-5]}-{job_id}-Logs"
        emulator.storage.add(folder, "notes.txt", BytesIO(b"mine"), overwrite=False)
        emulator.storage.add(FOLDER, "budget.xlsx", BytesIO(b"mine"), overwrite=False)
        assert upa("pull").code == 0
        ran = upa("clean", "--yes", "--json")
        assert ran.code == 0, ran.err
        assert {"notes.txt", "budget.xlsx", folder.rpartition("/")[2]} <= set(left_in(emulator))
        assert not [name for name in left_in(emulator) if name.endswith(".log") and job_id in name]
        words = " ".join(_because(ran))
        assert "it has a file that isn't a log of its job: notes.txt" in words
        assert "isn't named after the job" in words
        assert [name for name in left_in(emulator) if misnamed in name]


def test_a_folder_that_gets_a_subfolder_stays(
    upa: Callable[..., Ran], old: OldJobs, begin: Callable[..., AbstractContextManager[RunningEmulator]]
) -> None:
    job_id = old.ran(100)
    with begin() as emulator:
        assert upa("pull").code == 0
        folder = f"{FOLDER}/{_day(100)[:-5]}-{job_id}-Logs"
        emulator.storage.make_folder(f"{folder}/mine")
        ran = upa("clean", "--yes", "--json")
        assert ran.code == 1
        refused = [item for item in ran.json["items"] if item["step"] == "refused"]
        assert [(item["kind"], item["because"]) for item in refused] == [("log_folder", "something else is in it")]
        assert folder.rpartition("/")[2] in left_in(emulator)


def test_a_locked_or_checked_out_file_is_reported_and_the_rest_goes(
    upa: Callable[..., Ran], old: OldJobs, begin: Callable[..., AbstractContextManager[RunningEmulator]], tmp_path: Path
) -> None:
    locked, _, fine = old.ran(100), old.ran(101), old.ran(102)
    with begin() as emulator:
        assert upa("pull").code == 0
        log = emulator.storage.files(f"{FOLDER}/{_day(100)[:-5]}-{locked}-Logs")[0]
        emulator.lock(log.path, "bob@contoso.com")
        emulator.check_out(f"{FOLDER}/{_day(101)}", "bob@contoso.com")
        ran = upa("clean", "--yes", "--json")
        assert ran.code == 1
        refused = {item["uri"].rpartition("/")[2]: item["because"] for item in ran.json["items"] if item["because"]}
        assert set(refused) == {log.path.rpartition("/")[2], _day(101)}
        stays = left_in(emulator)
        assert [name for name in stays if locked in name] != []
        assert not [name for name in stays if fine in name]
        emulator.unlock(log.path)
        assert upa("clean", "--yes", "--json").code == 1
        assert left_in(emulator) == [_day(101)]
    record = CleanRecord(tmp_path / "upa-data" / "contoso" / "cleaned.ndjson")
    assert [item.step for item in record.items()].count(Step.refused) == 1
    assert record.unfinished() == []


def test_under_a_retention_policy_files_go_before_their_folder(
    upa: Callable[..., Ran], old: OldJobs, begin: Callable[..., AbstractContextManager[RunningEmulator]]
) -> None:
    old.ran(100)
    with begin() as emulator:
        emulator.retain(FOLDER)
        assert upa("pull").code == 0
        ran = upa("clean", "--yes")
        assert ran.code == 0, ran.out
        assert left_in(emulator) == []


def test_a_labelled_log_is_reported_and_keeps_its_folder_and_nothing_else(
    upa: Callable[..., Ran], old: OldJobs, begin: Callable[..., AbstractContextManager[RunningEmulator]]
) -> None:
    labelled, _ = old.ran(100), old.ran(101)
    with begin() as emulator:
        assert upa("pull").code == 0
        folder = f"{FOLDER}/{_day(100)[:-5]}-{labelled}-Logs"
        log = emulator.storage.files(folder)[0].path
        emulator.label(log)
        ran = upa("clean", "--yes")
        assert ran.code == 1
        assert "1 item couldn't be removed:" in ran.out
        assert "has a retention label" in ran.out
        assert left_in(emulator) == sorted(path.rpartition("/")[2] for path in (folder, log))


def test_what_went_is_on_record_with_its_bin_entry(
    upa: Callable[..., Ran], old: OldJobs, begin: Callable[..., AbstractContextManager[RunningEmulator]], tmp_path: Path
) -> None:
    job_id = old.ran(100)
    with begin() as emulator:
        assert upa("pull").code == 0
        etag = emulator.storage.file(f"{FOLDER}/{_day(100)}").etag
        assert upa("clean", "--yes").code == 0
    record = CleanRecord(tmp_path / "upa-data" / "contoso" / "cleaned.ndjson")
    items = {item.kind: item for item in record.removed_of(job_id)}
    assert set(items) == set(Kind)
    assert (items[Kind.source].etag, items[Kind.source].job_ids) == (etag, (job_id,))
    assert all(item.bin_id for item in items.values())


def _tenant(emulator: RunningEmulator) -> Tenant:
    ready = emulator.ready
    address = TenantAddress(ready["admin_url"], ca_file=Path(ready["ca_file"]))
    return Tenant(Session(address, ReadyToken({"UPA_TOKEN": ready["token"]}, ready["admin_url"], "UPA_TOKEN")))


def test_a_folder_that_gets_a_file_after_the_plan_stays(
    upa: Callable[..., Ran], old: OldJobs, begin: Callable[..., AbstractContextManager[RunningEmulator]], tmp_path: Path
) -> None:
    job_id = old.ran(100)
    root = tmp_path / "upa-data" / "contoso"
    with begin() as emulator:
        assert upa("pull").code == 0
        library, tenant = WritableLibrary(root / "library"), _tenant(emulator)
        plan = Planner(tenant, library, load(Library(library.root), root / "history")).run(
            Choice(TODAY), lambda *_: None
        )
        folder = f"{FOLDER}/{_day(100)[:-5]}-{job_id}-Logs"
        emulator.storage.add(folder, "notes.txt", BytesIO(b"mine"), overwrite=False)
        done = Cleaner(tenant, library, CleanRecord(root / "cleaned.ndjson"), Clock()).run(plan, lambda *_: None)
        assert [item.because for item in done.refused] == ["something else is in it"]
        assert "notes.txt" in left_in(emulator)


@pytest.mark.parametrize("meanwhile", ["queued", "changed", "removed"])
def test_what_happens_to_a_source_file_after_the_plan_counts(
    upa: Callable[..., Ran],
    old: OldJobs,
    begin: Callable[..., AbstractContextManager[RunningEmulator]],
    tmp_path: Path,
    meanwhile: str,
) -> None:
    old.ran(100)
    path = f"{FOLDER}/{_day(100)}"
    root = tmp_path / "upa-data" / "contoso"
    with begin() as emulator:
        assert upa("pull").code == 0
        library = WritableLibrary(root / "library")
        tenant, record = _tenant(emulator), CleanRecord(root / "cleaned.ndjson")
        planner = Planner(tenant, library, load(Library(library.root), root / "history"))
        plan = planner.run(Choice(TODAY), lambda *_: None)
        assert len(plan.sources) == 1
        match meanwhile:
            case "queued":
                uri = f"{emulator.ready['admin_url']}{path}"
                queue_import(tenant.session, Import(uri, IdType.Email, "IdName", {"City": "City"}))
            case "changed":
                emulator.storage.replace(path, BytesIO(source("bob@contoso.com", City="Rome")))
            case _:
                emulator.storage.delete_file(path)
        done = Cleaner(tenant, library, record, Clock()).run(plan, lambda *_: None)
        (item,) = [item for item in done.items if item.kind is Kind.source]
        words = {"queued": "a job that was queued meanwhile", "changed": "has changed in the tenant", "removed": ""}
        assert words[meanwhile] in item.because
        assert item.step is (Step.removed if meanwhile == "removed" else Step.refused)
        assert emulator.storage.exists(path) is (meanwhile != "removed")


def test_a_job_that_is_queued_while_source_files_are_removed_keeps_its_file(
    upa: Callable[..., Ran], old: OldJobs, begin: Callable[..., AbstractContextManager[RunningEmulator]], tmp_path: Path
) -> None:
    old.ran(110)
    old.ran(100)
    root = tmp_path / "upa-data" / "contoso"
    with begin() as emulator:
        assert upa("pull").code == 0
        library, tenant, clock = WritableLibrary(root / "library"), _tenant(emulator), FastClock()
        planner = Planner(tenant, library, load(Library(library.root), root / "history"))
        plan = planner.run(Choice(TODAY), lambda *_: None)

        def progress(done: int, total: int, doing: str) -> None:  # noqa: ARG001 - of the protocol
            if doing == _day(110):  # the first source file; it takes an hour
                uri = f"{emulator.ready['admin_url']}{FOLDER}/{_day(100)}"
                queue_import(tenant.session, Import(uri, IdType.Email, "IdName", {"City": "City"}))
                clock.waited.append(3_600)

        done = Cleaner(tenant, library, CleanRecord(root / "cleaned.ndjson"), clock).run(plan, progress)
        assert [item.because for item in done.refused] == ["a job that was queued meanwhile names it"]
        assert left_in(emulator) == [_day(100)]


def test_a_file_of_an_import_stays_until_its_job_has_ended_as_far_as_a_pull_has_seen(
    upa: Callable[..., Ran], old: OldJobs, begin: Callable[..., AbstractContextManager[RunningEmulator]], tmp_path: Path
) -> None:
    job_id = old.ran(100)
    with begin() as emulator:
        assert upa("pull").code == 0
        record_of(tmp_path, emulator.ready["admin_url"], sent=1, names=(_day(100),))  # as which job is unknown
        ran = upa("clean", "--yes", "--json")
        assert _because(ran) == ["an import that hasn't ended needs it"]
        assert left_in(emulator) == [_day(100)]
        record_of(tmp_path, emulator.ready["admin_url"], job_id, sent=1, names=(_day(100),))
        assert upa("clean", "--yes", "--json").json["kept"] == []
        assert left_in(emulator) == []


def test_an_item_at_which_a_request_fails_is_looked_at_again_by_the_next_clean(
    upa: Callable[..., Ran], only_tenant: LoopbackTenant, tmp_path: Path
) -> None:
    job_id = only_tenant.add_job(1)
    only_tenant.add_log(job_id, b"IdentityNotResolvable\teve@contoso.com\tUnknown\r\n", time="20260101-020000-000")
    only_tenant.files[f"{FOLDER}/feed.json"] = source("eve@contoso.com", City="Oslo")
    fails = True

    def recycle(seen: Seen) -> Given | None:
        if not seen.path.endswith("/recycle()"):
            return Given(body=b'{"value": []}') if "/Folders?" in seen.path else None
        path = unquote(seen.path).partition("decodedUrl='")[2].partition("')")[0]
        there = only_tenant.files.pop(path, None)
        if path.endswith(".log") and fails:
            return Given(500, b"")  # it was removed, and the answer was lost
        return Given(body=b'{"value": "ID"}') if there or path.endswith("-Logs") else None

    only_tenant.faults = recycle
    assert upa("pull").code == 0
    ran = upa("clean", "--yes", "--json")
    assert ran.code == 4, ran.err
    record = CleanRecord(tmp_path / "upa-data" / "contoso" / "cleaned.ndjson")
    assert [item.kind for item in record.unfinished()] == [Kind.log]
    assert [item["kind"] for item in ran.json["items"] if item["step"] == "removed"] == ["source"]
    fails = False
    ran = upa("clean", "--yes", "--json")
    assert ran.code == 0, ran.err
    assert record.unfinished() == []
    assert {item.kind for item in record.removed_of(job_id)} == {Kind.log, Kind.source}


@pytest.mark.parametrize(("jobs", "is_warned"), [(3_499, False), (3_500, True)])
def test_a_job_list_that_grows_towards_the_threshold_is_a_warning(
    upa: Callable[..., Ran], only_tenant: LoopbackTenant, jobs: int, is_warned: bool
) -> None:
    only_tenant.add_job(1, state=4, error=0)
    assert upa("pull").code == 0
    for number in range(2, jobs + 1):
        only_tenant.add_job(number, state=4, error=0)
    ran = upa("clean")
    assert f"The tenant's job list has {jobs:,} jobs." in " ".join(ran.out.split())
    assert ("SharePoint probably refuses it for good" in " ".join(ran.out.split())) is is_warned
    assert ("No program can shorten the list" in ran.err) is is_warned


def test_without_the_job_list_nothing_is_removed(upa: Callable[..., Ran], only_tenant: LoopbackTenant) -> None:
    job_id = only_tenant.add_job(1)
    only_tenant.add_log(job_id, b"IdentityNotResolvable\teve@contoso.com\tUnknown\r\n", time="20260101-020000-000")
    assert upa("pull").code == 0
    code = "-2147024860, Microsoft.SharePoint.SPQueryThrottledException"
    refused = json.dumps({"odata.error": {"code": code, "message": {"value": "Too many."}}}).encode()
    only_tenant.faults = lambda seen: Given(500, refused) if seen.path.endswith("PropertyJobs") else None
    ran = upa("clean", "--yes")
    assert (ran.code, ran.out) == (4, "")
    assert "exceeds the list view threshold" in ran.err
    assert not [seen for seen in only_tenant.seen if "recycle" in seen.path]


def test_after_removing_it_says_whether_the_job_list_is_shorter(
    upa: Callable[..., Ran], old: OldJobs, begin: Callable[..., AbstractContextManager[RunningEmulator]]
) -> None:
    old.ran(100)
    with begin():
        assert upa("pull").code == 0
        out = " ".join(upa("clean", "--yes").out.split())
        assert "The tenant's job list has 1 job. Removing files hasn't shortened the list." in out


class DiedError(BaseException):
    """The process ends."""


class _Dying(CleanRecord):
    """A record whose process ends before or after a line is written."""

    def __init__(self, path: Path, last: int, *, written: bool) -> None:
        super().__init__(path)
        self.left, self._written = last, written

    def add(self, item: CleanedItem) -> None:
        self.left -= 1
        if self.left > 0 or self._written:
            super().add(item)
        if self.left <= 0:
            raise DiedError


@pytest.mark.parametrize("written", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", range(1, 7))
def test_a_clean_that_dies_at_any_step_is_completed_by_the_next(  # noqa: PLR0913, PLR0917 - fixtures and cases
    upa: Callable[..., Ran],
    old: OldJobs,
    begin: Callable[..., AbstractContextManager[RunningEmulator]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: int,
    written: bool,
) -> None:
    job_id = old.ran(100)
    with begin() as emulator:
        assert upa("pull").code == 0
        with monkeypatch.context() as patched:
            patched.setattr(
                "analyzer.storage.clean_record.CleanRecord",
                lambda path: _Dying(path, step, written=written),
            )
            with pytest.raises(DiedError):
                upa("clean", "--yes")
        assert upa("pull", "--all", "--json").json["left_out"] == []
        ran = upa("clean", "--yes")
        assert ran.code == 0, ran.err
        assert left_in(emulator) == []
        assert upa("pull", "--all", "--json").json["left_out"] == []
    record = CleanRecord(tmp_path / "upa-data" / "contoso" / "cleaned.ndjson")
    assert sorted(item.kind for item in record.removed_of(job_id)) == sorted(Kind)
    assert record.unfinished() == []
