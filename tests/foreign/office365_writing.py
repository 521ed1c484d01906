"""What Office365-REST-Python-Client changes of folders and files."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING
from uuid import uuid4

from office365.runtime.client_request_exception import ClientRequestException
from office365.sharepoint.files.checkin_type import CheckinType
from office365.sharepoint.files.move_operations import MoveOperations

from analyzer.emulator.file_versions import LibrarySettings
from tests.emulator.client import FOLDER
from tests.foreign.office365_reading import HR
from tests.foreign.office365_tenant import Asked

if TYPE_CHECKING:
    from collections.abc import Callable

    from office365.sharepoint.folders.folder import Folder

    from tests.foreign.office365_tenant import Tenant

NAMES = ("O'Neil.json", "a#b.json", "100%.json", "a+b.json", "a&b.json", "a b.json", "名前 é.json")
_BYTES = bytes(range(250))


def _each_name(tenant: Tenant) -> list[tuple[str, str, bytes]]:
    """Name in the answer, name behind it, and the content by the address that the client makes of the name."""
    came = []
    for name in NAMES:
        added = tenant.folder().files.add(name, name.encode(), True).execute_query()
        listed = [str(file.name) for file in tenant.folder().files.get().execute_query() if file.name == name]
        content = tenant.site.web.get_file_by_server_relative_path(f"{FOLDER}/{name}").get_content().execute_query()
        came.append((str(added.name), listed[0], content.value))
    return came


def _session(tenant: Tenant) -> tuple[list[int], bytes]:
    offsets: list[int] = []
    tell: Callable[..., None] = offsets.append
    files = tenant.folder().files
    files.create_upload_session(io.BytesIO(_BYTES), 100, tell, file_name="new.bin").execute_query()
    return offsets, tenant.content(f"{FOLDER}/new.bin")


def _by_hand(tenant: Tenant) -> tuple[str, bytes, str, bytes]:
    """The offsets that come back, as the service writes them, and what is there before and after."""
    upload = str(uuid4())
    file = tenant.file()
    first = file.start_upload(upload, b"abc").execute_query().value
    second = file.continue_upload(upload, int(first), b"def").execute_query().value
    before = tenant.content()
    file.finish_upload(upload, int(second), b"").execute_query()
    return str(first), before, str(second), tenant.content()


def _code(call: Callable[[Tenant], object]) -> Callable[[Tenant], str | None]:
    """Make a call that returns the code of the error that ``call`` ends with; None where it ends with none."""

    def coded(tenant: Tenant) -> str | None:
        try:
            call(tenant)
        except ClientRequestException as error:
            return error.code
        return None

    return coded


def _cancelled(tenant: Tenant) -> tuple[bytes, str | None]:
    upload = str(uuid4())
    file = tenant.file()
    file.start_upload(upload, b"abc").execute_query()
    file.cancel_upload(upload).execute_query()
    try:
        file.continue_upload(upload, 3, b"def").execute_query()
    except ClientRequestException as error:
        return tenant.content(), error.code
    return tenant.content(), None


def _written(write: Callable[[Tenant], object]) -> Callable[[Tenant], bytes]:
    def call(tenant: Tenant) -> bytes:
        write(tenant)
        return tenant.content()

    return call


def _left(change: Callable[[Tenant], object], *paths: str) -> Callable[[Tenant], list[bool]]:
    """Which of the paths below the library lead to something after a change."""

    def call(tenant: Tenant) -> list[bool]:
        tenant.folder().folders.add("to").execute_query()
        change(tenant)
        return [tenant.has(f"{FOLDER}/{path}") for path in paths]

    return call


def _kept_id(tenant: Tenant) -> bool:
    before = tenant.file().unique_id
    tenant.folder().folders.add("to").execute_query()
    tenant.file().moveto(tenant.folder(f"{FOLDER}/to"), MoveOperations.overwrite.value).execute_query()
    return before == tenant.file(f"{FOLDER}/to/hr.json").unique_id


def _to(tenant: Tenant) -> Folder:
    return tenant.folder(f"{FOLDER}/to")


def _checked(tenant: Tenant) -> list[object]:
    tenant.file().checkout().execute_query()
    first = tenant.file().check_out_type
    tenant.file().checkin("done", CheckinType.MajorCheckIn).execute_query()
    return [first, tenant.file().check_out_type, tenant.file().properties["UIVersionLabel"]]


def _undone(tenant: Tenant) -> tuple[bytes, int | None]:
    tenant.file().checkout().execute_query()
    tenant.folder().files.add("hr.json", b"new", True).execute_query()
    tenant.file().undocheckout().execute_query()
    return tenant.content(), tenant.file().check_out_type


def _published(tenant: Tenant) -> list[object]:
    tenant.emulator.configure(FOLDER, LibrarySettings(minor_versions=True))
    file = tenant.folder().files.add("new.json", b"new", True).execute_query()
    file.publish("done").execute_query()
    return [file.properties["UIVersionLabel"], tenant.file(f"{FOLDER}/new.json").properties["UIVersionLabel"]]


def _approved(tenant: Tenant) -> list[object]:
    tenant.emulator.configure(FOLDER, LibrarySettings(moderation=True))
    file = tenant.folder().files.add("new.json", b"new", True).execute_query()
    first = file.level
    file.approve("done").execute_query()
    return [first, tenant.file(f"{FOLDER}/new.json").level]


def _in_bin(tenant: Tenant) -> list[tuple[str | None, int | None, int | None]]:
    tenant.file().recycle().execute_query()
    items = tenant.site.web.recycle_bin.get().execute_query()
    return [(item.title, item.properties["ItemType"], item.properties["ItemState"]) for item in items]


def _restored(tenant: Tenant) -> list[bool]:
    """Once by the bin of the web, once by that of the site collection."""
    came = []
    for recycle_bin in (tenant.site.web.recycle_bin, tenant.site.site.recycle_bin):
        item_id = tenant.file().recycle().execute_query().value
        recycle_bin.get_by_id(item_id).restore().execute_query()
        came.append(tenant.has(f"{FOLDER}/hr.json"))
    return came


WRITING = [
    Asked("upload", lambda t: t.folder().files.upload(io.BytesIO(b"abc"), "new.json").execute_query().length, 3),
    Asked("upload of a file", lambda t: t.folder().files.upload_file(io.BytesIO(b"ab"), "n").execute_query().length, 2),
    Asked(
        "upload by size",
        lambda t: t.folder().files.upload_content(b"ab" * 9, "n", chunk_size=7).execute_query().length,
        18,
    ),
    Asked(
        "upload below new folders", lambda t: t.folder().upload_file("a/b/n.json", b"1").execute_query().name, "n.json"
    ),
    Asked("names of all kinds", _each_name, [(name, name, name.encode()) for name in NAMES]),
    Asked("upload session", _session, ([0, 100, 200, 250], _BYTES)),
    Asked("upload chunk by chunk", _by_hand, ("3", HR, "6", b"abcdef")),
    Asked("upload cancelled", _cancelled, (HR, "-2147024809, System.ArgumentException")),
    Asked("stream saved", _written(lambda t: t.file().save_binary_stream(b"new").execute_query()), b"new"),
    Asked("content replaced", _written(lambda t: t.file().write(b"new")), b"new"),
    # The client takes FileNotFoundException alone for a missing file, which the service answers for folders.
    Asked(
        "missing file ensured",
        _code(lambda t: t.folder().ensure_file("a/n.json", b"12").execute_query()),
        "-2130575338, Microsoft.SharePoint.SPException",
    ),
    Asked(
        "file replaced or added",
        lambda t: t.folder().ensure_file("a/n.json", b"12", on_conflict="replace").execute_query().length,
        2,
    ),
    Asked("file found", lambda t: t.folder().ensure_file("hr.json", b"12").execute_query().length, len(HR)),
    Asked("folder", lambda t: t.folder().folders.add("n").execute_query().server_relative_url, f"{FOLDER}/n"),
    Asked("folder by path", lambda t: t.folder().folders.add_using_path("n #1", False).execute_query().name, "n #1"),
    Asked("folders ensured", lambda t: t.folder().ensure_folder("a/b").execute_query().name, "b"),
    Asked(
        "folders of a web ensured",
        lambda t: t.site.web.ensure_folder_path("Shared Documents/a/b").execute_query().server_relative_url,
        f"{FOLDER}/a/b",
    ),
    Asked("sub-folder", _left(lambda t: t.folder().add_sub_folder("n").execute_query(), "n"), [True]),
    Asked(
        "sub-folder by path", _left(lambda t: t.folder().add_sub_folder_using_path("n").execute_query(), "n"), [True]
    ),
    Asked("copy", _left(lambda t: t.file().copyto(_to(t)).execute_query(), "hr.json", "to/hr.json"), [True, True]),
    Asked(
        "copy by path",
        _left(lambda t: t.file().copyto_using_path(_to(t), file_name="n").execute_query(), "hr.json", "to/n"),
        [True, True],
    ),
    Asked("move", _left(lambda t: t.file().moveto(_to(t), 1).execute_query(), "hr.json", "to/hr.json"), [False, True]),
    Asked("move keeps the id", _kept_id, True),
    Asked(
        "move by path",
        _left(
            lambda t: t.file().move_to_using_path(_to(t), MoveOperations.overwrite).execute_query(),
            "hr.json",
            "to/hr.json",
        ),
        [False, True],
    ),
    Asked(
        "move by the body",
        _left(lambda t: t.file().move_by_path(_to(t)).execute_query(), "hr.json", "to/hr.json"),
        [False, True],
    ),
    Asked("rename", _left(lambda t: t.file().rename("n.json").execute_query(), "hr.json", "n.json"), [False, True]),
    Asked(
        "rename of a folder",
        _left(lambda t: t.folder(f"{FOLDER}/to").rename("n").execute_query(), "to", "n"),
        [False, True],
    ),
    Asked(
        "move of a folder",
        _left(lambda t: t.folder().add("a").execute_query().move_to(_to(t)).execute_query(), "a", "to/a"),
        [False, True],
    ),
    Asked(
        "move of a folder by path",
        _left(lambda t: t.folder().add("a").execute_query().move_to_using_path(_to(t)).execute_query(), "a", "to/a"),
        [False, True],
    ),
    Asked(
        "copy of a folder",
        _left(lambda t: t.folder().add("a").execute_query().copy_to(_to(t)).execute_query(), "a", "to/a"),
        [True, True],
    ),
    Asked(
        "copy of a folder by path",
        _left(lambda t: t.folder().add("a").execute_query().copy_to_using_path(_to(t)).execute_query(), "a", "to/a"),
        [True, True],
    ),
    Asked(
        "recycle", lambda t: (len(t.file().recycle().execute_query().value), t.has(f"{FOLDER}/hr.json")), (36, False)
    ),
    Asked("recycle of a folder", _left(lambda t: t.folder(f"{FOLDER}/to").recycle().execute_query(), "to"), [False]),
    Asked("checked out and in", _checked, [0, 2, "2.0"]),
    Asked("checkout undone", _undone, (HR, 2)),
    Asked("draft published", _published, ["0.1", "1.0"]),
    Asked("approval", _approved, [2, 1]),
    Asked("recycled file in the bin", _in_bin, [("hr.json", 1, 1)]),
    Asked("recycled file restored", _restored, [True, True]),
    Asked("delete", _left(lambda t: t.file().delete_object().execute_query(), "hr.json"), [False]),
    Asked(
        "delete of a folder", _left(lambda t: t.folder(f"{FOLDER}/to").delete_object().execute_query(), "to"), [False]
    ),
    Asked(
        "delete of a file that is gone",
        _code(
            lambda t: (
                t.file().delete_object().execute_query(),
                t.site.web.get_file_by_server_relative_path(f"{FOLDER}/hr.json")
                .delete_object(ignore_missing=True)
                .execute_query(),
            )
        ),
        "-2130575338, Microsoft.SharePoint.SPException",
    ),
    Asked(
        "delete of a folder that is gone",
        _left(
            lambda t: (
                t.site.web.get_folder_by_server_relative_path(f"{FOLDER}/none")
                .delete_object(ignore_missing=True)
                .execute_query()
            ),
            "none",
        ),
        [False],
    ),
]
