"""Imports from queueing to their end, over the socket, by a clock that stands still."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.emulator.import_run import ImportRun
from analyzer.emulator.jobs import PICK_UP, VALIDATION, WRITING
from analyzer.model.service import IdType, JobError, State
from tests.emulator.client import FOLDER, JOB_ID, Client, StandingClock, error_of, names, source

if TYPE_CHECKING:
    from analyzer.emulator import RunningEmulator
    from analyzer.emulator.import_run import Surroundings
    from analyzer.emulator.importing import ImportResult

ALL = PICK_UP + VALIDATION + WRITING


def _outcome(client: Client, job_id: str) -> tuple[State, JobError]:
    listed = client.job(job_id)
    return State(listed["State"]), JobError(listed["Error"])


def test_a_job_passes_the_documented_states_one_after_the_other(client: Client, clock: StandingClock) -> None:
    client.upload("new.json", source("ada@contoso.com", City="Bonn"))
    job_id = client.queue()
    states = [_outcome(client, job_id)[0]]
    for seconds in (PICK_UP, VALIDATION, WRITING):
        clock.now += seconds - 1
        states.append(_outcome(client, job_id)[0])
        clock.now += 1
        states.append(_outcome(client, job_id)[0])
    one, two, three = State.Submitted, State.Processing, State.Queued
    assert states == [one, one, two, two, three, three, State.Succeeded]


def test_an_import_writes_the_profiles_and_leaves_no_log(
    client: Client, emulator: RunningEmulator, clock: StandingClock
) -> None:
    client.upload("new.json", source("ADA@contoso.com", City="Bonn"))
    job_id = client.queue()
    clock.now += ALL
    ada = emulator.store.user(IdType.Email, "ada@contoso.com")
    assert ada is not None
    assert ada.values == {"City": "Bonn"}
    assert _outcome(client, job_id) == (State.Succeeded, JobError.NoError)
    assert client.job(job_id)["LogFolderUri"] == ""
    assert names(client.folder("/Folders")) == [f"hr-{JOB_ID}-Logs"]


def test_an_import_with_an_unknown_user_leaves_a_log_beside_the_source(client: Client, clock: StandingClock) -> None:
    client.upload("new.json", source("ada@contoso.com", "eve@contoso.com", City="Bonn"))
    job_id = client.queue()
    clock.now += ALL
    assert _outcome(client, job_id) == (State.Error, JobError.ImportCompleteWithError)
    folder = f"{FOLDER}/new-{job_id}-Logs"
    assert client.job(job_id)["LogFolderUri"] == client.origin + folder
    (name,) = names(client.folder("/Files", path=folder))
    assert re.fullmatch(rf"ImportProfileProperties-{job_id}-\d{{8}}-\d{{6}}-\d{{3}}\.log", name)
    log = client.file("/$value", path=f"{folder}/{name}").content.decode("utf-8-sig")
    assert log == "IdentityNotResolvable\teve@contoso.com\tUser identity cannot be resolved\r\n"


def test_the_log_appears_for_who_lists_the_folder_first(client: Client, clock: StandingClock) -> None:
    client.upload("new.json", source("eve@contoso.com"))
    job_id = client.queue()
    clock.now += ALL
    assert f"new-{job_id}-Logs" in names(client.folder("/Folders"))


def test_a_user_who_became_known_while_the_job_waited_is_written(
    client: Client, emulator: RunningEmulator, clock: StandingClock
) -> None:
    client.upload("new.json", source("eve@contoso.com", City="Bonn"))
    job_id = client.queue()
    emulator.add_user(mail="eve@contoso.com", object_id=JOB_ID, user_principal_name="eve@contoso.com")
    clock.now += ALL
    assert _outcome(client, job_id) == (State.Succeeded, JobError.NoError)


def test_a_user_who_became_known_after_the_end_is_too_late(
    client: Client, emulator: RunningEmulator, clock: StandingClock
) -> None:
    client.upload("new.json", source("eve@contoso.com", City="Bonn"))
    job_id = client.queue()
    clock.now += ALL
    emulator.add_user(mail="eve@contoso.com", object_id=JOB_ID, user_principal_name="eve@contoso.com")
    assert _outcome(client, job_id) == (State.Error, JobError.ImportCompleteWithError)


def test_the_source_counts_as_it_is_at_pick_up(client: Client, clock: StandingClock) -> None:
    job_id = client.queue()
    client.upload("new.json", source("ada@contoso.com", City="Bonn"))
    clock.now += PICK_UP
    client.upload("new.json", b"no JSON any more")
    clock.now += ALL
    assert _outcome(client, job_id) == (State.Succeeded, JobError.NoError)


def test_a_source_that_is_gone_at_pick_up_does_not_exist(client: Client, clock: StandingClock) -> None:
    client.upload("new.json", source("ada@contoso.com"))
    job_id = client.queue()
    client.file(path=f"{FOLDER}/new.json", method="POST", headers={"X-HTTP-Method": "DELETE"})
    clock.now += ALL
    assert _outcome(client, job_id) == (State.Error, JobError.DataFileNotExist)
    assert client.job(job_id)["LogFolderUri"] == ""


def test_a_source_on_another_host_is_not_in_the_tenant(client: Client, clock: StandingClock) -> None:
    uri = "https://fabrikam.sharepoint.com/sites/hr/Shared Documents/hr.json"
    job_id = client.queue(sourceUri=uri)
    clock.now += ALL
    assert _outcome(client, job_id) == (State.Error, JobError.DataFileNotInTenant)
    assert client.job(job_id)["SourceUri"] == uri


@pytest.mark.parametrize(
    "uri",
    [
        "{origin}/sites/hr/Shared%20Documents/a%20%231.json",
        "{origin}/sites/hr/Shared Documents/a #1.json",
        "/sites/hr/Shared Documents/a #1.json",
        "{by_number}/sites/hr/Shared Documents/A #1.json",
    ],
    ids=["encoded", "not encoded", "server-relative", "by number, other casing"],
)
def test_every_spelling_of_the_source_is_found_and_kept(client: Client, clock: StandingClock, uri: str) -> None:
    client.upload("a #1.json", source("eve@contoso.com"))
    uri = uri.format(origin=client.origin, by_number=client.origin.replace("localhost", "127.0.0.1"))
    job_id = client.queue(sourceUri=uri)
    clock.now += ALL
    listed = client.job(job_id)
    assert (listed["SourceUri"], listed["Error"]) == (uri, JobError.ImportCompleteWithError)
    assert listed["LogFolderUri"].lower().endswith(f"/sites/hr/shared documents/a #1-{job_id}-logs")
    assert listed["LogFolderUri"].startswith("https://")


def test_a_source_that_is_no_json_ends_as_invalid_with_a_log(client: Client, clock: StandingClock) -> None:
    client.upload("new.json", b'{"value": [{"IdName": "a\\V"}]}')
    job_id = client.queue()
    clock.now += ALL
    assert _outcome(client, job_id) == (State.Error, JobError.InvalidDataFile)
    (name,) = names(client.folder("/Files", path=f"{FOLDER}/new-{job_id}-Logs"))
    log = client.file("/$value", path=f"{FOLDER}/new-{job_id}-Logs/{name}").content.decode("utf-8-sig")
    assert log.startswith("DataFileNotJson\t\tBad JSON escape sequence: \\V.")


def test_jobs_end_in_the_order_in_which_they_were_queued(
    client: Client, emulator: RunningEmulator, clock: StandingClock
) -> None:
    client.upload("first.json", source("ada@contoso.com", City="Bonn"))
    client.upload("second.json", source("ada@contoso.com", City="Köln"))
    first = client.queue("first.json")
    clock.now += 1
    second = client.queue("second.json")
    clock.now += ALL
    assert [listed["JobId"] for listed in client.jobs()] == [JOB_ID, first, second]
    ada = emulator.store.user(IdType.Email, "ada@contoso.com")
    assert ada is not None
    assert ada.values == {"City": "Köln"}


@pytest.mark.parametrize(
    ("seconds", "state", "deleted"),
    [
        (0.0, State.Submitted, True),
        (PICK_UP, State.Processing, False),
        (PICK_UP + VALIDATION, State.Queued, True),
        (ALL - 1, State.Queued, True),
        (ALL, State.Succeeded, False),
    ],
)
def test_a_job_can_be_deleted_while_nothing_was_imported(  # noqa: PLR0913, PLR0917 - a table
    client: Client, emulator: RunningEmulator, clock: StandingClock, seconds: float, state: State, deleted: bool
) -> None:
    client.upload("new.json", source("ada@contoso.com", City="Bonn"))
    job_id = client.queue()
    clock.now += seconds
    assert _outcome(client, job_id)[0] is state
    answer = client.job_call("DeleteImportProfilePropertiesJob", {"jobId": job_id}).json()
    assert answer["value"] is deleted
    clock.now += ALL
    assert (job_id in [listed["JobId"] for listed in client.jobs()]) is not deleted
    ada = emulator.store.user(IdType.Email, "ada@contoso.com")
    assert ada is not None
    assert ada.values == ({} if deleted else {"City": "Bonn"})


def test_a_job_cannot_be_deleted_while_it_writes(
    client: Client, emulator: RunningEmulator, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many ask at once: one brings the job to its end, another deletes it at this moment."""
    client.upload("new.json", source("ada@contoso.com", City="Bonn"))
    job_id = client.queue()
    clock.now += ALL
    deleted: list[bool] = []
    write = ImportRun.write

    def write_meanwhile(run: ImportRun, surroundings: Surroundings) -> ImportResult:
        deleted.append(emulator.jobs.delete(job_id))
        return write(run, surroundings)

    monkeypatch.setattr(ImportRun, "write", write_meanwhile)
    assert _outcome(client, job_id) == (State.Succeeded, JobError.NoError)
    assert deleted == [False]


