"""What a library demands of a new file, and the check-in or publication that makes it readable for an import."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.emulator import file_versions
from analyzer.errors import RefusedError, SignInError, UsageError
from analyzer.tenant.http.session import Session
from analyzer.tenant.model import TenantAddress
from analyzer.tenant.sharepoint.publish import LibrarySettings, check_library, library_settings, make_readable
from analyzer.tenant.sharepoint.upload import UploadTarget, upload_file
from analyzer.tenant.sharepoint.webs import Webs
from analyzer.tenant.signin import ReadyToken
from tests.conftest import FOLDER, Given

if TYPE_CHECKING:
    from analyzer.emulator import RunningEmulator
    from tests.conftest import LoopbackTenant, Seen

NAME = "feed.json"


@dataclass
class Library:
    """A library with one file, and what the service would do with it.

    Attributes:
        settings: of the list, as the service names them.
        root: server-relative path of its root folder.
        checked_out: whether the file is.
        level: 1 published, 2 draft.
        refuses: the calls that are refused, in lower case, by the service's reason.
        drafts: whether a check-in leaves a draft.
        asked: the calls that change something.
    """

    settings: dict[str, object] = field(default_factory=dict)
    root: str = FOLDER
    checked_out: bool = False
    level: int = 1
    refuses: dict[str, str] = field(default_factory=dict)
    drafts: bool = False
    asked: list[str] = field(default_factory=list)

    def answer(self, seen: Seen) -> Given | None:
        if "/_api/web/lists" in seen.path:
            folder = {"RootFolder": {"ServerRelativeUrl": self.root}}
            above = {"Title": "Site", "EnableModeration": True, "RootFolder": {"ServerRelativeUrl": "/sites/hr/Shared"}}
            return _json({"value": [above, {"Title": "Documents", **self.settings, **folder}]})
        if "getFolderBy" in seen.path:
            return _json({"Exists": True})
        for call in ("checkIn", "publish"):
            if f")/{call}(" in seen.path:
                return self._change(call)
        if "getFileBy" in seen.path:
            return _json({"CheckOutType": 0 if self.checked_out else 2, "Level": self.level})
        return None

    def _change(self, call: str) -> Given:
        self.asked.append(call)
        if call in self.refuses:
            return _json({"odata.error": {"code": "-1, X", "message": {"value": self.refuses[call]}}}, 400)
        if call == "checkIn":
            self.checked_out, self.level = False, 2 if self.drafts else 1
        else:
            self.level = 1
        return _json({"odata.null": True})


def _json(content: object, status: int = 200) -> Given:
    return Given(status, json.dumps(content).encode())


def _webs(loopback: LoopbackTenant, library: Library) -> tuple[Webs, UploadTarget]:
    loopback.faults = library.answer
    return Webs(loopback.session()), UploadTarget(loopback.origin, FOLDER, NAME)


@pytest.mark.parametrize("root", [FOLDER, FOLDER.upper(), FOLDER.rpartition("/")[0]])
def test_the_settings_are_those_of_the_library_that_holds_the_folder(loopback: LoopbackTenant, root: str) -> None:
    demanded: dict[str, object] = {"ForceCheckout": True, "EnableMinorVersions": True, "EnableModeration": False}
    webs, target = _webs(loopback, Library(demanded, root))
    assert library_settings(webs, target.origin, FOLDER) == LibrarySettings(
        "Documents", forces_checkout=True, keeps_drafts=True, needs_approval=False
    )


@pytest.mark.parametrize("answer", [Given(404, b"{}"), Given(403, b"{}"), _json({"value": []}), _json({"value": 1})])
def test_settings_that_the_tenant_does_not_tell_are_unknown(loopback: LoopbackTenant, answer: Given) -> None:
    loopback.faults = lambda seen: answer if "/web/lists" in seen.path else Library().answer(seen)
    webs, target = Webs(loopback.session()), UploadTarget(loopback.origin, FOLDER, NAME)
    assert library_settings(webs, target.origin, FOLDER) is None
    check_library(webs, target)


def test_a_refused_token_is_not_taken_for_unknown_settings(loopback: LoopbackTenant) -> None:
    loopback.faults = lambda seen: Given(401, b"{}") if "/web/lists" in seen.path else Library().answer(seen)
    with pytest.raises(SignInError):
        library_settings(Webs(loopback.session()), loopback.origin, FOLDER)


def test_a_folder_that_is_missing_is_named_before_anything_is_sent(loopback: LoopbackTenant) -> None:
    loopback.fail("getFolderBy", 404)
    with pytest.raises(UsageError, match=r"there is no folder https://.*/sites/hr/Shared Documents\."):
        library_settings(Webs(loopback.session()), loopback.origin, FOLDER)


def test_a_library_with_approval_is_refused_before_the_upload(loopback: LoopbackTenant) -> None:
    webs, target = _webs(loopback, Library({"EnableModeration": True}))
    with pytest.raises(RefusedError, match=r"the library Documents .* requires content approval"):
        check_library(webs, target)


@pytest.mark.parametrize(
    ("library", "asked"),
    [
        (Library(), []),
        (Library(checked_out=True), ["checkIn"]),
        (Library(level=2), ["publish"]),
        (Library(checked_out=True, level=255, drafts=True), ["checkIn", "publish"]),
    ],
    ids=["a plain library", "forced check-out", "drafts", "both"],
)
def test_a_file_is_made_readable_with_the_calls_that_it_needs(
    loopback: LoopbackTenant, library: Library, asked: list[str]
) -> None:
    webs, target = _webs(loopback, library)
    make_readable(webs, target)
    make_readable(webs, target)
    assert library.asked == asked
    assert (library.checked_out, library.level) == (False, 1)


def test_what_the_tenant_does_not_tell_of_a_file_counts_as_readable(loopback: LoopbackTenant) -> None:
    loopback.faults = lambda seen: _json({}) if "getFileBy" in seen.path else None
    make_readable(Webs(loopback.session()), UploadTarget(loopback.origin, FOLDER, NAME))


@pytest.mark.parametrize(
    ("library", "expected"),
    [
        (Library(checked_out=True, refuses={"checkIn": "fill out all required properties"}), "stays checked out"),
        (Library(level=2, refuses={"publish": "fill out all required properties"}), "stays a draft or pending"),
    ],
    ids=["check-in", "publication"],
)
def test_a_refusal_names_the_reason_of_the_service(loopback: LoopbackTenant, library: Library, expected: str) -> None:
    webs, target = _webs(loopback, library)
    with pytest.raises(RefusedError) as error:
        make_readable(webs, target)
    assert expected in error.value.what
    assert "SharePoint says: fill out all required properties" in error.value.what
    assert error.value.advice


def test_a_check_in_whose_answer_says_that_it_is_done_is_done(loopback: LoopbackTenant) -> None:
    library = Library(checked_out=True)

    def answer(seen: Seen) -> Given | None:
        given = library.answer(seen)
        return _json({"odata.error": {"code": "-1, X"}}, 400) if "checkIn" in seen.path else given

    loopback.faults = answer
    make_readable(Webs(loopback.session()), UploadTarget(loopback.origin, FOLDER, NAME))
    assert not library.checked_out


@pytest.mark.parametrize("size", [5, 35])
@pytest.mark.parametrize(
    "settings",
    [
        file_versions.LibrarySettings(),
        file_versions.LibrarySettings(force_checkout=True),
        file_versions.LibrarySettings(minor_versions=True),
        file_versions.LibrarySettings(force_checkout=True, minor_versions=True),
    ],
    ids=["plain", "forced check-out", "drafts", "both"],
)
def test_an_import_reads_what_was_uploaded_and_made_readable(
    emulator: RunningEmulator, tmp_path: Path, settings: file_versions.LibrarySettings, size: int
) -> None:
    webs, target = _library(emulator, f"/sites/hr/{abs(hash((size, settings)))}", settings)
    check_library(webs, target)
    path = _upload(webs, target, tmp_path, size)
    make_readable(webs, target)
    make_readable(webs, target)
    place = emulator.storage.for_all(target.path)
    assert place is not None
    assert place.read_bytes() == path.read_bytes()


def test_a_library_of_the_emulator_with_approval_is_refused(emulator: RunningEmulator) -> None:
    webs, target = _library(emulator, "/sites/hr/approved", file_versions.LibrarySettings(moderation=True))
    with pytest.raises(RefusedError, match="requires content approval"):
        check_library(webs, target)


def test_a_required_column_is_named_when_check_in_fails(emulator: RunningEmulator, tmp_path: Path) -> None:
    settings = file_versions.LibrarySettings(force_checkout=True, required_column="Department")
    webs, target = _library(emulator, "/sites/hr/required", settings)
    _upload(webs, target, tmp_path, 5)
    with pytest.raises(RefusedError, match=r"stays checked out.* SharePoint says: .*required properties"):
        make_readable(webs, target)


def _library(
    emulator: RunningEmulator, root: str, settings: file_versions.LibrarySettings
) -> tuple[Webs, UploadTarget]:
    """A folder in a library with these settings."""
    emulator.storage.make_folder(f"{root}/feeds")
    emulator.configure(root, settings)
    ready = emulator.ready
    address = TenantAddress(ready["admin_url"], ca_file=Path(ready["ca_file"]))
    session = Session(address, ReadyToken({"token": ready["token"]}, ready["admin_url"], "token"))
    return Webs(session), UploadTarget(ready["admin_url"], f"{root}/feeds", NAME)


def _upload(webs: Webs, target: UploadTarget, folder: Path, size: int) -> Path:
    path = folder / NAME
    path.write_bytes(bytes(range(size)))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    upload_file(webs, target, path, digest, keep=lambda _id, _sent: None, chunk=10)
    return path
