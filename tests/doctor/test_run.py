"""``doctor`` on an emulator, with one thing wrong at a time: which steps it walks, and how it tells of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import Given
from tests.doctor.findings import STEPS, found, marks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from analyzer.emulator import RunningEmulator
    from tests.conftest import LoopbackTenant, Ran, Seen


def test_where_all_is_well_each_step_says_what_itfound(
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
        "Sites.FullControl.All and User.ReadWrite.All, valid for 60 minutes",
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
        ({"certificate": "ended.pem"}, 3, "certificate", "ended.pem expired on 2", _AFTER_CERTIFICATE),
        ({"certificate": "other.pem"}, 5, "certificate", "don't match", _AFTER_CERTIFICATE),
        ({"certificate": "nowhere.pem"}, 2, "certificate", "does not exist", _AFTER_CERTIFICATE),
        ({"client_id": "0f0f0f0f"}, 3, "token", "has no application 0f0f0f0f (AADSTS700016)", ["job list", "library"]),
        ({"authority": "https://127.0.0.1:9"}, 4, "authority", "can't be reached", _AFTER_CERTIFICATE),
        ({"tenant_id": ""}, 2, "configuration", "tenant_id is missing", list(STEPS[1:])),
        ({"ca_file": "upa-analyzer.toml"}, 2, "configuration", "has no certificate of an authority", list(STEPS[1:])),
        ({"admin_url": ""}, 2, "configuration", "admin_url is missing", list(STEPS[1:])),
        ({"data": "x"}, 2, "configuration", "there is no key tenants.contoso.data", list(STEPS[1:])),
    ],
    ids=str,
)
def test_a_failed_check_is_reported_and_dependent_ones_are_skipped(  # noqa: PLR0913, PLR0917 - fixtures and cases
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
    assert (marks(ran.json, "bad"), marks(ran.json, "skipped")) == ([bad], skipped)
    assert words in found(ran.json, bad)
    assert "upa-analyzer doctor" not in ran.out  # whoever reads it is there already


def test_a_requested_wait_is_kept_and_shown(
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
    assert (ran.code, "asks to wait. Continuing in 60 s" in ran.err) == (0, True)
    assert found(ran.json, "job list") == "it has 0 jobs. "


@pytest.mark.parametrize(("jobs", "mark"), [(3_499, "ok"), (3_500, "warn")])
def test_a_job_list_that_nears_the_threshold_is_a_warning(  # noqa: PLR0913, PLR0917 - fixtures and cases
    upa: Callable[..., Ran],
    loopback: LoopbackTenant,
    configure: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    jobs: int,
    mark: str,
) -> None:
    configure(admin_url=loopback.origin, ca_file=str(loopback.ca_file), auth="token")
    monkeypatch.setenv("UPA_TOKEN", "made-up-token")
    loopback.clock.at = None
    loopback.faults = lambda seen: Given(401, b"{}") if seen.path.endswith("/_api/web") else None
    for number in range(jobs):
        loopback.add_job(number, state=4, error=0)
    ran = upa("doctor", "--json")
    assert ran.code == 0
    assert "job list" in marks(ran.json, mark)
    assert ("Queue fewer jobs" in found(ran.json, "job list")) is (mark == "warn")


@pytest.mark.parametrize("status", [200, 404, 500])
def test_an_unexpected_answer_has_advice(
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
    assert (ran.code, marks(ran.json, "bad")) == (4, ["job list"])
    assert found(ran.json, "job list").endswith("Microsoft's support asks for the ID that --verbose shows.")


def test_of_an_advice_that_leads_to_the_doctor_whole_sentences_are_left(
    upa: Callable[..., Ran], loopback: LoopbackTenant, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = Given(401, b'{"error_description": "Invalid JWT token. The token is expired."}')
    configure(admin_url=loopback.origin, ca_file=str(loopback.ca_file), auth="token")
    monkeypatch.setenv("UPA_TOKEN", "no.web.token")
    loopback.clock.at = None
    loopback.faults = lambda _seen: ended
    shown = found(upa("doctor", "--json").json, "job list")
    assert shown.endswith(" Get a new one. If it is new, is this machine's clock right?")


def test_a_narrow_terminal_breaks_lines_between_words(
    upa: Callable[..., Ran], configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    configure()
    monkeypatch.setenv("COLUMNS", "60")
    lines = upa("doctor").out.splitlines()
    assert max(map(len, lines)) <= 66  # a thumbprint and a Guid are not broken
    assert all(line[:24].strip() == "" or line[:9].strip() == "ok" for line in lines)