def test_one_job_of_several_fails_where_that_is_wanted(
    client: Client, emulator: RunningEmulator, clock: StandingClock
) -> None:
    client.upload("new.json", source("ada@contoso.com", City="Bonn"))
    emulator.jobs.fail_queued(2)
    jobs = [client.queue() for _ in range(3)]
    clock.now += ALL
    assert [_outcome(client, job_id)[1].name for job_id in jobs] == ["NoError", "InternalError", "NoError"]


@pytest.mark.parametrize("seconds", [0.0, ALL])
def test_a_job_that_is_forgotten_is_gone(
    client: Client, emulator: RunningEmulator, clock: StandingClock, seconds: float
) -> None:
    job_id = client.queue()
    clock.now += seconds
    client.jobs()
    emulator.jobs.forget(job_id.upper())
    clock.now += ALL
    assert [listed["JobId"] for listed in client.jobs()] == [JOB_ID]
    assert client.job_call("GetImportProfilePropertyJob", {"jobId": job_id}).status_code == 404


@pytest.mark.parametrize(("after", "error"), [(ALL, "NoError"), (ALL + 1, "ImportCompleteWithError")])
def test_a_user_who_comes_later_is_found_only_by_later_imports(
    client: Client, emulator: RunningEmulator, clock: StandingClock, after: float, error: str
) -> None:
    client.upload("new.json", source("eve@contoso.com", City="Bonn"))
    emulator.add_user(mail="eve@contoso.com", object_id=JOB_ID, user_principal_name="eve@contoso.com", after=after)
    assert emulator.store.user(IdType.Email, "eve@contoso.com") is None
    first = client.queue()
    clock.now += 10 * ALL  # what was due meanwhile happens in its order
    second = client.queue()
    clock.now += ALL
    assert [_outcome(client, job_id)[1].name for job_id in (first, second)] == [error, "NoError"]


