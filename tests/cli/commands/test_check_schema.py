"""``check`` with a schema of the profile properties, and with the profile of a user."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.emulator import start
from tests.emulator.client import StandingClock, job, source, write_library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from analyzer.emulator import RunningEmulator
    from tests.conftest import Ran

SCHEMA = "name;type;length;editable\nCity;string;5;no\nAboutMe;HTML;3600;yes\nBirthday;date;;\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "schema.csv").write_text(SCHEMA, encoding="utf-8")
    (tmp_path / "hr.json").write_bytes(source("ada@contoso.com", City="Helsinki", Born="31.12.1990"))
    return "hr.json"


@pytest.fixture
def tenant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningEmulator]:
    with start(write_library(tmp_path / "tenant", job()), clock=StandingClock()) as running:
        ready = running.ready
        keys = f'admin_url = "{ready["admin_url"]}"\nauth = "token"\nca_file = "{ready["ca_file"]}"\n'
        (tmp_path / "upa-analyzer.toml").write_text(f"[tenants.contoso]\n{keys}", encoding="utf-8")
        monkeypatch.setenv("UPA_TOKEN", ready["token"])
        yield running


def kinds(ran: Ran) -> list[tuple[str, str | None, str | None]]:
    (checked,) = ran.json["files"]
    return [(one["kind"], one["property"], one["suggestion"]) for one in checked["findings"]]


def test_values_and_the_map_are_compared_with_the_schema(upa: Callable[..., Ran], file: str) -> None:
    mapped = ("--map", "City", "--map", "Born=Birthday", "--map", "About=AboutMe")
    ran = upa("check", file, *mapped, "--schema", "schema.csv", "--json")
    assert ran.code == 1
    assert {kind for kind, _, _ in kinds(ran)} == {"user-editable", "too-long", "wrong-type", "unused-property"}


@pytest.mark.usefixtures("tenant")
def test_a_misspelt_property_is_found_with_the_one_that_is_meant(upa: Callable[..., Ran], file: str) -> None:
    mapped = ("--map", "City=SPS-Schol", "--map", "Born=SPS-Birthday")
    ran = upa("check", file, *mapped, "--properties-of", "ada@contoso.com", "--json")
    assert kinds(ran) == [("unknown-property", "SPS-Schol", "SPS-School")]


@pytest.mark.usefixtures("tenant")
def test_a_schema_and_a_profile_are_used_together(upa: Callable[..., Ran], file: str) -> None:
    mapped = ("--map", "City=AboutMe", "--map", "Born=Birthday")
    ran = upa("check", file, *mapped, "--properties-of", "ada@contoso.com", "--schema", "schema.csv", "--json")
    assert [kind for kind, _, _ in kinds(ran)] == ["unknown-property", "user-editable"]


@pytest.mark.usefixtures("tenant")
def test_a_user_without_a_profile_is_an_error(upa: Callable[..., Ran], file: str) -> None:
    ran = upa("check", file, "--properties-of", "eve@contoso.com")
    assert ran.code == 2
    assert "the tenant has no profile of eve@contoso.com" in ran.err


def test_the_terminal_shows_the_property_that_is_meant(upa: Callable[..., Ran], file: str) -> None:
    ran = upa("check", file, "--map", "City=Cty", "--schema", "schema.csv")
    assert "Map it to City" in ran.out


def test_a_file_that_isnt_a_schema_is_an_error(upa: Callable[..., Ran], file: str) -> None:
    ran = upa("check", file, "--schema", file)
    assert ran.code == 5
    assert "hr.json isn't a schema of profile properties" in ran.err
