"""Each scenario, over the socket, by a clock that stands still."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.emulator import EmulatorError, start
from analyzer.emulator.jobs import PICK_UP, VALIDATION, WRITING
from analyzer.emulator.scenarios import SCENARIOS
from analyzer.model.service import JobError, State
from tests.emulator.client import JOB_ID, LOG_NAME, LOGS, Client, StandingClock, error_of, names, source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ALL = PICK_UP + VALIDATION + WRITING
EMPTY = "00000000-0000-0000-0000-000000000000"
SECRET = "made-up-secret"


@pytest.fixture
def tenant_in(library: Path, clock: StandingClock) -> Iterator[Callable[..., Client]]:
    """Starts a tenant in these scenarios; gives a client of it."""
    opened: list[Client] = []

    def begin(*scenarios: str) -> Client:
        client = Client(start(library, clock=clock, scenarios=scenarios))
        opened.append(client)
        return client

    yield begin
    for client in opened:
        client.http.close()
        client.emulator.close()


def _queued(client: Client, *users: str) -> str:
    """A job of these users, whose id the list has."""
    client.upload("new.json", source(*users, City="Bonn"))
    client.queue()
    return next(str(job["JobId"]) for job in client.jobs() if job["JobId"] != JOB_ID)


def _state(client: Client, job_id: str) -> State:
    return State(client.job(job_id)["State"])


def _log(client: Client, job_id: str) -> bytes:
    folder = client.job(job_id)["LogFolderUri"].removeprefix(client.origin)
    (name,) = names(client.send("GET", _call(folder) + "/Files"))
    return client.send("GET", _call(f"{folder}/{name}", "File") + "/$value").content


def _call(path: str, kind: str = "Folder") -> str:
    return f"/_api/web/get{kind}ByServerRelativePath(decodedUrl='{path}')"


def test_an_unknown_scenario_is_said_with_those_that_there_are(library: Path) -> None:
    with pytest.raises(EmulatorError, match="unknown scenario sulky; choose from slow-pick-up, stuck, "):
        start(library, scenarios=["sulky"])


def test_slow_pick_up_takes_an_hour(tenant_in: Callable[..., Client], clock: StandingClock) -> None:
    client = tenant_in("slow-pick-up")
    job_id = _queued(client, "ada@contoso.com")
    clock.now += 3599
    assert _state(client, job_id) is State.Submitted
    clock.now += 1
    assert _state(client, job_id) is State.Processing


def test_stuck_jobs_never_leave_processing(tenant_in: Callable[..., Client], clock: StandingClock) -> None:
    client = tenant_in("stuck")
    job_id = _queued(client, "ada@contoso.com")
    clock.now += 10 * 86400
    assert _state(client, job_id) is State.Processing


def test_an_internal_error_leaves_no_log_and_updates_nobody(
    tenant_in: Callable[..., Client], clock: StandingClock
) -> None:
    client = tenant_in("internal-error")
    job_id = _queued(client, "ada@contoso.com", "eve@contoso.com")
    clock.now += ALL
    ended = client.job(job_id)
    assert (ended["State"], ended["Error"]) == (State.Error, JobError.InternalError)
    assert ended["ErrorMessage"] == "Failed to import the custom properties due to an unexpected error."
    assert ended["LogFolderUri"] == ""
    assert names(client.folder("/Folders")) == [f"hr-{JOB_ID}-Logs"]


def test_the_empty_guid_is_answered_though_the_job_runs(tenant_in: Callable[..., Client], clock: StandingClock) -> None:
    client = tenant_in("empty-guid")
    client.upload("new.json", source("ada@contoso.com"))
    assert client.queue() == EMPTY
    clock.now += ALL
    assert [job["State"] for job in client.jobs()] == [State.Error, State.Succeeded]
    assert client.job_call("GetImportProfilePropertyJob", {"jobId": EMPTY}).status_code == 404


def test_nameless_logs_have_entries_without_identities(tenant_in: Callable[..., Client], clock: StandingClock) -> None:
    client = tenant_in("nameless-logs")
    job_id = _queued(client, "eve@contoso.com", "ada@contoso.com", "ADA@contoso.com")
    clock.now += ALL
    lines = _log(client, job_id).decode("utf-8-sig").splitlines()
    assert lines[0] == "IdentityNotResolvable\t\tUser identity cannot be resolved"
    assert lines[1].startswith("GenericError\t\tSystem.")
    assert lines[2].startswith("   at ")


def test_a_growing_log_is_longer_each_time_and_whole_at_the_end(
    tenant_in: Callable[..., Client], clock: StandingClock
) -> None:
    client = tenant_in("growing-logs")
    job_id = _queued(client, "eve@contoso.com", "mallory@contoso.com")
    clock.now += PICK_UP + VALIDATION
    readings = []
    while _state(client, job_id) is State.Processing:
        readings.append(_log(client, job_id))
        clock.now += VALIDATION
    whole = _log(client, job_id)
    assert _state(client, job_id) is State.Error
    assert len(readings) == 3
    assert [len(reading) for reading in readings] == [len(whole) * part // 4 for part in (1, 2, 3)]
    assert all(whole.startswith(reading) for reading in readings)
    assert whole.decode("utf-8-sig").count("\r\n") == 2


def test_a_job_without_failures_has_no_log_to_grow(tenant_in: Callable[..., Client], clock: StandingClock) -> None:
    client = tenant_in("growing-logs")
    job_id = _queued(client, "ada@contoso.com")
    clock.now += ALL
    assert (_state(client, job_id), client.job(job_id)["LogFolderUri"]) == (State.Succeeded, "")


def test_localized_messages_have_other_words_and_quotes(tenant_in: Callable[..., Client], clock: StandingClock) -> None:
    client = tenant_in("localized")
    client.upload("new.json", b'{"value": [{"IdName": "ada@contoso.com", "Floor": "1"}, {"City": "Bonn"}]}')
    job_id = client.queue()
    clock.now += ALL
    first, second = _log(client, job_id).decode("utf-8-sig").splitlines()
    assert first.startswith("InvalidProperty\tada@contoso.com\tDie Eigenschaft „Floor“ ist keiner")
    assert second == "MissingIdentity\t\tIm Benutzerobjekt fehlt die Identität."
    assert client.job(job_id)["ErrorMessage"] == "Die Datenquelldatei ist ungültig."


def test_utf_16_logs_have_their_byte_order_mark(tenant_in: Callable[..., Client], clock: StandingClock) -> None:
    client = tenant_in("utf-16")
    job_id = _queued(client, "eve@contoso.com")
    clock.now += ALL
    log = _log(client, job_id)
    assert log.startswith(b"\xff\xfe")
    assert log.decode("utf-16") == "IdentityNotResolvable\teve@contoso.com\tUser identity cannot be resolved\r\n"


def test_logs_elsewhere_lie_in_another_site_collection(tenant_in: Callable[..., Client], clock: StandingClock) -> None:
    client = tenant_in("logs-elsewhere")
    job_id = _queued(client, "eve@contoso.com")
    clock.now += ALL
    folder = f"/sites/import-logs/Shared Documents/new-{job_id}-Logs"
    assert client.job(job_id)["LogFolderUri"] == client.origin + folder
    assert b"eve@contoso.com" in _log(client, job_id)
    # The web of the source file does not answer for it.
    assert error_of(client.folder("/Files", path=folder))[0] == 400


def test_logs_in_a_subweb_are_that_web_s_alone_to_give(tenant_in: Callable[..., Client], clock: StandingClock) -> None:
    client = tenant_in("logs-in-subweb")
    job_id = _queued(client, "eve@contoso.com")
    clock.now += ALL
    uri = client.job(job_id)["LogFolderUri"]
    assert uri == f"{client.origin}/sites/hr/import-logs/Shared Documents/new-{job_id}-Logs"
    folder = uri.removeprefix(client.origin)
    assert error_of(client.folder("/Files", path=folder))[0] == 404
    body = json.dumps({"pageFullUrl": uri}).encode()
    web = client.send("POST", "/sites/hr/_api/SP.Web.GetWebUrlFromPageUrl", body=body).json()["value"]
    assert web == f"{client.origin}/sites/hr/import-logs"
    assert len(names(client.send("GET", f"{web}{_call(folder)}/Files"))) == 1
    assert names(client.folder("/Files")) == ["hr.json", "new.json"]


def test_a_large_library_is_listed_by_no_call_but_its_folders_are(tenant_in: Callable[..., Client]) -> None:
    client = tenant_in("large-library")
    for call in ("/Files", "/Folders"):
        answer = client.folder(call)
        assert error_of(answer) == (
            500,
            "The attempted operation is prohibited because it exceeds the list view threshold.",
        )
        assert (
            next(iter(answer.json().values()))["code"] == "-2147024860, Microsoft.SharePoint.SPQueryThrottledException"
        )
    assert names(client.folder("/Files", path=LOGS)) == [LOG_NAME]
    assert client.file("/$value").status_code == 200
    assert client.upload("new.json", source("ada@contoso.com")).status_code == 200


def test_a_job_list_that_is_too_long_is_refused_for_good_while_single_jobs_answer(
    tenant_in: Callable[..., Client],
) -> None:
    client = tenant_in("job-list-too-long")
    client.upload("new.json", source("ada@contoso.com"))
    calls: list[tuple[str, dict[str, object] | None]] = [
        ("GetImportProfilePropertyJobs", None),
        ("GetImportProfilePropertyJobs", None),
        ("QueueImportProfileProperties", client.import_of("new.json")),
    ]
    for name, body in calls:
        answer = client.job_call(name, body)
        assert answer.status_code == 500
        (error,) = answer.json().values()
        assert error["code"] == "-2147024860, Microsoft.SharePoint.SPQueryThrottledException"
        assert error["message"]["value"] == (
            "The attempted operation is prohibited because it exceeds the list view threshold."
        )
        assert "Retry-After" not in answer.headers
    assert client.job(JOB_ID)["State"] == State.Error
    assert client.emulator.jobs.listed()[-1].job_id == JOB_ID


def test_strict_tokens_are_good_for_one_host_alone(tenant_in: Callable[..., Client], client: Client) -> None:
    strict = tenant_in("strict-tokens")
    for asked, expected in ((client, 200), (strict, 401)):
        elsewhere = asked.origin.replace("localhost", "127.0.0.1")
        answer = asked.send("GET", f"{elsewhere}/_api/web")
        assert answer.status_code == expected
        assert asked.send("GET", "/_api/web").status_code == 200
    assert answer.json() == {"error_description": f"Invalid audience Uri '{strict.origin}'."}
    assert answer.headers["x-ms-diagnostics"].startswith("3000003;reason=")


def test_strict_tokens_are_not_got_by_a_secret(tenant_in: Callable[..., Client], client: Client) -> None:
    strict = tenant_in("strict-tokens")
    for asked, expected in ((client, 200), (strict, 401)):
        asked.emulator.application.secrets.add(SECRET)
        form = {
            "client_id": asked.emulator.ready["client_id"],
            "client_secret": SECRET,
            "grant_type": "client_credentials",
            "scope": f"{asked.origin}/.default",
        }
        address = f"{asked.origin}/{asked.emulator.ready['tenant_id']}/oauth2/v2.0/token"
        told = asked.http.post(address, data=form, verify=asked.emulator.ready["ca_file"], timeout=60).json()
        answer = asked.send("GET", "/_api/web", token=told["access_token"])
        assert answer.status_code == expected
    assert answer.json() == {"error_description": "Unsupported app only token."}


def test_scenarios_may_be_combined(tenant_in: Callable[..., Client], clock: StandingClock) -> None:
    client = tenant_in("utf-16", "nameless-logs", "localized", "empty-guid", "logs-elsewhere")
    job_id = _queued(client, "eve@contoso.com")
    clock.now += ALL
    told = "IdentityNotResolvable\t\tDie Benutzeridentität kann nicht aufgelöst werden.\r\n"
    assert _log(client, job_id).decode("utf-16") == told


def test_each_scenario_is_in_the_documentation() -> None:
    told = (Path(__file__).parents[2] / "docs/reference/emulator.md").read_text(encoding="utf-8")
    assert [scenario for scenario in SCENARIOS if f"| `{scenario}` |" not in told] == []
