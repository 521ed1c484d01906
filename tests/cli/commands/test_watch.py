"""``upa-analyzer watch`` on a tenant whose time passes only while the command waits."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.emulator import start
from analyzer.storage.import_record import ImportPart, ImportRecord, feed_folder, write_import
from analyzer.storage.lock import is_held
from tests.conftest import FOLDER, Given
from tests.emulator.client import Client, job, source, write_library

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    from tests.conftest import FastClock, LoopbackTenant, Ran, Seen

LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC (.*)")
OVER_THRESHOLD = Given(
    500, b'{"odata.error": {"code": "-2147024860, Microsoft.SharePoint.SPQueryThrottledException", "message": {}}}'
)


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_waiting: FastClock) -> Iterator[Client]:
    """A local test tenant with one job that has ended; its clock is the command's."""
    with (
        Client(start(write_library(tmp_path / "tenant", job()), clock=no_waiting.monotonic)) as client,
        client.emulator,
    ):
        ready = client.emulator.ready
        tenant = f'admin_url = "{ready["admin_url"]}"\nauth = "token"\nca_file = "{ready["ca_file"]}"\n'
        (tmp_path / "upa-analyzer.toml").write_text(f"[tenants.contoso]\n{tenant}", encoding="utf-8")
        monkeypatch.setenv("UPA_TOKEN", ready["token"])
        yield client


def _queued(client: Client, name: str, user: str = "ada@contoso.com") -> str:
    client.upload(name, source(user, City="Bonn"))
    return client.queue(name)


def _changes(ran: Ran) -> list[str]:
    return [found[1] for line in ran.out.splitlines() if (found := LINE.fullmatch(line))]


def _by_time(clock: FastClock, tenant: LoopbackTenant, *states: tuple[float, int | None]) -> None:
    """Lets the only job of the tenant have these states from these seconds on; None for not listed."""
    only = tenant.jobs[0]

    def change(_seen: Seen) -> None:
        state = [state for since, state in states if since <= clock.monotonic()][-1]
        tenant.jobs = [] if state is None else [only | {"State": state}]

    tenant.faults = change


def test_a_pipe_gets_a_line_for_each_change_and_ends_with_0(upa: Callable[..., Ran], client: Client) -> None:
    job_id = _queued(client, "hr-feed-2026-11-29.json")
    ran = upa("watch")
    assert ran.code == 0, ran.err
    name = f"hr-feed {job_id[:8]}"
    assert _changes(ran) == [
        f"{name}: Submitted",
        f"{name}: Processing after at least 60 s in Submitted",
        f"{name}: Queued after 30 s in Processing",
        f"{name}: Succeeded after 30 s in Queued",
    ]
    assert ran.out.splitlines()[-1] == "1 of 1 job succeeded."


def test_a_job_with_failures_is_named_and_ends_with_1(upa: Callable[..., Ran], client: Client) -> None:
    good, bad = _queued(client, "hr-feed.json"), _queued(client, "badges.json", "nobody@contoso.com")
    ran = upa("watch", good[:8], bad[:8])
    assert ran.code == 1
    last = " ".join(ran.out.splitlines()[-2:])
    assert last.endswith(f"1 of 2 jobs succeeded; failed: badges {bad[:8]} (Error: ImportCompleteWithError).")
    assert "next: upa-analyzer run" in ran.err


def test_without_a_job_that_runs_there_is_nothing_to_watch(upa: Callable[..., Ran], client: Client) -> None:
    assert client.jobs()
    ran = upa("watch")
    assert (ran.code, ran.out) == (0, "There is no job to wait for.\n")
    assert upa("watch", "--json").json == {"jobs": [], "run": None}


@pytest.mark.usefixtures("client")
def test_a_job_that_has_ended_can_be_named(upa: Callable[..., Ran]) -> None:
    ran = upa("watch", "{5F05E38C", "--once")
    assert ran.code == 1
    assert "failed: hr 5f05e38c (Error: ImportCompleteWithError)" in ran.out
    assert upa("watch", "6f05e38c").code == 5


def test_once_shows_the_state_and_ends_with_0_while_jobs_run(
    upa: Callable[..., Ran], client: Client, no_waiting: FastClock
) -> None:
    job_id = _queued(client, "hr-feed.json")
    ran = upa("watch", "--once")
    assert (ran.code, no_waiting.waited) == (0, [])
    assert ran.out.splitlines()[1].split() == [job_id[:8], "hr-feed", "Submitted", "-", "-"]
    assert ran.out.splitlines()[-1] == f"0 of 1 job succeeded; still running: hr-feed {job_id[:8]} (Submitted)."
    (found,) = upa("watch", "--once", "--json").json["jobs"]
    assert (found["job_id"], found["state"], found["ended"], found["succeeded"]) == (job_id, "Submitted", False, None)


