"""Our own commands in each scenario: a plain, true answer, and the exit code of the contract."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.emulator import start
from analyzer.emulator.jobs import PICK_UP, VALIDATION, WRITING
from analyzer.errors import UnreachableError
from analyzer.model.service import IdType
from analyzer.tenant.http.session import Session
from analyzer.tenant.model import TenantAddress
from analyzer.tenant.sharepoint.files import list_folder
from analyzer.tenant.sharepoint.jobs import Import, queue_import
from analyzer.tenant.sharepoint.webs import Webs
from analyzer.tenant.signin import ReadyToken
from tests.emulator.client import FOLDER, JOB_ID, TENANT, Client, StandingClock, job, source, write_library
from tests.uploading import upload_content

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Ran

LATER = "6f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
ALL = PICK_UP + VALIDATION + WRITING


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def tenant_in(tmp_path: Path, clock: StandingClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Client]]:
    """Starts a tenant in these scenarios, the only one of the configuration."""
    opened: list[Client] = []

    def begin(*scenarios: str) -> Client:
        later = {"JobId": LATER, "State": 4, "Error": 0, "SourceUri": f"{TENANT}{FOLDER}/new-2026-11-09.json"}
        library = write_library(tmp_path / "tenant", job(), job(**later, LogFolderUri=""))
        client = Client(start(library, clock=clock, scenarios=scenarios))
        opened.append(client)
        ready = client.emulator.ready
        tenant = f'admin_url = "{ready["admin_url"]}"\nauth = "token"\nca_file = "{ready["ca_file"]}"\n'
        (tmp_path / "upa-analyzer.toml").write_text(f"[tenants.contoso]\n{tenant}", encoding="utf-8")
        monkeypatch.setenv("UPA_TOKEN", ready["token"])
        return client

    yield begin
    for client in opened:
        client.http.close()
        client.emulator.close()


def _queued(client: Client, *users: str, name: str = "new.json") -> str:
    client.upload(name, source(*users, City="Bonn"))
    return client.queue(name)


def _job(upa: Callable[..., Ran], job_id: str) -> dict[str, Any]:
    content: dict[str, Any] = upa("show", job_id, "--json").json
    return content


def test_a_job_that_waits_for_its_hour_is_running(
    upa: Callable[..., Ran], tenant_in: Callable[..., Client], clock: StandingClock
) -> None:
    job_id = _queued(tenant_in("slow-pick-up"), "eve@contoso.com")
    clock.now += 3599
    assert upa("pull").code == 0
    content = _job(upa, job_id)
    assert (content["state"], content["outcome"], content["not_updated"]) == ("Submitted", "running", None)
    clock.now += 1 + ALL
    upa("pull")
    assert _job(upa, job_id)["outcome"] == "partial"


def test_a_job_that_never_ends_is_running_and_stuck_once_a_later_run_has_overtaken_it(
    upa: Callable[..., Ran], tenant_in: Callable[..., Client], clock: StandingClock
) -> None:
    client = tenant_in("stuck")
    first = _queued(client, "ada@contoso.com", name="new-2026-11-02.json")
    second = _queued(client, "ada@contoso.com", name="new-2026-11-16.json")
    clock.now += 86400
    ran = upa("run")
    assert ran.code == 0
    for job_id, outcome in ((first, "stuck"), (second, "running")):
        content = _job(upa, job_id)
        assert (content["state"], content["outcome"], content["not_updated"]) == ("Processing", outcome, None)
        assert [line for line in ran.out.splitlines() if line.lstrip().startswith(job_id[:8]) and outcome in line]


def test_an_internal_error_without_a_log_is_unknown_and_says_so(
    upa: Callable[..., Ran], tenant_in: Callable[..., Client], clock: StandingClock
) -> None:
    job_id = _queued(tenant_in("internal-error"), "ada@contoso.com")
    clock.now += ALL
    ran = upa("pull")
    assert (ran.code, f"{job_id[:8]}: no log: the tenant has no log folder for it" in ran.err) == (0, True)
    content = _job(upa, job_id)
    assert (content["error"], content["outcome"], content["not_updated"]) == ("InternalError", "unknown", None)
    ran = upa("show", job_id[:8])
    assert "log          none" in ran.out


def test_a_job_without_a_returned_id_is_found_by_its_source_file(
    upa: Callable[..., Ran], tenant_in: Callable[..., Client], clock: StandingClock
) -> None:
    client = tenant_in("empty-guid")
    client.upload("new.json", source("eve@contoso.com", City="Bonn"))
    wanted = Import(f"{client.origin}{FOLDER}/new.json", IdType.Email, "IdName", {"City": "City"})
    first = queue_import(_session(client), wanted)
    assert first == client.jobs()[-1]["JobId"]
    clock.now += ALL
    # Of the jobs of one file the new one is content by those that were there before.
    further = [queue_import(_session(client), wanted) for _ in range(2)]
    assert [first, *further] == [job["JobId"] for job in client.jobs()[-3:]]
    upa("pull")
    assert _job(upa, first)["outcome"] == "partial"


def test_a_log_without_identified_users_makes_no_retry_file_and_has_advice(
    upa: Callable[..., Ran], tenant_in: Callable[..., Client], clock: StandingClock
) -> None:
    job_id = _queued(tenant_in("nameless-logs"), "ada@contoso.com", "eve@contoso.com")
    clock.now += ALL
    upa("pull")
    content = _job(upa, job_id)
    assert (content["outcome"], content["entries"], content["named_users"]) == ("partial", 1, 0)
    ran = upa("retry", job_id[:8])
    assert ran.code == 5
    assert "no entry of the log identifies a user." in ran.err
    assert "mport the whole source file again" in ran.err


def test_a_log_that_still_grows_is_fetched_again(
    upa: Callable[..., Ran], tenant_in: Callable[..., Client], clock: StandingClock
) -> None:
    job_id = _queued(tenant_in("growing-logs"), *(f"nobody{number}@contoso.com" for number in range(40)))
    clock.now += PICK_UP + VALIDATION
    entries: list[tuple[str, int]] = []
    for _ in range(4):
        assert upa("pull").code == 0
        content = _job(upa, job_id)
        entries.append((content["outcome"], content["entries"]))
        clock.now += VALIDATION
    outcomes, counts = zip(*entries, strict=True)
    assert outcomes == ("running", "running", "running", "partial")
    assert list(counts) == sorted(set(counts))
    assert counts[-1] == 40


def test_a_running_job_s_retry_file_waits_for_its_end(
    upa: Callable[..., Ran], tenant_in: Callable[..., Client], clock: StandingClock
) -> None:
    job_id = _queued(tenant_in("growing-logs"), "ada@contoso.com", "eve@contoso.com")
    clock.now += PICK_UP + VALIDATION
    content = upa("run", "--json").json
    assert job_id not in [retry["job_id"] for retry in content["retries"]]
    clock.now += ALL
    content = upa("run", "--json").json
    assert [retry["job_id"] for retry in content["retries"] if retry["job_id"] == job_id] == [job_id]


@pytest.mark.parametrize("scenario", ["localized", "utf-16", "logs-elsewhere", "logs-in-subweb", "large-library"])
def test_a_log_reads_the_same_in_any_format_and_place(
    upa: Callable[..., Ran], tenant_in: Callable[..., Client], clock: StandingClock, scenario: str, tmp_path: Path
) -> None:
    client = tenant_in(scenario)
    client.upload("floors.json", b'{"value": [{"IdName": "ada@contoso.com", "Floor": "1"}, {"City": "Bonn"}]}')
    aborted = client.queue("floors.json")
    partial = _queued(client, "ada@contoso.com", "eve@contoso.com")
    clock.now += ALL
    assert upa("pull").code == 0
    content = _job(upa, aborted)
    assert content["outcome"] == "aborted"
    assert {failure["code"] for failure in content["failures"]} == {"InvalidProperty", "MissingIdentity"}
    assert [user["identity"] for user in _job(upa, partial)["users"]] == ["eve@contoso.com"]
    ran = upa("report")
    assert (ran.code, ran.err) == (0, "")
    page = tmp_path / Path(ran.out.splitlines()[-1]).parent / "jobs" / f"{aborted}.html"
    assert "property Floor" in page.read_text(encoding="utf-8")


def test_a_source_file_in_a_subweb_is_pulled(
    upa: Callable[..., Ran], tenant_in: Callable[..., Client], clock: StandingClock, tmp_path: Path
) -> None:
    client = tenant_in("logs-in-subweb")
    folder = client.emulator.storage.make_folder("/sites/hr/import-logs/Shared Documents").path
    upload_content(_session(client), client.origin, folder, "new.json", source("eve@contoso.com", City="Bonn"))
    client.queue("new.json", sourceUri=f"{client.origin}{folder}/new.json")
    clock.now += ALL
    content = upa("pull", "--json").json
    # The other job's source file never was in this library.
    assert [(left["job_id"], left["what"]) for left in content["left_out"]] == [(LATER, "source file")]
    assert (tmp_path / f"upa-data/contoso/library{folder}/new.json").is_file()


def test_an_unlistable_library_is_an_error_with_the_service_s_message(tenant_in: Callable[..., Client]) -> None:
    client = tenant_in("large-library")
    with pytest.raises(UnreachableError, match="exceeds the list view threshold") as error:
        list_folder(Webs(_session(client)), client.origin, FOLDER)
    assert error.value.exit_code == 4


def test_a_permanently_refused_job_list_is_for_microsoft_to_fix(
    upa: Callable[..., Ran], tenant_in: Callable[..., Client]
) -> None:
    tenant_in("job-list-too-long")
    refused = "SharePoint refuses the job list because it exceeds the list view threshold"
    first = upa("pull")
    assert (first.code, first.out) == (4, "")
    assert f"upa-analyzer: {refused}." in first.err
    assert "Temporary failure" not in first.err
    named = upa("pull", "--job", JOB_ID)
    assert (named.code, named.out.splitlines()[0].startswith("Pulled 1 new job, 1 log file")) == (4, True)
    ran = upa("run", "--json")
    assert (ran.code, ran.json["pulled"]["job_list_refused"]) == (4, True)
    assert f"upa-analyzer: {refused}. Only Microsoft can fix this: upa-analyzer doctor shows what to write" in ran.err
    assert "name them with upa-analyzer pull --job ID" in ran.err
    examined = upa("doctor", "--json")
    content = next(step for step in examined.json["steps"] if step["step"] == "job list")
    assert (examined.code, content["mark"], content["found"]) == (4, "bad", refused)
    assert "Only Microsoft can fix this. Open a support request" in content["advice"]
    assert "GetImportProfilePropertyJobs answers 500 with -2147024860" in content["advice"]
    assert "Request ID" in content["advice"]


def test_a_token_of_another_host_is_refused_in_the_service_s_words(
    upa: Callable[..., Ran], tenant_in: Callable[..., Client], tmp_path: Path
) -> None:
    client = tenant_in("strict-tokens")
    assert upa("pull").code == 0
    file = tmp_path / "upa-analyzer.toml"
    elsewhere = file.read_text(encoding="utf-8").replace("//localhost", "//127.0.0.1").replace("contoso", "fabrikam")
    file.write_text(elsewhere, encoding="utf-8")
    ran = upa("pull")
    assert ran.code == 3
    assert "the tenant refused the token at" in ran.err
    assert f"Invalid audience Uri '{client.origin}'" in ran.err


def test_an_unknown_scenario_is_a_usage_error(upa: Callable[..., Ran], tmp_path: Path) -> None:
    ran = upa("emulator", tmp_path, "--scenario", "sulky")
    assert ran.code == 2
    assert "there is no scenario 'sulky'" in ran.err
    assert "slow-pick-up" in ran.err


def _session(client: Client) -> Session:
    ready = client.emulator.ready
    address = TenantAddress(ready["admin_url"], ca_file=Path(ready["ca_file"]))
    return Session(address, ReadyToken({"TOKEN": ready["token"]}, ready["admin_url"], "TOKEN"))
