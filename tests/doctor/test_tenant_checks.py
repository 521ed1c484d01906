"""The steps of ``doctor`` that look at the authority and the tenant."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from tests.conftest import Given
from tests.doctor.findings import found, marks

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.emulator import RunningEmulator
    from tests.conftest import LoopbackTenant, Ran


def test_an_unknown_directory_is_found_by_authority_and_admin_site(
    upa: Callable[..., Ran], configure: Callable[..., None], emulator: RunningEmulator
) -> None:
    configure(tenant_id="0f0f0f0f-0000-0000-0000-000000000000")
    ran = upa("doctor", "--json")
    assert (ran.code, marks(ran.json, "bad")) == (3, ["authority", "admin site"])
    assert "no directory 0f0f0f0f-" in found(ran.json, "authority")
    assert f"belongs to the directory {emulator.ready['tenant_id']}, not to 0f0f0f0f-" in found(ran.json, "admin site")


@pytest.mark.parametrize(
    ("roles", "lifetime", "words"),
    [
        (["Sites.FullControl.All"], 600, "the token lacks User.ReadWrite.All"),
        ([], -590, "the token expired 10 minutes ago"),
    ],
)
def test_a_ready_token_says_what_it_lacks(  # noqa: PLR0913, PLR0917 - fixtures and cases
    upa: Callable[..., Ran],
    configure: Callable[..., None],
    emulator: RunningEmulator,
    monkeypatch: pytest.MonkeyPatch,
    roles: list[str],
    lifetime: float,
    words: str,
) -> None:
    token = emulator.token_for(roles, lifetime=lifetime)
    monkeypatch.setenv("UPA_TOKEN", token)
    configure(auth="token")
    ran = upa("doctor", "--json")
    assert (ran.code, marks(ran.json, "bad")[0]) == (3, "token")
    assert marks(ran.json, "-") == ["certificate", "authority"]
    assert words in found(ran.json, "token")
    assert "job list" not in marks(ran.json, "skipped")  # the tenant has the last word
    assert token not in ran.out


def test_a_token_for_another_host_is_a_finding(
    upa: Callable[..., Ran], configure: Callable[..., None], emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPA_TOKEN", emulator.ready["token"])
    configure(auth="token", admin_url=emulator.ready["admin_url"].replace("localhost", "127.0.0.1"))
    ran = upa("doctor", "--json")
    assert "is for https://localhost:" in found(ran.json, "token")
    assert "not for 127.0.0.1:" in found(ran.json, "token")


@pytest.mark.parametrize(
    ("claims", "mark", "words"),
    [
        ({"scp": "AllSites.FullControl", "upn": "ada@contoso.com"}, "ok", "one of ada@contoso.com for "),
        ({"scp": "AllSites.FullControl"}, "ok", ": AllSites.FullControl"),
        ({"upn": "ada@contoso.com"}, "ok", ": no permissions named"),
        (
            {"appidacr": "1", "roles": ["Sites.FullControl.All", "User.ReadWrite.All"]},
            "bad",
            "obtained with a client secret",
        ),
    ],
)
def test_a_token_s_claims_are_shown(  # noqa: PLR0913, PLR0917 - fixtures and cases
    upa: Callable[..., Ran],
    loopback: LoopbackTenant,
    configure: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    claims: dict[str, object],
    mark: str,
    words: str,
) -> None:
    body = base64.urlsafe_b64encode(json.dumps({"aud": loopback.origin, **claims}).encode()).decode().rstrip("=")
    monkeypatch.setenv("UPA_TOKEN", f"e30.{body}.x")
    configure(auth="token", admin_url=loopback.origin, ca_file=str(loopback.ca_file))
    ran = upa("doctor", "--json")
    assert words in found(ran.json, "token")
    assert "token" in marks(ran.json, mark)


def test_the_folder_of_the_newest_job_is_tried_first_and_older_ones_after_it(
    upa: Callable[..., Ran], loopback: LoopbackTenant, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPA_TOKEN", "no.web.token")
    configure(auth="token", admin_url=loopback.origin, ca_file=str(loopback.ca_file))
    folders = [f"/sites/hr/{number}" for number in range(1, 6)]
    for number, folder in enumerate(folders, 1):
        loopback.add_job(number, SourceUri=f"{loopback.origin}{folder}/feed.json")
        loopback.files[f"{folder}/feed.json"] = b"{}"
    for gone, words in ((0, "/5 can be read"), (1, "/4 can be read"), (3, "no longer exist")):
        for folder in folders[5 - gone :]:
            loopback.files.pop(f"{folder}/feed.json", None)
        loopback.fail("/_api/web", 401, then=True)
        assert words in found(upa("doctor", "--json").json, "library")


@pytest.mark.parametrize("path", ["", "/"])
def test_jobs_without_a_source_path_name_no_library(
    upa: Callable[..., Ran],
    loopback: LoopbackTenant,
    configure: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    path: str,
) -> None:
    monkeypatch.setenv("UPA_TOKEN", "no.web.token")
    configure(auth="token", admin_url=loopback.origin, ca_file=str(loopback.ca_file))
    loopback.add_job(1, SourceUri=f"{loopback.origin}{path}")
    loopback.fail("/_api/web", 401, then=True)
    assert "no job names one" in found(upa("doctor", "--json").json, "library")


def test_the_folder_of_a_source_file_at_a_web_s_root_can_be_read(
    upa: Callable[..., Ran], loopback: LoopbackTenant, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPA_TOKEN", "no.web.token")
    configure(auth="token", admin_url=loopback.origin, ca_file=str(loopback.ca_file))
    loopback.add_job(1, SourceUri=f"{loopback.origin}/feed.json")
    loopback.files["/feed.json"] = b"{}"
    loopback.faults = lambda seen: Given(401, b"{}") if seen.path.endswith("/_api/web") else None
    expected = found(upa("doctor", "--json").json, "library")
    assert expected == "/ can be read: 1 file. "
    assert any("decodedUrl='%2F')/Files" in seen.path for seen in loopback.seen)


def test_a_folder_with_more_files_than_sharepoint_lists_can_be_read(
    upa: Callable[..., Ran], loopback: LoopbackTenant, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPA_TOKEN", "no.web.token")
    configure(auth="token", admin_url=loopback.origin, ca_file=str(loopback.ca_file))
    loopback.add_job(1)
    code = "-2147024860, Microsoft.SharePoint.SPQueryThrottledException"
    crowded = Given(500, json.dumps({"odata.error": {"code": code}}).encode())
    answers = {"/_api/web": Given(401, b"{}"), "/Files": crowded}
    loopback.faults = lambda seen: next((given for end, given in answers.items() if seen.path.endswith(end)), None)
    ran = upa("doctor", "--json")
    assert "/sites/hr/Shared Documents can be read, and has more files than" in found(ran.json, "library")
    assert "library" in marks(ran.json, "ok")


def test_a_folder_that_is_empty_by_now_can_be_read(
    upa: Callable[..., Ran], loopback: LoopbackTenant, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPA_TOKEN", "no.web.token")
    configure(auth="token", admin_url=loopback.origin, ca_file=str(loopback.ca_file))
    loopback.add_job(1)
    answers = {"/_api/web": Given(401, b"{}"), "/Files": Given(body=b'{"value": []}')}
    loopback.faults = lambda seen: next((given for end, given in answers.items() if seen.path.endswith(end)), None)
    assert "/sites/hr/Shared Documents can be read: 0 files" in found(upa("doctor", "--json").json, "library")


def test_a_tenant_without_jobs_names_no_library(
    upa: Callable[..., Ran],
    loopback: LoopbackTenant,
    given: type[Given],
    configure: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UPA_TOKEN", "no.web.token")
    configure(auth="token", admin_url=loopback.origin, ca_file=str(loopback.ca_file))
    loopback.clock.at = None
    loopback.faults = lambda seen: None if seen.method == "POST" else given(401)
    ran = upa("doctor", "--json")
    assert (ran.code, marks(ran.json, "-")) == (0, ["certificate", "authority", "library"])
    assert "isn't a JSON web token" in found(ran.json, "token")


def test_a_source_outside_the_tenant_names_no_library(
    upa: Callable[..., Ran], loopback: LoopbackTenant, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPA_TOKEN", "no.web.token")
    configure(auth="token", admin_url=loopback.origin, ca_file=str(loopback.ca_file))
    loopback.clock.at = None
    loopback.files["/sites/hr/Shared Documents/feed.json"] = b"{}"
    loopback.fail("/_api/web", 401, then=True)
    loopback.add_job(1)
    loopback.add_job(2, SourceUri="https://fabrikam.sharepoint.com/sites/hr/Shared Documents/feed.json")
    assert "/sites/hr/Shared Documents can be read: 1 file" in found(upa("doctor", "--json").json, "library")


@pytest.mark.parametrize(
    ("status", "words"),
    [(404, "isn't an admin site: it answered 404"), (503, "is temporarily unavailable (status 503)")],
)
def test_a_site_that_is_not_an_admin_site_is_a_finding(  # noqa: PLR0913, PLR0917 - fixtures and cases
    upa: Callable[..., Ran],
    loopback: LoopbackTenant,
    configure: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    words: str,
) -> None:
    monkeypatch.setenv("UPA_TOKEN", "no.web.token")
    configure(admin_url=loopback.origin, ca_file=str(loopback.ca_file), auth="token")
    loopback.clock.at = None
    loopback.fail("/_api/web", status)
    ran = upa("doctor", "--json")
    assert (ran.code, words in found(ran.json, "admin site")) == (4, True)
    assert (marks(ran.json, "bad"), marks(ran.json, "skipped")) == (["admin site"], ["job list", "library"])
    assert "depends on the admin site" in found(ran.json, "job list")


@pytest.mark.parametrize("status", [200, 401, 403])
def test_an_admin_site_may_refuse_anonymous_requests_and_is_asked_once(
    upa: Callable[..., Ran], loopback: LoopbackTenant, configure: Callable[..., None], status: int
) -> None:
    configure(admin_url=loopback.origin, ca_file=str(loopback.ca_file), auth="token")
    loopback.clock.at = None
    loopback.fail("/_api/web", status)
    assert found(upa("doctor", "--json").json, "admin site") == f"{loopback.origin} answers. "
    assert [seen.path for seen in loopback.seen] == ["/_api/web"]


_DIRECTORY = "0f0f0f0f-0000-4000-8000-00000000abcd"


@pytest.mark.parametrize(
    ("tenant_id", "realm"),
    [
        ("contoso.com", _DIRECTORY),
        (_DIRECTORY, "contoso.com"),
        (f" {_DIRECTORY.upper()} ", _DIRECTORY),
        (_DIRECTORY, _DIRECTORY.upper()),
    ],
)
def test_a_directory_may_be_named_by_its_domain_and_in_any_case(
    upa: Callable[..., Ran], loopback: LoopbackTenant, configure: Callable[..., None], tenant_id: str, realm: str
) -> None:
    configure(admin_url=loopback.origin, ca_file=str(loopback.ca_file), auth="token", tenant_id=tenant_id)
    loopback.clock.at = None
    loopback.fail("/_api/web", Given(401, b"{}", {"WWW-Authenticate": f'Bearer realm="{realm}",client_id="x"'}))
    shown = found(upa("doctor", "--json").json, "admin site")
    assert shown == f"{loopback.origin} answers, directory {realm.lower()}. "


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_authority_that_is_busy_is_not_taken_for_a_wrong_one(
    upa: Callable[..., Ran], loopback: LoopbackTenant, configure: Callable[..., None], status: int
) -> None:
    configure(authority=loopback.origin, admin_url=loopback.origin, ca_file=str(loopback.ca_file))
    loopback.clock.at = None
    loopback.fail("openid-configuration", status)
    ran = upa("doctor", "--json")
    expected = f"{loopback.origin} is temporarily unavailable (status {status}). Try again later."
    assert (ran.code, found(ran.json, "authority")) == (4, expected)


@pytest.mark.parametrize(
    "answer",
    [Given(404, b"{}"), Given(404, b'{"token_endpoint": "/"}'), Given(200, b"{}"), Given(200, b"<html>")],
    ids=repr,
)
def test_a_host_that_is_not_an_authority_is_a_finding(
    upa: Callable[..., Ran], loopback: LoopbackTenant, configure: Callable[..., None], answer: Given
) -> None:
    configure(authority=loopback.origin, admin_url=loopback.origin, ca_file=str(loopback.ca_file))
    loopback.clock.at = None
    loopback.faults = lambda seen: answer if "openid-configuration" in seen.path else None
    ran = upa("doctor", "--json")
    expected = f"{loopback.origin} isn't an authority: it answered {answer.status}, without an OpenID configuration."
    assert (ran.code, found(ran.json, "authority").startswith(expected)) == (4, True)


def test_an_authority_is_asked_once_at_its_own_address_and_followed_nowhere(
    upa: Callable[..., Ran],
    loopback: LoopbackTenant,
    other_loopback: LoopbackTenant,
    configure: Callable[..., None],
) -> None:
    configure(
        authority=f"{loopback.origin}/", tenant_id=" contoso.com ", admin_url=loopback.origin, ca_file=loopback.ca_file
    )
    loopback.clock.at = None
    loopback.fail("openid-configuration", Given(302, b"", {"Location": f"{other_loopback.origin}/page"}))
    assert "it answered 302" in found(upa("doctor", "--json").json, "authority")
    asked = [seen.path for seen in loopback.seen if "openid-configuration" in seen.path]
    assert (asked, other_loopback.seen) == (["/contoso.com/v2.0/.well-known/openid-configuration"], [])
