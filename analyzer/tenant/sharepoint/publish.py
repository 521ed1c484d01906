"""What a document library demands of a new file, and the check-in or publication that lets others read the file.

A library that forces check-out keeps a new file checked out, and only its uploader sees it until it is checked in (seen
in threads); one with minor versions keeps it as a draft, one with content approval as pending. Whether an import reads
such a file is unknown; here it counts as not readable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from analyzer.errors import RefusedError
from analyzer.tenant.http.answer import CONCERNS_ALL, NOT_FOUND, SUCCESS, error_of, json_of, service_message
from analyzer.tenant.sharepoint.files import check_path
from analyzer.tenant.sharepoint.upload_errors import folder_error
from analyzer.tenant.sharepoint.webs import file_call, folder_call, lists_call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.tenant.http.answer import Answer
    from analyzer.tenant.sharepoint.upload import UploadTarget
    from analyzer.tenant.sharepoint.webs import Webs

_NOT_CHECKED_OUT, _PUBLISHED = 2, 1
_VERSIONING = "Library settings > Versioning settings in SharePoint"
_ANOTHER = "Import from a library without these settings"


@dataclass(frozen=True, slots=True)
class LibrarySettings:
    """What a library demands of a new file.

    Attributes:
        title: of the library.
        forces_checkout: whether a file stays checked out until it is checked in.
        keeps_drafts: whether a file is a draft until it is published.
        needs_approval: whether somebody has to approve a file.
    """

    title: str
    forces_checkout: bool
    keeps_drafts: bool
    needs_approval: bool


@dataclass(frozen=True, slots=True)
class _Version:
    """Whether others see a file; what the tenant doesn't say counts as if they did."""

    is_checked_out: bool
    is_published: bool

    @classmethod
    def of(cls, fields: Mapping[str, object]) -> Self:
        checked_out = fields.get("CheckOutType", _NOT_CHECKED_OUT) != _NOT_CHECKED_OUT
        return cls(checked_out, fields.get("Level", _PUBLISHED) == _PUBLISHED)


def library_settings(webs: Webs, origin: str, folder: str) -> LibrarySettings | None:
    """Return what the library of a folder demands; None if the tenant doesn't say.

    Args:
        webs: of the tenant.
        origin: of the host.
        folder: server-relative path, not encoded.

    Raises:
        UsageError: there is no such folder.
        RefusedError: it may not be read.
        UnreachableError: the tenant failed.
    """
    answer, url = webs.call("GET", origin, folder, lambda web: origin + folder_call(web, folder, "?$select=Exists"))
    if answer.status == NOT_FOUND:
        raise folder_error(origin + folder)
    check_path(answer, url)
    json_of(answer, url)
    answer, url = webs.call("GET", origin, f"{folder}/", lambda web: origin + lists_call(web))
    if answer.status in CONCERNS_ALL:
        raise error_of(answer, url)
    listed = (answer.content or {}).get("value") if answer.status in SUCCESS else None
    lists = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    inside = [one for one in lists if f"{folder}/".lower().startswith(f"{_root(one)}/".lower()) and _root(one)]
    if not inside:
        return None
    library = max(inside, key=lambda one: len(_root(one)))
    return LibrarySettings(
        str(library.get("Title", "")),
        forces_checkout=library.get("ForceCheckout") is True,
        keeps_drafts=library.get("EnableMinorVersions") is True,
        needs_approval=library.get("EnableModeration") is True,
    )


def check_library(webs: Webs, target: UploadTarget) -> None:
    """Raise if a file would never become readable for an import in a library.

    Raises:
        RefusedError: the library requires that somebody approves each file.
        AnalyzerError: as ``library_settings``.
    """
    settings = library_settings(webs, target.origin, target.folder.rstrip("/"))
    if settings is not None and settings.needs_approval:
        raise RefusedError(
            f"the library {settings.title} of {target.origin}{target.folder} requires content approval, and an import"
            " may not find a file that is pending",
            f"{_ANOTHER}, or turn content approval off ({_VERSIONING}).",
        )


def make_readable(webs: Webs, target: UploadTarget, comment: str = "") -> None:
    """Check in and publish an uploaded file as far as its library demands; does nothing if it is readable already.

    Raises:
        RefusedError: the library doesn't allow it; the file stays as it is.
        UnreachableError: the tenant failed.
    """
    said = ""
    version = _version(webs, target)
    if version.is_checked_out:
        said = _do(webs, target, f"/checkIn(comment='{comment}',checkInType=1)")
        version = _version(webs, target)
    if not version.is_checked_out and not version.is_published:
        said = _do(webs, target, f"/publish(comment='{comment}')")
        version = _version(webs, target)
    if version.is_checked_out:
        raise RefusedError(
            f"{target.uri} stays checked out, and an import may not find it. {said}".rstrip(),
            "If the library has required columns, fill them in and check the file in; or import from a library that"
            f" doesn't require check-out ({_VERSIONING}).",
        )
    if not version.is_published:
        raise RefusedError(
            f"{target.uri} stays a draft or pending, and an import may not read it. {said}".rstrip(),
            f"Have it approved or published; or import from a library without drafts and approval ({_VERSIONING}).",
        )


def _version(webs: Webs, target: UploadTarget) -> _Version:
    fields = "?$select=CheckOutType,Level"
    answer, url = webs.call(
        "GET", target.origin, target.path, lambda web: target.origin + file_call(web, target.path, fields)
    )
    return _Version.of(json_of(answer, url))


def _do(webs: Webs, target: UploadTarget, call: str) -> str:
    """Send a call that changes the file's version; return the tenant's reason if it refuses.

    Raises:
        AnalyzerError: the tenant refuses every request.
    """
    answer: Answer
    answer, url = webs.call(
        "POST", target.origin, target.path, lambda web: target.origin + file_call(web, target.path, call), b""
    )
    if answer.status in CONCERNS_ALL:
        raise error_of(answer, url)
    return "" if answer.status in SUCCESS else f"SharePoint says: {service_message(answer) or answer.status}"


def _root(one: Mapping[str, object]) -> str:
    folder = one.get("RootFolder")
    return str(folder.get("ServerRelativeUrl", "")) if isinstance(folder, dict) else ""
