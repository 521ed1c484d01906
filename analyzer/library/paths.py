"""Where in the library a server-relative path lies; never outside it, on no platform."""

from __future__ import annotations

import re
from pathlib import Path  # noqa: TC003 - used at run time by callers' annotations

from analyzer.errors import InputError

# What Windows refuses or reads as something else; SharePoint allows none of these in names either.
_ODD_CHARACTERS = re.compile(r'[\x00-\x1f\x7f-\x9f\\:*?"<>|]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.IGNORECASE)
_LONGEST = 255
OWN_FOLDER = ".upa"
JOB_LIST = "jobs.json"


def local_path(root: Path, server_path: str) -> Path:
    """The file or folder of the library that mirrors a server-relative path.

    Raises:
        InputError: a part of the path is no name that can be mirrored, as ``..`` or ``a:b``.
    """
    parts = server_path.removeprefix("/").split("/")
    ours = parts[0].lower() == OWN_FOLDER or [part.lower() for part in parts] == [JOB_LIST]
    for part in parts:
        if ours or _refused(part):
            raise InputError(f"the tenant's path {server_path!r} cannot be mirrored: {part!r} is no safe name")
    return root.joinpath(*parts)


def _refused(part: str) -> bool:
    return (
        not part
        or part.endswith((".", " "))
        or len(part.encode(errors="replace")) > _LONGEST
        or _ODD_CHARACTERS.search(part) is not None
        or _RESERVED.fullmatch(part) is not None
    )