def test_the_time_that_is_up_names_what_still_runs_and_ends_with_1(upa: Callable[..., Ran], client: Client) -> None:
    job_id = _queued(client, "hr-feed.json")
    ran = upa("watch", job_id[:8], "--timeout", "90s", "--then", "report")
    assert ran.code == 1
    assert not Path("upa-data/contoso/reports").exists()
    assert f"still running: hr-feed {job_id[:8]} (Queued)" in ran.out
    assert ran.err.splitlines()[-1] == (
        f"upa-analyzer: 1 job is still running after 90 s. `upa-analyzer watch {job_id[:8]}` watches again."
    )
    assert upa("watch", "--timeout", "soon").code == 2


def test_json_is_one_object_at_the_end(upa: Callable[..., Ran], client: Client) -> None:
    _queued(client, "hr-feed.json", "nobody@contoso.com")
    ran = upa("watch", "--json")
    (found,) = ran.json["jobs"]
    assert ran.code == 1
    assert (found["feed"], found["state"], found["error"]) == ("hr-feed", "Error", "ImportCompleteWithError")
    assert (found["ended"], found["succeeded"], found["no_longer_listed"]) == (True, False, False)
    documented = (Path(__file__).parents[3] / "docs/commands.md").read_text("utf-8").split("\n| `watch` |")[1]
    assert {*found, *ran.json} <= set(re.findall(r"`([^`]+)`", documented.splitlines()[0]))


