"""``doctor`` on an emulator, with one thing wrong at a time."""

from __future__ import annotations

import base64
import json
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.emulator import start
from tests.conftest import NOW, Given
from tests.emulator.client import job, write_library
from tests.emulator.credentials import certificate, key, pem, public_pem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from analyzer.emulator import RunningEmulator
    from tests.conftest import LoopbackTenant, Ran, Seen

STEPS = (
    "configuration",
    "clock",
    "certificate",
    "authority",
    "token",
    "admin site",
    "job list",
    "library",
    "data folder",
)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    with start(write_library(tmp_path_factory.mktemp("doctor") / "library", job())) as running:
        yield running


@pytest.fixture
def configure(emulator: RunningEmulator, tmp_path: Path) -> Callable[..., None]:
    """Writes a configuration that is right but for what is given; of None the key is left out."""
    (tmp_path / "app.pem").write_text(pem(key()) + public_pem(certificate(key(), 60, length=90)), encoding="ascii")
    (tmp_path / "ended.pem").write_text(pem(key()) + public_pem(certificate(key(), -2)), encoding="ascii")
    (tmp_path / "other.pem").write_text(pem(key(2)) + public_pem(certificate(key(), 8)), encoding="ascii")
    (tmp_path / "soon.pem").write_text(pem(key()) + public_pem(certificate(key(), 8)), encoding="ascii")

    def written(**wrong: str) -> None:
        right = {name: emulator.ready[name] for name in ("admin_url", "tenant_id", "client_id", "authority", "ca_file")}
        keys = {**right, "certificate": "app.pem", **wrong}
        lines = [f"{name} = '{value}'" for name, value in keys.items() if value]
        (tmp_path / "upa-analyzer.toml").write_text("\n".join(["[tenants.contoso]", *lines]), encoding="utf-8")

    return written


def _marks(told: dict[str, Any], mark: str) -> list[str]:
    return [step["step"] for step in told["steps"] if step["mark"] == mark]


def _found(told: dict[str, Any], step: str) -> str:
    return next(f"{one['found']}. {one['advice']}" for one in told["steps"] if one["step"] == step)


def test_where_all_is_well_each_step_says_what_it_found(
    upa: Callable[..., Ran], configure: Callable[..., None], emulator: RunningEmulator, tmp_path: Path
) -> None:
    configure()
    ran = upa("doctor")
    assert (ran.code, ran.err) == (0, "")
    assert [line[:24].strip() for line in ran.out.splitlines()] == [f"ok       {step}" for step in STEPS]
    for words in (
        "upa-analyzer.toml: tenant contoso at localhost",
        " of localhost:",
        "app.pem: the key matches, 59 days left",
        f"knows the directory {emulator.ready['tenant_id']}",
        "Sites.FullControl.All and User.ReadWrite.All, good for 60 minutes",
        "it has 1 job",
        "/sites/hr/Shared Documents can be read: 1 file",
        "upa-data, not there yet: can be written",
    ):
        assert words in ran.out
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".pem"] == ["upa-analyzer.toml"]
    assert "eyJ" not in ran.out


_AFTER_CERTIFICATE = ["token", "job list", "library"]


