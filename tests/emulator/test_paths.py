"""Which server-relative paths there are, and where they lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.emulator.model import ServiceError
from analyzer.emulator.paths import check_name, locate

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "name",
    [
        "..",
        ".",
        "",
        "a:b",
        "a\\b",
        "a/b",
        "a*",
        'a"',
        "a|b",
        "a\0b",
        "a\n",
        "end.",
        "end ",
        " begin",
        "CON",
        "nul.txt",
        "x" * 256,
        "\ud800",
    ],
)
def test_a_name_that_sharepoint_refuses_is_refused(name: str) -> None:
    with pytest.raises(ServiceError) as refused:
        check_name(name)
    assert refused.value.status == 400


@pytest.mark.parametrize("name", ["a.json", "O'Neil+#1 100%.json", "名前.json", ".hidden", "a..b", "CONTOSO", "~x&y"])
def test_a_name_that_sharepoint_takes_is_taken(name: str) -> None:
    check_name(name)


def test_a_path_is_found_in_any_casing(tmp_path: Path) -> None:
    (tmp_path / "sites" / "HR").mkdir(parents=True)
    (tmp_path / "sites" / "HR" / "Straße.json").touch()
    (tmp_path / "sites" / "HR" / "other.json").touch()
    there, place = locate(tmp_path, "/SITES/hr/STRAße.JSON/")
    assert place.exists()
    assert (tmp_path / "sites" / "HR" / "Straße.json").samefile(place)
    assert there.lower() == "/sites/hr/straße.json"


def test_what_is_not_there_keeps_its_casing_below_what_is(tmp_path: Path) -> None:
    (tmp_path / "Sites").mkdir()
    assert locate(tmp_path, "/Sites/New Folder/A.json")[0] == "/Sites/New Folder/A.json"


def test_the_root_has_the_empty_path(tmp_path: Path) -> None:
    assert locate(tmp_path, "/") == ("", tmp_path)


def test_a_path_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ServiceError):
        locate(tmp_path, "/a" * 300)


@given(st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_path_leads_outside(tmp_path: Path, path: str) -> None:
    try:
        place = locate(tmp_path, path)[1]
    except ServiceError:
        return
    assert place.resolve().is_relative_to(tmp_path.resolve())