def test_then_report_pulls_and_writes_the_report_and_holds_the_folder_only_for_that(
    upa: Callable[..., Ran], client: Client, no_waiting: FastClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    _queued(client, "hr-feed-2026-11-29.json", "nobody@contoso.com")
    held: list[bool] = []

    def wait(seconds: float, _stopped: threading.Event) -> None:
        held.append(is_held(Path("upa-data/contoso")))
        no_waiting.waited.append(seconds)

    monkeypatch.setattr(no_waiting, "wait", wait)
    ran = upa("watch", "--then", "report")
    assert ran.code == 1
    assert held
    assert not any(held)
    assert "hr-feed: 1 of 1 user not updated" in ran.out
    assert Path(ran.out.splitlines()[-1]).is_file()


def test_ctrl_c_names_what_still_runs_and_how_to_go_on(
    upa: Callable[..., Ran], client: Client, no_waiting: FastClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = _queued(client, "hr-feed.json")

    def wait(seconds: float, _stopped: threading.Event) -> None:
        if no_waiting.monotonic() > 60:
            raise KeyboardInterrupt
        no_waiting.waited.append(seconds)

    monkeypatch.setattr(no_waiting, "wait", wait)
    ran = upa("watch", job_id[:8], "--tenant", "contoso")
    assert ran.code == 130
    assert ran.err.splitlines() == [
        f"upa-analyzer: interrupted; still running: hr-feed {job_id[:8]} (Processing).",
        f"              The imports go on. `upa-analyzer watch {job_id[:8]} --tenant contoso` watches again.",
    ]


def test_a_job_that_vanishes_is_no_longer_listed_and_ends_with_1(
    upa: Callable[..., Ran], only_tenant: LoopbackTenant, no_waiting: FastClock
) -> None:
    only_tenant.add_job(1, 2, 0)
    _by_time(no_waiting, only_tenant, (0, 2), (300, None))
    ran = upa("watch")
    assert ran.code == 1
    assert _changes(ran)[-1] == "feed 00000001: no longer listed after at least 5 minutes in Processing"
    assert "failed: feed 00000001 (no longer listed)" in ran.out


def test_temporary_failures_are_remarks(
    upa: Callable[..., Ran], only_tenant: LoopbackTenant, no_waiting: FastClock
) -> None:
    only_tenant.add_job(1, 2, 0)
    _by_time(no_waiting, only_tenant, (0, 2), (900, 4))
    change = only_tenant.faults

    def fault(seen: Seen) -> Given | None:
        change(seen)
        return Given(503, b"{}", {"Retry-After": "20"}) if 100 < no_waiting.monotonic() < 400 else None

    only_tenant.faults = fault
    ran = upa("watch", "--timeout", "1h")
    assert ran.code == 0
    assert ran.err.count("Still watching") == 1
    assert ran.err.count("The tenant answers again") == 1


def test_a_refusal_ends_with_3(upa: Callable[..., Ran], only_tenant: LoopbackTenant, no_waiting: FastClock) -> None:
    only_tenant.add_job(1, 2, 0)
    only_tenant.faults = lambda _seen: Given(403, b"{}") if no_waiting.monotonic() > 100 else None
    assert upa("watch").code == 3


def test_a_job_list_that_is_refused_needs_whole_ids(upa: Callable[..., Ran], only_tenant: LoopbackTenant) -> None:
    job_id = only_tenant.add_job(1, 4, 0)
    only_tenant.fail("GetImportProfilePropertyJobs", OVER_THRESHOLD)
    ran = upa("watch", job_id[:8])
    assert (ran.code, "specify the whole ID" in ran.err) == (5, True)
    ran = upa("watch", job_id)
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "1 of 1 job succeeded.")


def _record(folder: Path, tenant: LoopbackTenant, number: int, **part: object) -> None:
    """Notes an import of ours, with one part."""
    made = datetime(2026, 11, number, 2, tzinfo=UTC)
    name = f"hr-feed-202611{number:02d}-020000-1a2b3c4d.json"
    one = ImportPart(name=name, file=name, bytes=1, sha256="", records=1, queueing_at=made, queued_at=made, **part)  # type: ignore[arg-type]
    record = ImportRecord(
        program="upa-analyzer 0",
        import_id=f"202611{number:02d}-020000-1a2b3c4d",
        feed="hr-feed",
        created_at=made,
        path="hr-feed.json",
        bytes=1,
        sha256="",
        folder=tenant.origin + FOLDER,
        id_type="Email",
        id_property="mail",
        property_map={},
        parts=[one],
    )
    write_import(feed_folder(folder / "upa-data/contoso/imports", "hr-feed"), record)


def test_what_was_queued_and_not_seen_to_end_is_watched_too(
    upa: Callable[..., Ran], only_tenant: LoopbackTenant, tmp_path: Path
) -> None:
    ended = only_tenant.add_job(1, 4, 0)
    _record(tmp_path, only_tenant, 1, job_id=ended)
    _record(tmp_path, only_tenant, 2, job_id="00000002-bd0e-49ec-8c9c-c4cfe370248c")
    _record(
        tmp_path,
        only_tenant,
        3,
        job_id="00000003-bd0e-49ec-8c9c-c4cfe370248c",
        ended_at=datetime(2026, 11, 3, 3, tzinfo=UTC),
    )
    ran = upa("watch")
    assert ran.code == 1
    assert "1 of 2 jobs succeeded; failed: hr-feed 00000002 (no longer listed)." in ran.out


def test_a_feeds_usual_time_is_that_of_the_imports_that_were_queued(
    upa: Callable[..., Ran], only_tenant: LoopbackTenant, no_waiting: FastClock, tmp_path: Path
) -> None:
    for number in range(1, 8):
        ended = datetime(2026, 11, number, 2, 20 + number, tzinfo=UTC)
        _record(tmp_path, only_tenant, number, job_id=f"1000000{number}-bd0e-49ec-8c9c-c4cfe370248c", ended_at=ended)
    running = only_tenant.add_job(2, 2, 0, name="hr-feed-20261129-020000-1a2b3c4d.json")
    _by_time(no_waiting, only_tenant, (0, 2), (9000, 4))
    ran = upa("watch", running[:8])
    assert ran.code == 0
    assert "hr-feed 00000002: slow, running for 57 minutes, usually 24 minutes" in _changes(ran)
    assert upa("watch", running[:8], "--once", "--json").json["jobs"][0]["usual"] == 24 * 60


NARROW = """\
job       feed                      state      time in state
JOBJOBJO  badges-of-all-our-emplo…  Submitted  -
As of TIME UTC. Next look in 10 s.
Ctrl-C stops watching, not the imports.
"""
WIDE = """\
job       feed                                   state      time in state  usual time  note
JOBJOBJO  badges-of-all-our-employees-in-europe  Submitted  -              -
As of TIME UTC. Next look in 10 s.
Ctrl-C stops watching, not the imports.
"""


def test_a_job_that_was_stuck_before_is_waited_for_only_if_it_is_named(
    upa: Callable[..., Ran], only_tenant: LoopbackTenant, no_waiting: FastClock
) -> None:
    only_tenant.add_job(1, 2, 0, name="hr-feed-2026-11-02.json")
    only_tenant.add_job(2, 4, 0, name="hr-feed-2026-11-03.json")
    ran = upa("watch", "--timeout", "60s")
    assert (ran.code, no_waiting.waited) == (0, [])
    assert ran.err == "Stuck, and not waited for unless you name it as JOB: hr-feed 00000001.\n"
    assert upa("watch", "00000001", "--timeout", "60s").code == 1
    assert upa("watch", "--once").out.splitlines()[1].split()[-1] == "stuck"


@pytest.mark.parametrize(("width", "first"), [(60, NARROW), (200, WIDE)])
def test_a_terminal_shows_a_table_that_fits(
    upa: Callable[..., Ran], client: Client, monkeypatch: pytest.MonkeyPatch, width: int, first: str
) -> None:
    job_id = _queued(client, "badges-of-all-our-employees-in-europe.json", "nobody@contoso.com")
    monkeypatch.setattr(sys.stdout.__class__, "isatty", lambda _self: True, raising=False)
    for variable, value in {"TERM": "xterm", "COLUMNS": str(width), "LINES": "24", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(variable, value)
    ran = upa("watch")
    text = re.sub(r"(?:\x1b\[[0-9;?]*[A-Za-z]|\r)+", "\n", ran.out).lstrip().replace(job_id[:8], "JOBJOBJO")
    text = re.sub(r"\n+", "\n", re.sub(r"\d\d:\d\d:\d\d", "TIME", text))
    assert ran.code == 1
    assert text.startswith(first)
    assert "Processing  at least 10 s" not in text
    assert re.search(r"Queued +10 s\b", text)
    assert max(map(len, text.splitlines())) <= width
    assert text.splitlines()[-1].endswith("ImportCompleteWithError).")
