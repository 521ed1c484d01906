"""Map files of the tenant to places in the library, never outside it on any platform.

Two files are the same only if host and path are. A file of the tenant's main host, where its sites are, has its
server-relative path in the library; a file of any other host has it below a folder of that host. Where a file is noted,
its *key* is the path, ``/sites/hr/a.json``, or host and path, ``//contoso-admin.sharepoint.com/sites/hr/a.json``.
"""

from __future__ import annotations

import functools
import os
import re
import sys
import unicodedata
from pathlib import Path  # noqa: TC003 - used at run time by callers' annotations
from typing import TYPE_CHECKING

from analyzer.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

# Characters that Windows refuses or interprets; SharePoint refuses them, too. Half a surrogate pair has no UTF-8.
_ODD_CHARACTERS = re.compile(r'[\x00-\x1f\x7f-\x9f\\:*?"<>|\ud800-\udfff]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(?:\..*)?", re.IGNORECASE)
_LONGEST_NAME = 255
_PART_EXTRA = 15
"""How much longer a file's temporary name is (``files.beside_of``)."""
OWN_FOLDER = ".upa"
JOB_LIST = "jobs.json"
HOSTS_FOLDER = "other-hosts.upa"
"""The folder of the hosts other than the main one. A path of the tenant that begins with it is refused."""
# With their short names on Windows.
_OUR_FOLDER = re.compile(r"\.upa|upa~\d+|other-hosts\.upa|other-~\d+\.upa")
_OUR_FILE = re.compile(r"jobs\.json|jobs~\d+\.jso")
_HOST = re.compile(r"(?P<name>[a-z0-9.-]+)(?::(?P<port>[0-9]{1,5}))?")


def local_path(root: Path, server_path: str, *, longest: int | None = None) -> Path:
    """Return the file or folder of the library that mirrors a server-relative path.

    Args:
        root: the library.
        server_path: not encoded.
        longest: limit of the whole path in bytes, on Windows in UTF-16 units; None for the system's.

    Raises:
        InputError: a part of the path cannot be mirrored, such as ``..`` or ``a:b``, or the path is too long.
    """
    parts = server_path.removeprefix("/").split("/")
    first = _folded(parts[0])
    is_ours = _OUR_FOLDER.fullmatch(first) or (len(parts) == 1 and _OUR_FILE.fullmatch(first))
    for part in parts:
        if is_ours or _refused(part):
            raise InputError(f"the tenant's path {server_path!r} cannot be mirrored: {part!r} isn't a safe name")
    path = root.joinpath(*parts)
    length = _length(path)
    if length + _PART_EXTRA > (longest or _longest_path()):
        raise InputError(
            f"the tenant's path {server_path!r} cannot be mirrored: {length} characters in all are too many here",
            'Give "data" a folder with a shorter path; on Windows, long paths can be allowed (LongPathsEnabled).',
        )
    return path


def file_key(path: str, other_host: str = "") -> str:
    """Return the key of a file.

    Args:
        path: server-relative, not encoded.
        other_host: in lower case, with its port if it has one; empty for the main host.

    >>> file_key("/sites/hr/a.json", "contoso-my.sharepoint.com")
    '//contoso-my.sharepoint.com/sites/hr/a.json'
    """
    return f"//{other_host}{path}" if other_host else path


@functools.lru_cache(maxsize=256)  # several questions about a job in succession
def place_of(root: Path, key: str) -> Path:
    """Return the file or folder of the library with a key.

    Raises:
        InputError: as for ``local_path``, or the host is invalid.
    """
    if not key.startswith("//"):
        return local_path(root, key)
    text, _, path = key[2:].partition("/")
    host = _HOST.fullmatch(text)
    folder = f"{host['name']}_{host['port']}" if host and host["port"] else text  # no host has "_" in its name
    if host is None or _refused(folder):
        raise InputError(f"the tenant's path {path!r} cannot be mirrored: {text!r} isn't a host")
    return local_path(root / HOSTS_FOLDER / folder, f"/{path}")


def key_of(name: str) -> str:
    """Return the key of a file by its path in the library, with ``/`` on every platform.

    >>> key_of("other-hosts.upa/127.0.0.1_8443/sites/hr/a.json")
    '//127.0.0.1:8443/sites/hr/a.json'
    """
    first, _, rest = name.partition("/")
    if first != HOSTS_FOLDER:
        return f"/{name}"
    folder, _, path = rest.partition("/")
    return f"//{folder.replace('_', ':')}/{path}"


def clashing(names: Iterable[str]) -> dict[str, str]:
    """Return the names in one folder that a file system may not distinguish from an earlier one.

    Windows and macOS ignore case; macOS also ignores whether ``ä`` is one character or two. A tenant ignores case, too,
    so only a manipulated listing has both.
    >>> clashing(["a.log", "b.log", "A.log"])
    {'A.log': 'a.log'}
    """
    first: dict[str, str] = {}
    return {name: other for name in names if (other := first.setdefault(_folded(name), name)) != name}


def is_name(text: str) -> bool:
    """Return whether a text is a valid name of a file or folder on every platform.

    >>> is_name("contoso"), is_name(".."), is_name("a/b"), is_name("con")
    (True, False, False, False)
    """
    return "/" not in text and not _refused(text)


def _folded(name: str) -> str:
    """Return a name for comparison without case, composition, and invisible characters."""
    visible = "".join(character for character in name if unicodedata.category(character) != "Cf")
    return "".join(map(_lower, unicodedata.normalize("NFC", visible)))


def _lower(character: str) -> str:
    lower = character.lower()
    return lower if len(lower) == 1 else character


def _refused(part: str) -> bool:
    return (
        not part
        or part.endswith((".", " "))
        or _ODD_CHARACTERS.search(part) is not None
        or len(part.encode()) > _LONGEST_NAME
        or _RESERVED.fullmatch(part) is not None
    )


def _length(path: Path) -> int:
    whole = os.path.abspath(path)  # noqa: PTH100 - ``Path.resolve`` would look at the disk
    return len(whole.encode("utf-16-le", "surrogatepass")) // 2 if sys.platform == "win32" else len(os.fsencode(whole))


@functools.cache
def _longest_path() -> int:
    if sys.platform == "win32":
        import winreg

        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SYSTEM\CurrentControlSet\Control\FileSystem") as key:
                allowed = winreg.QueryValueEx(key, "LongPathsEnabled")[0] == 1
        except OSError:
            allowed = False
        return 32_000 if allowed else 259
    return 1023 if sys.platform == "darwin" else 4095
