from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.errors import InputError
from analyzer.library.paths import local_path

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("path", ["/sites/hr/Shared Documents/a.json", "sites/hr/Shared Documents/a.json"])
def test_a_server_path_lies_under_the_root_part_by_part(tmp_path: Path, path: str) -> None:
    assert local_path(tmp_path, path) == tmp_path / "sites" / "hr" / "Shared Documents" / "a.json"


@pytest.mark.parametrize("name", ["100% sure #1.json", "it's + more.json", "Prüfung ä.json", "console.json", ".hidden"])
def test_names_that_a_tenant_may_have_are_kept(tmp_path: Path, name: str) -> None:
    assert local_path(tmp_path, f"/sites/hr/{name}").name == name


@pytest.mark.parametrize(
    "path",
    [
        "/sites/../../etc/passwd",
        "/sites/./a",
        "/..",
        "",
        "/",
        "//server/share/a",
        "/sites//a",
        "/sites/a/",
        "/sites/a:b",
        "/C:/windows/a",
        "/sites/a\\..\\b",
        "/sites/CON",
        "/sites/con.log",
        "/sites/Lpt1.txt",
        "/sites/com¹",
        "/sites/ends in a dot.",
        "/sites/ends in a blank ",
        "/sites/line\nbreak",
        "/sites/nul\x00",
        '/sites/"quoted"',
        "/sites/a*",
        f"/sites/{'ä' * 128}",
    ],
)
def test_a_path_that_is_no_name_on_some_platform_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(InputError, match="cannot be mirrored"):
        local_path(tmp_path, path)


@pytest.mark.parametrize("path", ["/.upa/pull.json", "/.UPA/earlier/a", "/jobs.json", "/JOBS.json"])
def test_a_path_where_our_own_files_lie_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(InputError, match="cannot be mirrored"):
        local_path(tmp_path, path)


def test_a_job_list_deeper_down_is_a_file_like_any_other(tmp_path: Path) -> None:
    assert local_path(tmp_path, "/sites/hr/jobs.json") == tmp_path / "sites" / "hr" / "jobs.json"
