"""Server-relative paths: which are allowed, and where on disk they lie."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analyzer.emulator.model import ServiceError

if TYPE_CHECKING:
    from pathlib import Path

# https://support.microsoft.com/office/64883a5d-228e-48f5-b3d2-eb39e07630fa: what SharePoint refuses in names. It is
# also all that could lead out of a folder, on any platform.
_ODD_CHARACTERS = re.compile(r'[\x00-\x1f\ud800-\udfff"*:<>?\\/|]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?|\.lock|desktop\.ini", re.IGNORECASE)
_LONGEST_NAME, _LONGEST_PATH = 255, 400


def names_of(path: str) -> list[str]:
    """The names that a server-relative path is made of; none for the root.

    Raises:
        ServiceError: 400, one of them is no name that SharePoint allows, as ``..``, or it is too long.
    """
    names = [name for name in path.split("/") if name]
    if len(path) > _LONGEST_PATH:
        raise _refused(path[:40] + "…")
    for name in names:
        check_name(name)
    return names


def check_name(name: str) -> None:
    """Passes a name that a file or folder may have.

    Raises:
        ServiceError: 400, it may not (code seen, text inferred).
    """
    odd = (
        not name
        or name.endswith((".", " "))
        or name.startswith(" ")
        or len(name.encode("utf-8", "replace")) > _LONGEST_NAME
    )
    if odd or _ODD_CHARACTERS.search(name) or _RESERVED.fullmatch(name):
        raise _refused(name)


def locate(root: Path, path: str) -> tuple[str, Path]:
    """The path in the casing that is on disk, and where that is; a part that is not there keeps its casing.

    SharePoint compares names without regard to case, the disk may not.

    Raises:
        ServiceError: 400, the path is none that SharePoint allows.
    """
    place = root
    for name in names_of(path):
        place /= name if (place / name).exists() else _as_on_disk(place, name)
    return "/" + place.relative_to(root).as_posix() if place != root else "", place


def _as_on_disk(folder: Path, name: str) -> str:
    if not folder.is_dir():
        return name
    return next((there.name for there in folder.iterdir() if there.name.lower() == name.lower()), name)


def _refused(name: str) -> ServiceError:
    message = f"The file or folder name {name!r} contains characters that are not permitted, or is too long."
    return ServiceError(400, "-2130575245, Microsoft.SharePoint.SPException", message)
