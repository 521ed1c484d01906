"""The steps of ``doctor`` that look at this machine: configuration, clock, certificate, data folder."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.conftest import NOW
from tests.doctor.findings import found, marks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import LoopbackTenant, Ran


def test_an_unknown_time_zone_is_a_finding(upa: Callable[..., Ran], configure: Callable[..., None]) -> None:
    configure(timezone="Mars/Olympus")
    ran = upa("doctor", "--json")
    assert (ran.code, marks(ran.json, "bad")) == (2, ["configuration"])
    assert "timezone 'Mars/Olympus' isn't a time zone" in found(ran.json, "configuration")


@pytest.mark.parametrize(("seconds", "words"), [(-3600, "1 hour slow"), (7200, "2 hours fast")])
def test_a_wrong_clock_is_found_by_other_hosts_time(
    upa: Callable[..., Ran],
    configure: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    words: str,
) -> None:
    configure()
    monkeypatch.setattr("analyzer.doctor.checks.clock", lambda: time.time() + seconds)
    ran = upa("doctor", "--json")
    assert (ran.code, marks(ran.json, "bad")[0]) == (3, "clock")
    assert f"this machine's clock is {words}, by the time of localhost:" in found(ran.json, "clock")


def test_a_certificate_that_ends_soon_is_a_warning_with_an_advice(
    upa: Callable[..., Ran], configure: Callable[..., None]
) -> None:
    configure(certificate="soon.pem")
    ran = upa("doctor", "--json")
    assert (ran.code, marks(ran.json, "warn"), marks(ran.json, "skipped")) == (0, ["certificate"], [])
    assert "7 days left" in found(ran.json, "certificate")
    assert found(ran.json, "certificate").endswith(
        ". Upload a new one to the application before then, and name it in the configuration."
    )


@pytest.mark.parametrize(("file", "warns"), [("soon.pem", True), ("app.pem", False)])
def test_run_and_pull_warn_of_a_certificate_that_ends_soon_however_quiet(
    upa: Callable[..., Ran], configure: Callable[..., None], file: str, warns: bool
) -> None:
    configure(certificate=file)
    for command in ("run", "pull"):
        ran = upa(command, "--quiet")
        assert (ran.code, "The certificate soon.pem expires in 7 days (" in ran.err) == (0, warns)
        assert len(ran.err.splitlines()) == int(warns)


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
    monkeypatch.setattr("analyzer.doctor.checks.clock", lambda: time.time() + days * 86_400)
    shown = found(upa("doctor", "--json").json, "certificate")
    assert (left in shown, "Upload a new one" in shown) == (True, soon)


@pytest.mark.parametrize(("seconds", "words"), [(0, "within 1 second of "), (-100, "within 100 seconds of ")])
def test_the_finding_states_how_far_the_clock_is_off(  # noqa: PLR0913, PLR0917 - fixtures and cases
    upa: Callable[..., Ran],
    loopback: LoopbackTenant,
    configure: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    words: str,
) -> None:
    configure(auth="token", admin_url=loopback.origin, ca_file=str(loopback.ca_file))
    monkeypatch.setattr("analyzer.doctor.checks.clock", lambda: NOW.timestamp() + seconds)
    assert words in found(upa("doctor", "--json").json, "clock")


def test_without_an_answer_the_clock_is_not_checked(upa: Callable[..., Ran], configure: Callable[..., None]) -> None:
    configure(auth="token", admin_url="https://127.0.0.1:9")
    ran = upa("doctor", "--json")
    assert (ran.code, "clock" in marks(ran.json, "skipped")) == (3, True)


def test_the_authority_s_clock_is_looked_at_though_the_tenant_s_is_ours(
    upa: Callable[..., Ran],
    loopback: LoopbackTenant,
    other_loopback: LoopbackTenant,
    configure: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure(authority=other_loopback.origin, admin_url=loopback.origin, ca_file=str(loopback.ca_file))
    monkeypatch.setattr("analyzer.doctor.checks.clock", NOW.timestamp)
    other_loopback.clock.at = NOW + timedelta(hours=1)
    ran = upa("doctor", "--json")
    expected = f"this machine's clock is 1 hour slow, by the time of {other_loopback.origin.removeprefix('https://')}"
    assert (ran.code, found(ran.json, "clock").startswith(expected)) == (3, True)


def test_an_unwritable_data_folder_is_a_finding(
    upa: Callable[..., Ran], configure: Callable[..., None], tmp_path: Path
) -> None:
    configure()
    (tmp_path / "upa-data").touch()
    ran = upa("doctor", "--json")
    assert (ran.code, marks(ran.json, "bad")) == (5, ["data folder"])