@pytest.mark.parametrize(
    ("wrong", "code", "bad", "words", "skipped"),
    [
        ({"certificate": "ended.pem"}, 3, "certificate", "ended.pem ended on 2", _AFTER_CERTIFICATE),
        ({"certificate": "other.pem"}, 5, "certificate", "is not the certificate's", _AFTER_CERTIFICATE),
        ({"certificate": "nowhere.pem"}, 2, "certificate", "does not exist", _AFTER_CERTIFICATE),
        ({"client_id": "0f0f0f0f"}, 3, "token", "has no application 0f0f0f0f (AADSTS700016)", ["job list", "library"]),
        ({"authority": "https://127.0.0.1:9"}, 4, "authority", "cannot be reached", _AFTER_CERTIFICATE),
        ({"tenant_id": ""}, 2, "configuration", "tenant_id is missing", list(STEPS[1:])),
        ({"ca_file": "upa-analyzer.toml"}, 2, "configuration", "holds no certificate of an authority", list(STEPS[1:])),
        ({"admin_url": ""}, 2, "configuration", "admin_url is missing", list(STEPS[1:])),
        ({"data": "x"}, 2, "configuration", "there is no key tenants.contoso.data", list(STEPS[1:])),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_and_what_cannot_be_tried_is_skipped(  # noqa: PLR0913, PLR0917 - fixtures and cases
    upa: Callable[..., Ran],
    configure: Callable[..., None],
    wrong: dict[str, str],
    code: int,
    bad: str,
    words: str,
    skipped: list[str],
) -> None:
    configure(**wrong)
    ran = upa("doctor", "--json")
    assert (ran.code, ran.json["exit_code"]) == (code, code)
    assert (_marks(ran.json, "bad"), _marks(ran.json, "skipped")) == ([bad], skipped)
    assert words in _found(ran.json, bad)
    assert "upa-analyzer doctor" not in ran.out  # whoever reads it is there already


def test_a_time_zone_that_does_not_exist_is_told(upa: Callable[..., Ran], configure: Callable[..., None]) -> None:
    configure(timezone="Mars/Olympus")
    ran = upa("doctor", "--json")
    assert (ran.code, _marks(ran.json, "bad")) == (2, ["configuration"])
    assert "timezone 'Mars/Olympus' is no time zone" in _found(ran.json, "configuration")


def test_a_directory_that_does_not_exist_is_told_by_authority_and_admin_site(
    upa: Callable[..., Ran], configure: Callable[..., None], emulator: RunningEmulator
) -> None:
    configure(tenant_id="0f0f0f0f-0000-0000-0000-000000000000")
    ran = upa("doctor", "--json")
    assert (ran.code, _marks(ran.json, "bad")) == (3, ["authority", "admin site"])
    assert "no directory 0f0f0f0f-" in _found(ran.json, "authority")
    assert f"is of the directory {emulator.ready['tenant_id']}, not of 0f0f0f0f-" in _found(ran.json, "admin site")


@pytest.mark.parametrize(("seconds", "words"), [(-3600, "1 hour slow"), (7200, "2 hours fast")])
def test_a_wrong_clock_is_told_by_the_time_of_the_others(
    upa: Callable[..., Ran],
    configure: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    words: str,
) -> None:
    configure()
    monkeypatch.setattr("analyzer.doctor.walk.clock", lambda: time.time() + seconds)
    ran = upa("doctor", "--json")
    assert (ran.code, _marks(ran.json, "bad")[0]) == (3, "clock")
    assert f"this machine's clock is {words}, by the time of localhost:" in _found(ran.json, "clock")


def test_a_certificate_that_ends_soon_is_good_with_an_advice(
    upa: Callable[..., Ran], configure: Callable[..., None]
) -> None:
    configure(certificate="soon.pem")
    ran = upa("doctor", "--json")
    assert (ran.code, "7 days left" in _found(ran.json, "certificate")) == (0, True)
    assert "Upload a new one" in _found(ran.json, "certificate")


@pytest.mark.parametrize(("days", "left", "soon"), [(29.5, "30 days left", False), (30.5, "29 days left", True)])
def test_how_long_a_certificate_is_good_is_counted_by_our_clock(  # noqa: PLR0913, PLR0917 - fixtures and cases
    upa: Callable[..., Ran],
    configure: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    days: float,
    left: str,
    soon: bool,
) -> None:
    configure()
    monkeypatch.setattr("analyzer.doctor.walk.clock", lambda: time.time() + days * 86_400)
    found = _found(upa("doctor", "--json").json, "certificate")
    assert (left in found, "Upload a new one" in found) == (True, soon)


@pytest.mark.parametrize(
    ("roles", "lifetime", "words"),
    [
        (["Sites.FullControl.All"], 600, "the token lacks User.ReadWrite.All"),
        ([], -590, "the token ended 10 minutes ago"),
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
    assert (ran.code, _marks(ran.json, "bad")[0]) == (3, "token")
    assert _marks(ran.json, "-") == ["certificate", "authority"]
    assert words in _found(ran.json, "token")
    assert "job list" not in _marks(ran.json, "skipped")  # the tenant has the last word
    assert token not in ran.out


def test_a_token_for_another_host_is_told(
    upa: Callable[..., Ran], configure: Callable[..., None], emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPA_TOKEN", emulator.ready["token"])
    configure(auth="token", admin_url=emulator.ready["admin_url"].replace("localhost", "127.0.0.1"))
    ran = upa("doctor", "--json")
    assert "is for https://localhost:" in _found(ran.json, "token")
    assert "not for 127.0.0.1:" in _found(ran.json, "token")


@pytest.mark.parametrize(
    ("claims", "mark", "words"),
    [
        ({"scp": "AllSites.FullControl", "upn": "ada@contoso.com"}, "ok", "one of ada@contoso.com for "),
        ({"scp": "AllSites.FullControl"}, "ok", ": AllSites.FullControl"),
        ({"upn": "ada@contoso.com"}, "ok", ": no permissions named"),
        ({"appidacr": "1", "roles": ["Sites.FullControl.All", "User.ReadWrite.All"]}, "bad", "got by a client secret"),
    ],
)
def test_what_a_token_says_of_itself_is_told(  # noqa: PLR0913, PLR0917 - fixtures and cases
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
    assert words in _found(ran.json, "token")
    assert "token" in _marks(ran.json, mark)


@pytest.mark.parametrize(("seconds", "words"), [(0, "within 1 second of "), (-100, "within 100 seconds of ")])
def test_how_far_a_clock_is_off_is_told(  # noqa: PLR0913, PLR0917 - fixtures and cases
    upa: Callable[..., Ran],
    loopback: LoopbackTenant,
    configure: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    words: str,
) -> None:
    configure(auth="token", admin_url=loopback.origin, ca_file=str(loopback.ca_file))
    monkeypatch.setattr("analyzer.doctor.walk.clock", lambda: NOW.timestamp() + seconds)
    assert words in _found(upa("doctor", "--json").json, "clock")


def test_where_nobody_answers_nobody_tells_the_time(upa: Callable[..., Ran], configure: Callable[..., None]) -> None:
    configure(auth="token", admin_url="https://127.0.0.1:9")
    ran = upa("doctor", "--json")
    assert (ran.code, "clock" in _marks(ran.json, "skipped")) == (3, True)


def test_the_folder_of_the_newest_job_is_tried_first_and_older_ones_after_it(
    upa: Callable[..., Ran], loopback: LoopbackTenant, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPA_TOKEN", "no.web.token")
    configure(auth="token", admin_url=loopback.origin, ca_file=str(loopback.ca_file))
    folders = [f"/sites/hr/{number}" for number in range(1, 6)]
    for number, folder in enumerate(folders, 1):
        loopback.add_job(number, SourceUri=f"{loopback.origin}{folder}/feed.json")
        loopback.files[f"{folder}/feed.json"] = b"{}"
    for gone, words in ((0, "/5 can be read"), (1, "/4 can be read"), (3, "are not there any more")):
        for folder in folders[5 - gone :]:
            loopback.files.pop(f"{folder}/feed.json", None)
        loopback.fail("/_api/web", 401, then=True)
        assert words in _found(upa("doctor", "--json").json, "library")


@pytest.mark.parametrize("path", ["", "/"])
def test_jobs_whose_source_has_no_path_tell_of_no_library(
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
    assert "there is no job that would tell" in _found(upa("doctor", "--json").json, "library")


def test_a_folder_that_is_empty_by_now_can_be_read(
    upa: Callable[..., Ran], loopback: LoopbackTenant, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPA_TOKEN", "no.web.token")
    configure(auth="token", admin_url=loopback.origin, ca_file=str(loopback.ca_file))
    loopback.add_job(1)
    answers = {"/_api/web": Given(401, b"{}"), "/Files": Given(body=b'{"value": []}')}
    loopback.faults = lambda seen: next((given for end, given in answers.items() if seen.path.endswith(end)), None)
    assert "/sites/hr/Shared Documents can be read: 0 files" in _found(upa("doctor", "--json").json, "library")


def test_a_tenant_without_jobs_tells_of_no_library(
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
    assert (ran.code, _marks(ran.json, "-")) == (0, ["certificate", "authority", "library"])
    assert "no JSON web token" in _found(ran.json, "token")


def test_a_job_whose_source_lay_outside_the_tenant_tells_of_no_library(
    upa: Callable[..., Ran], loopback: LoopbackTenant, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPA_TOKEN", "no.web.token")
    configure(auth="token", admin_url=loopback.origin, ca_file=str(loopback.ca_file))
    loopback.clock.at = None
    loopback.files["/sites/hr/Shared Documents/feed.json"] = b"{}"
    loopback.fail("/_api/web", 401, then=True)
    loopback.add_job(1)
    loopback.add_job(2, SourceUri="https://fabrikam.sharepoint.com/sites/hr/Shared Documents/feed.json")
    assert "/sites/hr/Shared Documents can be read: 1 file" in _found(upa("doctor", "--json").json, "library")


@pytest.mark.parametrize(
    ("status", "words"), [(404, "is no admin site: it answered 404"), (503, "answers with 503 at the moment")]
)
def test_an_admin_site_that_is_none_is_told(  # noqa: PLR0913, PLR0917 - fixtures and cases
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
    assert (ran.code, words in _found(ran.json, "admin site")) == (4, True)
    assert (_marks(ran.json, "bad"), _marks(ran.json, "skipped")) == (["admin site"], ["job list", "library"])
    assert "the admin site comes first" in _found(ran.json, "job list")


@pytest.mark.parametrize("status", [200, 401, 403])
def test_an_admin_site_may_answer_nobody_as_it_likes_and_is_asked_once(
    upa: Callable[..., Ran], loopback: LoopbackTenant, configure: Callable[..., None], status: int
) -> None:
    configure(admin_url=loopback.origin, ca_file=str(loopback.ca_file), auth="token")
    loopback.clock.at = None
    loopback.fail("/_api/web", status)
    assert _found(upa("doctor", "--json").json, "admin site") == f"{loopback.origin} answers. "
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
    found = _found(upa("doctor", "--json").json, "admin site")
    assert found == f"{loopback.origin} answers, of the directory {realm.lower()}. "


def test_a_tenant_that_asks_to_wait_is_waited_for_and_the_wait_is_told(
    upa: Callable[..., Ran], loopback: LoopbackTenant, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = [Given(429, b"{}", {"Retry-After": "60"})]

    def faults(seen: Seen) -> Given | None:
        if seen.path.endswith("/_api/web"):
            return Given(401, b"{}")
        return busy.pop() if "GetImportProfilePropertyJobs" in seen.path and busy else None

    configure(admin_url=loopback.origin, ca_file=str(loopback.ca_file), auth="token")
    monkeypatch.setenv("UPA_TOKEN", "made-up-token")
    loopback.clock.at = None
    loopback.faults = faults
    ran = upa("doctor", "--json")
    assert (ran.code, "asks to wait: it goes on in 60 s" in ran.err) == (0, True)
    assert _found(ran.json, "job list") == "it has 0 jobs. "


@pytest.mark.parametrize("status", [200, 404, 500])
def test_an_answer_that_nobody_foresaw_comes_with_what_to_do(
    upa: Callable[..., Ran],
    loopback: LoopbackTenant,
    configure: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    status: int,
) -> None:
    answers = {"/_api/web": Given(401, b"{}"), "JobList": Given(status, b"{}")}
    configure(admin_url=loopback.origin, ca_file=str(loopback.ca_file), auth="token")
    monkeypatch.setenv("UPA_TOKEN", "made-up-token")
    loopback.clock.at = None
    loopback.faults = lambda seen: answers["/_api/web" if seen.path.endswith("/_api/web") else "JobList"]
    ran = upa("doctor", "--json")
    assert (ran.code, _marks(ran.json, "bad")) == (4, ["job list"])
    assert _found(ran.json, "job list").endswith("Microsoft's support asks for the id that --verbose shows.")


def test_of_an_advice_that_leads_to_the_doctor_whole_sentences_are_left(
    upa: Callable[..., Ran], loopback: LoopbackTenant, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = Given(401, b'{"error_description": "Invalid JWT token. The token is expired."}')
    configure(admin_url=loopback.origin, ca_file=str(loopback.ca_file), auth="token")
    monkeypatch.setenv("UPA_TOKEN", "no.web.token")
    loopback.clock.at = None
    loopback.faults = lambda _seen: ended
    found = _found(upa("doctor", "--json").json, "job list")
    assert found.endswith(" Get a new one. If it is new, is this machine's clock right?")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_authority_that_is_busy_is_not_taken_for_a_wrong_one(
    upa: Callable[..., Ran], loopback: LoopbackTenant, configure: Callable[..., None], status: int
) -> None:
    configure(authority=loopback.origin, admin_url=loopback.origin, ca_file=str(loopback.ca_file))
    loopback.clock.at = None
    loopback.fail("openid-configuration", status)
    ran = upa("doctor", "--json")
    told = f"{loopback.origin} answers with {status} at the moment. Try again later."
    assert (ran.code, _found(ran.json, "authority")) == (4, told)


@pytest.mark.parametrize(
    "answer",
    [Given(404, b"{}"), Given(404, b'{"token_endpoint": "/"}'), Given(200, b"{}"), Given(200, b"<html>")],
    ids=repr,
)
def test_an_authority_that_is_none_is_told(
    upa: Callable[..., Ran], loopback: LoopbackTenant, configure: Callable[..., None], answer: Given
) -> None:
    configure(authority=loopback.origin, admin_url=loopback.origin, ca_file=str(loopback.ca_file))
    loopback.clock.at = None
    loopback.faults = lambda seen: answer if "openid-configuration" in seen.path else None
    ran = upa("doctor", "--json")
    told = f"{loopback.origin} is no authority: it answered {answer.status}, without an OpenID configuration."
    assert (ran.code, _found(ran.json, "authority").startswith(told)) == (4, True)


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
    assert "it answered 302" in _found(upa("doctor", "--json").json, "authority")
    asked = [seen.path for seen in loopback.seen if "openid-configuration" in seen.path]
    assert (asked, other_loopback.seen) == (["/contoso.com/v2.0/.well-known/openid-configuration"], [])


def test_the_authority_s_clock_is_looked_at_though_the_tenant_s_is_ours(
    upa: Callable[..., Ran],
    loopback: LoopbackTenant,
    other_loopback: LoopbackTenant,
    configure: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure(authority=other_loopback.origin, admin_url=loopback.origin, ca_file=str(loopback.ca_file))
    monkeypatch.setattr("analyzer.doctor.walk.clock", NOW.timestamp)
    other_loopback.clock.at = NOW + timedelta(hours=1)
    ran = upa("doctor", "--json")
    told = f"this machine's clock is 1 hour slow, by the time of {other_loopback.origin.removeprefix('https://')}"
    assert (ran.code, _found(ran.json, "clock").startswith(told)) == (3, True)


def test_a_data_folder_that_cannot_be_written_is_told(
    upa: Callable[..., Ran], configure: Callable[..., None], tmp_path: Path
) -> None:
    configure()
    (tmp_path / "upa-data").touch()
    ran = upa("doctor", "--json")
    assert (ran.code, _marks(ran.json, "bad")) == (5, ["data folder"])


def test_a_narrow_terminal_breaks_lines_between_words(
    upa: Callable[..., Ran], configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    configure()
    monkeypatch.setenv("COLUMNS", "60")
    lines = upa("doctor").out.splitlines()
    assert max(map(len, lines)) <= 66  # a thumbprint and a Guid are not broken
    assert all(line[:24].strip() == "" or line[:9].strip() == "ok" for line in lines)