def test_only_a_job_that_is_there_can_be_deleted(client: Client, clock: StandingClock) -> None:
    kept, deleted = client.queue(), client.queue()

    def delete(job_id: str) -> Any:  # noqa: ANN401 - what came
        return client.job_call("DeleteImportProfilePropertiesJob", {"jobId": job_id}).json()["value"]

    assert delete(deleted) is True
    assert delete(deleted) is False
    clock.now += PICK_UP
    assert delete(kept) is False
    assert delete(JOB_ID) is False
    clock.now += ALL
    assert [listed["JobId"] for listed in client.jobs()] == [JOB_ID, kept]


def test_a_loaded_job_stays_as_it_is_with_its_addresses_moved(client: Client, clock: StandingClock) -> None:
    clock.now += 10 * ALL
    assert client.jobs() == [
        {
            "JobId": JOB_ID,
            "State": 5,
            "Error": 30,
            "ErrorMessage": "The data has been imported, but there were errors.",
            "SourceUri": f"{client.origin}{FOLDER}/hr.json",
            "LogFolderUri": f"{client.origin}{FOLDER}/hr-{JOB_ID}-Logs",
        }
    ]


def test_a_job_is_found_in_any_casing_of_its_id(shared_client: Client) -> None:
    assert shared_client.job(JOB_ID.upper())["JobId"] == JOB_ID


def test_a_job_that_the_tenant_does_not_know_is_a_404(shared_client: Client) -> None:
    answer = shared_client.job_call("GetImportProfilePropertyJob", {"jobId": JOB_ID.replace("5", "6")})
    assert error_of(answer)[0] == 404


def test_a_job_that_is_said_to_fail_ends_with_an_internal_error_and_the_next_one_does_not(
    client: Client, emulator: RunningEmulator, clock: StandingClock
) -> None:
    client.upload("new.json", source("ada@contoso.com", City="Bonn"))
    job_id = client.queue()
    emulator.jobs.fail(job_id)
    clock.now += ALL
    assert _outcome(client, job_id) == (State.Error, JobError.InternalError)
    assert client.job(job_id)["LogFolderUri"] == ""
    other = client.queue()
    clock.now += ALL
    assert _outcome(client, other) == (State.Succeeded, JobError.NoError)
