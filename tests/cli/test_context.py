from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.cli.context import AppContext
from analyzer.config.settings import FILE_NAME, Config, Settings, TenantConfig
from analyzer.errors import InputError, UsageError


def _context(folder: Path, *tenants: str, selected: str = "") -> AppContext:
    config = Config(data=str(folder), tenants={name: TenantConfig(timezone="Europe/Berlin") for name in tenants})
    context = AppContext(tenant_name=selected)
    context.settings = Settings(config, folder, None)
    return context


def test_the_configuration_of_the_current_folder_comes_before_the_user_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, users = tmp_path / "here", tmp_path / "config" / "upa-analyzer"
    here.mkdir()
    users.mkdir(parents=True)
    monkeypatch.chdir(here)
    monkeypatch.setattr("platformdirs.user_config_path", lambda name, **_: tmp_path / "config" / name)
    assert AppContext(environment={}).settings.file is None
    (users / FILE_NAME).touch()
    assert AppContext(environment={}).settings.file == users / FILE_NAME
    (here / FILE_NAME).touch()
    assert AppContext(environment={}).settings.file == Path(FILE_NAME)


def test_a_tenant_is_meant_however_its_name_is_spelled(tmp_path: Path) -> None:
    assert _context(tmp_path, "contoso", "fabrikam", selected="CONTOSO").tenant()[0] == "contoso"


def test_an_unknown_tenant_is_an_error_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        _context(tmp_path, selected="x").tenant()
    assert error.value.advice == "It has no tenants. Add one."


def test_the_zone_is_that_of_the_only_tenant_or_of_the_one_that_is_meant(tmp_path: Path) -> None:
    two = ("contoso", "fabrikam")
    assert str(_context(tmp_path, "contoso").zone()) == "Europe/Berlin"
    assert _context(tmp_path, *two).zone() is None
    assert str(_context(tmp_path, *two, selected="contoso").zone()) == "Europe/Berlin"


def test_of_several_libraries_none_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="no library found in "):
        _context(tmp_path).library_folder(None)
    for name in ("contoso", "fabrikam"):
        (tmp_path / name / "library").mkdir(parents=True)
        (tmp_path / name / "library" / "jobs.json").touch()
    with pytest.raises(UsageError, match="found 2 libraries in "):
        _context(tmp_path).library_folder(None)
    assert _context(tmp_path, selected="fabrikam").library_folder(None) == tmp_path / "fabrikam" / "library"


def test_logs_that_could_not_be_read_are_complained_of_and_count(capsys: pytest.CaptureFixture[str]) -> None:
    assert AppContext().unread([]) == 0
    assert AppContext().unread([InputError("a.log cannot be read")]) == 5
    assert "a.log cannot be read" in capsys.readouterr().err
