"""Libraries that force checkout, keep drafts, or approve, over the socket: what a file says, and what a job reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.emulator import start
from analyzer.emulator.file_versions import LibrarySettings
from analyzer.model.service import IdType, JobError
from tests.emulator.client import FOLDER, Client, StandingClock, error_of, job, source, write_library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import requests

    Opened = Callable[..., Client]

NEW = f"{FOLDER}/new.json"
SCENARIOS = ("forced-checkout", "drafts", "approval")
SETTINGS = ("ForceCheckout", "EnableMinorVersions", "EnableModeration")


@pytest.fixture
def opened(tmp_path: Path, clock: StandingClock) -> Iterator[Opened]:
    """Opens an emulator with scenarios; one for each test."""
    with start(write_library(tmp_path / "plain", job()), clock=clock) as running:
        client = Client(running)

        def open_(**settings: object) -> Client:
            running.configure(FOLDER, LibrarySettings(**settings))  # type: ignore[arg-type]
            return client

        yield open_
        client.http.close()


def _upload(client: Client, city: str = "Bonn") -> requests.Response:
    return client.upload("new.json", source("ada@contoso.com", City=city))


def _do(client: Client, call: str, path: str = NEW) -> requests.Response:
    return client.file(f"/{call}", path=path, method="POST")


def _version(client: Client, path: str = NEW) -> tuple[str, int, int]:
    """Version, level, and kind of checkout."""
    found = client.file(path=path).json()
    assert f"{found['MajorVersion']}.{found['MinorVersion']}" == found["UIVersionLabel"]
    assert found["UIVersion"] == found["MajorVersion"] * 512 + found["MinorVersion"]
    return found["UIVersionLabel"], found["Level"], found["CheckOutType"]


def _imported(client: Client, clock: StandingClock) -> str:
    """The city that an import of the file writes; empty where the job doesn't find the file."""
    job_id = client.queue()
    clock.now += 1000
    if client.job(job_id)["Error"] == JobError.DataFileNotExist:
        return ""
    assert client.job(job_id)["Error"] == JobError.NoError
    ada = client.emulator.store.user(IdType.Email, "ada@contoso.com")
    assert ada is not None
    return ada.values["City"]


def test_a_plain_library_has_plain_files(client: Client, clock: StandingClock) -> None:
    _upload(client)
    assert _version(client) == ("1.0", 1, 2)
    assert _imported(client, clock) == "Bonn"


def test_a_job_finds_a_new_file_only_after_check_in_where_checkout_is_forced(
    opened: Opened, clock: StandingClock
) -> None:
    client = opened(force_checkout=True)
    assert _upload(client).json()["CheckOutType"] == 0
    assert _version(client) == ("0.1", 255, 0)
    assert _imported(client, clock) == ""
    assert _do(client, "CheckIn(comment='our import',checkintype=1)").status_code == 200
    assert _version(client) == ("1.0", 1, 2)
    assert client.file(path=NEW).json()["CheckInComment"] == "our import"
    assert _imported(client, clock) == "Bonn"


def test_what_is_not_checked_out_cannot_be_overwritten_where_checkout_is_forced(opened: Opened) -> None:
    client = opened(force_checkout=True)
    hr, upload = f"{FOLDER}/hr.json", "uploadId=guid'5f6a0f4e-2f0b-4a43-8d3c-6b1f7b8f0c11'"
    for answer in (client.upload("hr.json", b"{}"), _do(client, f"startUpload({upload})", hr)):
        status, message = error_of(answer)
        assert (status, "is not checked out" in message) == (400, True)
    assert _do(client, "CheckOut()", hr).status_code == 200
    assert client.upload("hr.json", b"{}").status_code == 200
    assert error_of(_do(client, "CheckOut()", hr))[1].endswith("is checked out for editing by SharePoint App.")


def test_others_read_what_was_there_before_a_checkout(client: Client, clock: StandingClock) -> None:
    _upload(client)
    _do(client, "checkout")
    _upload(client, "Köln")
    assert _imported(client, clock) == "Bonn"
    _do(client, "checkin(comment=@a2,checkintype=@a3)?@a2='x'&@a3=1")
    assert (_imported(client, clock), _version(client)[0]) == ("Köln", "2.0")


def test_a_checkout_that_is_undone_leaves_what_was_there(client: Client, clock: StandingClock) -> None:
    _upload(client)
    _do(client, "CheckOut()")
    _upload(client, "Köln")
    assert _do(client, "UndoCheckOut()").status_code == 200
    assert (_imported(client, clock), _version(client)) == ("Bonn", ("1.0", 1, 2))
    assert error_of(_do(client, "UndoCheckOut()"))[0] == 400


def test_a_new_file_whose_checkout_is_undone_is_gone(opened: Opened) -> None:
    client = opened(force_checkout=True)
    _upload(client)
    _do(client, "UndoCheckOut()")
    assert client.file(path=NEW).status_code == 404


def test_a_job_reads_the_last_version_that_was_published(opened: Opened, clock: StandingClock) -> None:
    client = opened(minor_versions=True)
    _upload(client)
    assert (_version(client), _imported(client, clock)) == (("0.1", 2, 2), "")
    assert _do(client, "Publish(comment='')").status_code == 200
    assert (_version(client), _imported(client, clock)) == (("1.0", 1, 2), "Bonn")
    _upload(client, "Köln")
    _upload(client, "Ulm")
    assert (_version(client), _imported(client, clock)) == (("1.2", 2, 2), "Bonn")
    _do(client, "Publish('again')")
    assert (_version(client), _imported(client, clock)) == (("2.0", 1, 2), "Ulm")
    assert error_of(_do(client, "Publish('again')"))[0] == 400


