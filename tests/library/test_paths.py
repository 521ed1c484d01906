from __future__ import annotations

import ntpath
import os
import sys
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analyzer.errors import InputError
from analyzer.library.paths import clashing, key_of, local_path, place_of


@pytest.mark.parametrize("path", ["/sites/hr/Shared Documents/a.json", "sites/hr/Shared Documents/a.json"])
def test_a_server_path_lies_under_the_root_part_by_part(tmp_path: Path, path: str) -> None:
    assert local_path(tmp_path, path) == tmp_path / "sites" / "hr" / "Shared Documents" / "a.json"


@pytest.mark.parametrize(
    "name",
    ["100% sure #1.json", "it's + more.json", "Prüfung ä.json", "console.json", ".hidden", f"{'ä' * 125}.json"],
)
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
        "/sites/CONIN$",
        "/sites/conout$.log",
        "/sites/nul .txt",
        "/sites/COM³",
        "/sites/half \ud800 a pair",
        "/sites/a|b",
        "/sites/next\x85line",
        f"/sites/{'ä' * 128}",
        f"/{'long/' * 1000}a",
    ],
)
def test_path_that_is_invalid_on_some_platform_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(InputError, match="cannot be mirrored"):
        local_path(tmp_path, path)


@pytest.mark.parametrize(
    "path",
    [
        "/.upa/pull.json",
        "/.UPA/earlier/a",
        "/.u\u200cpa/pull.json",
        "/UPA~1/pull.json",
        "/upa~12/pull.json",
        "/jobs.json",
        "/JOBS.json",
        "/jobs~1.jso",
        "/JOBS~12.JSO",
        "/other-hosts.upa/contoso-my.sharepoint.com/a.json",
        "/OTHER-HOSTS.UPA/a.json",
        "/OTHER-~1.UPA/a.json",
    ],
)
def test_path_of_our_own_files_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(InputError, match="cannot be mirrored"):
        local_path(tmp_path, path)


def test_a_job_list_deeper_down_is_a_file_like_any_other(tmp_path: Path) -> None:
    assert local_path(tmp_path, "/sites/hr/jobs.json") == tmp_path / "sites" / "hr" / "jobs.json"


@pytest.mark.parametrize(
    ("names", "clash"),
    [
        (["a.log", "b.log", "a.log"], {}),
        (["a.log", "A.LOG", "a.Log"], {"A.LOG": "a.log", "a.Log": "a.log"}),
        (["\u00e4.log", "a\u0308.log"], {"a\u0308.log": "\u00e4.log"}),
        (["a.log", "a\u200b.log"], {"a\u200b.log": "a.log"}),
        (["Straße.log", "STRASSE.log"], {}),
        (["\u0130.log", "i\u0307.log"], {}),
    ],
    ids=["none", "case", "composition", "an invisible character", "letters that two may stand for", "a dotted I"],
)
def test_names_that_would_share_a_file_somewhere_are_known(names: list[str], clash: dict[str, str]) -> None:
    assert clashing(names) == clash


def test_a_path_longer_than_the_system_takes_is_refused_with_what_to_do(tmp_path: Path) -> None:
    used = len(os.fsencode(tmp_path / "a" / "b.log"))
    assert local_path(tmp_path, "/a/b.log", longest=used + 15).name == "b.log"
    with pytest.raises(InputError, match=f"{used} characters in all are too many here") as error:
        local_path(tmp_path, "/a/b.log", longest=used + 14)
    assert '"data"' in error.value.advice


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="which take less")
def test_a_path_as_long_as_the_system_takes_is_kept(tmp_path: Path) -> None:
    longest = "x" * (4_095 - 15 - len(os.fsencode(tmp_path)) - len("/" * 21))
    parts = [longest[index * 200 : index * 200 + 200] for index in range(21)]
    path = "/" + "/".join(part for part in parts if part)
    assert local_path(tmp_path, path).name


_PARTS = st.one_of(
    st.sampled_from(
        [
            "..",
            ".",
            "",
            "...",
            "~",
            "CON",
            "aux.log",
            "COM¹",
            "LPT9 .x",
            "CONOUT$",
            "C:",
            "a:b",
            "::$DATA",
            "\\",
            "..\\..",
        ]
    ),
    st.text(st.sampled_from("aA.\\/: ~$*?\0\n\x7f\ud83d\ude00ä¹\u202e"), max_size=8),
    st.text(max_size=12),
)


@given(st.lists(_PARTS, max_size=6).map("/".join), st.sampled_from(["", "/", "//", "\\\\", "\\\\?\\", "C:/", "/C:"]))
@example("sites/hr/Shared Documents/a.json", "/")
def test_whatever_the_service_names_lies_in_the_library_on_every_platform(path: str, lead: str) -> None:
    root = Path("library")
    try:
        parts = local_path(root, lead + path).relative_to(root).parts
    except InputError:
        return
    assert parts
    assert "/".join(parts) == (lead + path).removeprefix("/")
    # Independently of how names are judged: what each platform makes of them, and where that leads.
    posix = os.path.normpath(PurePosixPath("/library", *parts))
    assert PurePosixPath(posix).parts == ("/", "library", *parts)
    windows = PureWindowsPath("C:/library").joinpath(*parts)
    assert PureWindowsPath(ntpath.normpath(windows)).parts == ("C:\\", "library", *parts)
    assert not any(map(_is_reserved, parts))
    assert all(ntpath.splitdrive(part) == ("", part) for part in parts)
    os.fsencode(str(windows))


def _is_reserved(part: str) -> bool:
    """As Windows decides it, by Python's own reckoning."""
    if sys.version_info >= (3, 13):
        return ntpath.isreserved(part)
    return PureWindowsPath(part).is_reserved() or part[-1:] in {".", " "} or bool(set(part) & set('*?"<>/\\:|\0'))


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("/sites/hr/a.json", "sites/hr/a.json"),
        (
            "//contoso-admin.sharepoint.com/sites/hr/a.json",
            "other-hosts.upa/contoso-admin.sharepoint.com/sites/hr/a.json",
        ),
        ("//127.0.0.1:8443/sites/hr/a.json", "other-hosts.upa/127.0.0.1_8443/sites/hr/a.json"),
    ],
)
def test_a_file_of_another_host_has_a_place_of_its_own_that_tells_its_key(tmp_path: Path, key: str, place: str) -> None:
    assert place_of(tmp_path, key).relative_to(tmp_path).as_posix() == place
    assert key_of(place) == key


@pytest.mark.parametrize(
    "key",
    [
        *("//../sites/a", "///sites/a", "//con/a", "//a b/c", "//a.b/../../c", "//a.b//c", "//a_b/c"),
        *("//a:99999999/c", "//A.b/c", "//a.b./c", "//a.b", "//\u212a.b/c"),
    ],
)
def test_a_key_that_leads_elsewhere_has_no_place(tmp_path: Path, key: str) -> None:
    with pytest.raises(InputError, match="cannot be mirrored"):
        place_of(tmp_path, key)