@pytest.mark.parametrize(("kind", "version"), [(0, ("1.1", 2, 2)), (1, ("2.0", 1, 2)), (2, ("1.0", 1, 2))])
def test_check_in_makes_the_version_that_is_asked_for(opened: Opened, kind: int, version: tuple[str, int, int]) -> None:
    client = opened(minor_versions=True)
    _upload(client)
    _do(client, "Publish('')")
    _do(client, "CheckOut()")
    _do(client, f"CheckIn(comment='',checkintype={kind})")
    assert _version(client) == version


def test_a_job_finds_a_file_only_after_approval(opened: Opened, clock: StandingClock) -> None:
    client = opened(moderation=True)
    _upload(client)
    assert (_version(client)[1], _imported(client, clock)) == (2, "")
    assert client.file("/ListItemAllFields", path=NEW).json()["OData__ModerationStatus"] == 2
    assert _do(client, "Approve(comment='fine')").status_code == 200
    assert (_version(client)[1], _imported(client, clock)) == (1, "Bonn")
    _upload(client, "Köln")
    assert _imported(client, clock) == "Bonn"
    _do(client, "Approve('')")
    assert _imported(client, clock) == "Köln"
    assert error_of(_do(client, "Approve('')"))[0] == 400


def test_settings_add_up(opened: Opened, clock: StandingClock) -> None:
    client = opened(force_checkout=True, minor_versions=True, moderation=True)
    _upload(client)
    assert error_of(_do(client, "Publish('')"))[0] == 400
    _do(client, "CheckIn(comment='',checkintype=0)")
    assert _version(client) == ("0.1", 2, 2)
    _do(client, "Publish('')")
    assert _imported(client, clock) == ""
    _do(client, "Approve('')")
    assert (_version(client), _imported(client, clock)) == (("1.0", 1, 2), "Bonn")


def test_a_required_column_makes_check_in_fail(opened: Opened) -> None:
    client = opened(force_checkout=True, required_column="Cost center")
    _upload(client)
    status, message = error_of(_do(client, "CheckIn(comment='',checkintype=1)"))
    assert (status, "required properties" in message) == (400, True)
    assert _version(client) == ("0.1", 255, 0)


@pytest.mark.parametrize("call", ["CheckIn(comment='',checkintype=1)", "UndoCheckOut()", "CheckOut()", "Publish('')"])
def test_what_somebody_else_has_checked_out_is_theirs(client: Client, call: str) -> None:
    client.emulator.check_out(f"{FOLDER}/hr.json", "eve@contoso.com")
    message = error_of(_do(client, call, f"{FOLDER}/hr.json"))[1]
    assert message.endswith("is checked out for editing by eve@contoso.com.")
    shown = client.file("?$expand=CheckedOutByUser").json()
    assert (shown["CheckedOutByUser"]["Title"], shown["CheckOutType"]) == ("eve@contoso.com", 0)


@pytest.mark.parametrize(("scenario", "setting"), [*zip(SCENARIOS, SETTINGS, strict=True)])
def test_a_scenario_sets_each_library_and_leaves_the_files_that_are_there(
    library: Path, clock: StandingClock, scenario: str, setting: str
) -> None:
    with start(library, clock=clock, scenarios=[scenario]) as running, Client(running) as client:
        select = f"?$select={','.join(SETTINGS)}"
        told = client.folder(f"/ListItemAllFields/ParentList{select}").json()
        assert [name for name in SETTINGS if told[name]] == [setting]
        assert client.send("GET", f"/_api/web/lists{select}").json()["value"][0][setting] is True
        assert _version(client, f"{FOLDER}/hr.json") == ("1.0", 1, 2)
        _upload(client)
        assert _imported(client, clock) == ""
        job_id = client.queue("hr.json", propertyMap={})
        clock.now += 1000
        # The service's own log is for all.
        assert client.job(job_id)["LogFolderUri"] != ""
        (log,) = client.folder("/Files", path=f"{FOLDER}/hr-{job_id}-Logs").json()["value"]
        assert (log["Level"], log["CheckOutType"]) == (1, 2)


def test_a_version_goes_into_the_bin_and_back(opened: Opened, clock: StandingClock) -> None:
    client = opened(minor_versions=True)
    _upload(client)
    item = _do(client, "recycle()").json()["value"]
    client.send("POST", f"/sites/hr/_api/web/RecycleBin('{item}')/restore()")
    assert (_version(client), _imported(client, clock)) == (("0.1", 2, 2), "")


def test_a_stub_is_added_where_there_is_no_file(client: Client) -> None:
    call = "/Files/GetByPathOrAddStub(DecodedUrl='{}')"
    made = client.folder(call.format("new.json"), method="POST").json()
    found = client.folder(call.format("hr.json"), method="POST").json()
    assert (made["Length"], found["Length"]) == ("0", client.file().json()["Length"])


@pytest.mark.parametrize("name", ["Sub", "sub", "hr.json"])
def test_a_sub_folder_is_not_made_twice(client: Client, name: str) -> None:
    client.folder("/AddSubFolderUsingPath(decodedUrl='Sub')", method="POST")
    again = client.folder(f"/AddSubFolderUsingPath(decodedUrl='{name}')", method="POST")
    assert again.json()["odata.error"]["code"] == "-2130575257, Microsoft.SharePoint.SPException"
