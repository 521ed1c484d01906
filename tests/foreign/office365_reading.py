"""What Office365-REST-Python-Client reads of webs, folders and files."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest
from office365.runtime.client_request_exception import ClientRequestException
from office365.sharepoint.files.file import File
from office365.sharepoint.webs.web import Web

from tests.emulator.client import FOLDER, LOG_NAME, LOGS, source
from tests.foreign.office365_tenant import SITE, SITE_HOST, Asked

if TYPE_CHECKING:
    from collections.abc import Callable

    from office365.sharepoint.files.collection import FileCollection
    from office365.sharepoint.folders.folder import Folder

    from tests.foreign.office365_tenant import Tenant

HR = source("ada@contoso.com", "bob@contoso.com", City="Berlin")
LOG = b"IdentityNotResolvable\teve@contoso.com\tUser identity\r\n"
_FOUR = ["a.json", "b.json", "c.json", "hr.json"]
_LOG_FOLDER = LOGS.rpartition("/")[2]


_ADA = "i:0#.f|membership|ada@contoso.com"


def _profile(tenant: Tenant) -> dict[str, str]:
    person = tenant.site.people_manager.get_properties_for(_ADA).execute_query()
    return dict(person.user_profile_properties or {})


def _in_pages(list_files: Callable[[Folder], FileCollection]) -> Callable[[Tenant], list[str]]:
    def call(tenant: Tenant) -> list[str]:
        for name in ("a.json", "b.json", "c.json"):
            tenant.emulator.storage.add(FOLDER, name, io.BytesIO(b"{}"), overwrite=True)
        return [str(file.name) for file in list_files(tenant.folder()).execute_query()]

    return call


def _downloaded(tenant: Tenant) -> bytes:
    content = io.BytesIO()
    tenant.file().download(content).execute_query()
    return content.getvalue()


def _in_chunks(tenant: Tenant) -> tuple[bytes, list[int]]:
    content, seen = io.BytesIO(), list[int]()
    tenant.file().download_session(content, seen.append, chunk_size=50).execute_query()
    return content.getvalue(), seen


def _resumed(tenant: Tenant) -> tuple[bytes, int]:
    place = tenant.folder_on_disk / "hr.json"
    place.write_bytes(HR[:7])
    done = tenant.file().download(str(place), resume=True).execute_query()
    return place.read_bytes(), done.value.errors


def _whole_folder(tenant: Tenant) -> list[tuple[str, bytes]]:
    done = tenant.folder().download(tenant.folder_on_disk, recursive=True).execute_query()
    done.value.raise_if_errors()
    places = (place for place in tenant.folder_on_disk.rglob("*") if place.is_file())
    return sorted((place.relative_to(tenant.folder_on_disk).as_posix(), place.read_bytes()) for place in places)


def _zipped(tenant: Tenant) -> list[str]:
    target = tenant.folder_on_disk / "logs.zip"
    tenant.folder(LOGS).download_folder_as_zip(str(target)).execute_query()
    with zipfile.ZipFile(target) as archive:
        return archive.namelist()


def _error(tenant: Tenant) -> tuple[str | None, str | None, int]:
    with pytest.raises(ClientRequestException) as refused:
        tenant.file(f"{FOLDER}/none")
    error = refused.value
    return error.code, error.message_lang, error.response.status_code if error.response is not None else 0


def _from_url(tenant: Tenant) -> str | None:
    file = File.from_url(f"https://{SITE_HOST}{FOLDER}/hr.json")
    other = tenant.signed_in(f"https://{SITE_HOST}")
    file.context.pending_request().reuse(other.pending_request())
    name: str | None = file.get().execute_query().name
    return name


READING = [
    Asked("web", lambda t: t.site.web.get().execute_query().url, SITE),
    Asked(
        "web by certificate", lambda t: t.signed_in(SITE, whole_certificate=True).web.get().execute_query().url, SITE
    ),
    Asked("admin web", lambda t: t.admin.web.get().execute_query().server_relative_url, "/"),
    Asked("digest", lambda t: Web.get_context_web_information(t.site).execute_query().value.WebFullUrl, SITE),
    Asked("web of a page", lambda t: Web.get_web_url_from_page_url(t.site, f"{SITE}/x").execute_query().value, SITE),
    Asked("root folder", lambda t: t.site.web.root_folder.get().execute_query().server_relative_url, "/sites/hr"),
    Asked(
        "folders of a web", lambda t: [f.name for f in t.site.web.folders.get().execute_query()], ["Shared Documents"]
    ),
    Asked("folder by path", lambda t: t.folder().server_relative_url, FOLDER),
    Asked(
        "folder by url",
        lambda t: t.site.web.get_folder_by_server_relative_url(FOLDER).get().execute_query().name,
        "Shared Documents",
    ),
    Asked(
        "folder by id",
        lambda t: t.site.web.get_folder_by_id(str(t.folder().unique_id)).get().execute_query().name,
        "Shared Documents",
    ),
    Asked(
        "folder of a collection by url",
        lambda t: t.site.web.folders.get_by_url("Shared Documents").get().execute_query().server_relative_url,
        FOLDER,
    ),
    Asked(
        "folder of a collection by path",
        lambda t: t.site.web.folders.get_by_path("Shared Documents").get().execute_query().server_relative_url,
        FOLDER,
    ),
    Asked("parent folder", lambda t: t.folder().parent_folder.get().execute_query().server_relative_url, "/sites/hr"),
    Asked("files", lambda t: [f.name for f in t.folder().files.get().execute_query()], ["hr.json"]),
    Asked("folders", lambda t: [f.name for f in t.folder().folders.get().execute_query()], [_LOG_FOLDER]),
    Asked(
        "files with options",
        lambda t: [
            f.properties for f in t.folder().files.select(["Name"]).order_by("Name").top(1).get().execute_query()
        ],
        [{"Name": "hr.json"}],
    ),
    Asked(
        "expanded", lambda t: [f.name for f in t.folder().expand(["Files"]).get().execute_query().files], ["hr.json"]
    ),
    Asked("files in pages", _in_pages(lambda folder: folder.files.get_all(page_size=3)), _FOUR),
    Asked("files in pages of a folder", _in_pages(lambda folder: folder.get_files(page_size=1)), _FOUR),
    Asked(
        "files recursively",
        lambda t: [f.name for f in t.folder("/sites/hr").get_files(recursive=True).execute_query()],
        ["hr.json", LOG_NAME],
    ),
    Asked(
        "folders recursively",
        lambda t: [f.name for f in t.folder("/sites/hr").get_folders(recursive=True).execute_query()],
        ["Shared Documents", _LOG_FOLDER],
    ),
    Asked("file by path", lambda t: t.file().length, len(HR)),
    Asked(
        "file by relative url",
        lambda t: t.site.web.get_file_by_server_relative_url("Shared Documents/hr.json").get().execute_query().name,
        "hr.json",
    ),
    Asked(
        "file by url",
        lambda t: t.site.web.get_file_by_url(f"{SITE}/Shared Documents/hr.json").execute_query().length,
        len(HR),
    ),
    Asked("file by a url alone", _from_url, "hr.json"),
    Asked(
        "file by id",
        lambda t: t.site.web.get_file_by_id(str(t.file().unique_id)).get().execute_query().server_relative_url,
        f"{FOLDER}/hr.json",
    ),
    Asked(
        "file of a collection", lambda t: t.folder().files.get_by_url("hr.json").get().execute_query().length, len(HR)
    ),
    Asked(
        "path of a file",
        lambda t: str(t.file().select(["ServerRelativePath"]).get().execute_query().server_relative_path),
        f"{FOLDER}/hr.json",
    ),
    Asked(
        "author of a log",
        lambda t: t.file(f"{LOGS}/{LOG_NAME}").expand(["Author"]).get().execute_query().author.properties["Title"],
        "System Account",
    ),
    Asked("a file exists", lambda t: t.file().get_exists().execute_query().value, True),
    Asked(
        "no file exists",
        lambda t: t.site.web.get_file_by_server_relative_path(f"{FOLDER}/x").get_exists().execute_query().value,
        False,
    ),
    Asked(
        "one property of a profile",
        lambda t: t.site.people_manager.get_user_profile_property_for(_ADA, "WorkEmail").execute_query().value,
        "ada@contoso.com",
    ),
    Asked(
        "profile", lambda t: t.admin.people_manager.get_properties_for(_ADA).execute_query().email, "ada@contoso.com"
    ),
    Asked("property of a profile", lambda t: _profile(t)["SPS-UserPrincipalName"], "ada@contoso.com"),
    Asked("content", lambda t: t.file().get_content().execute_query().value, HR),
    Asked("content from an offset", lambda t: t.file().get_content(start=5).execute_query().value, HR[5:]),
    Asked("content as a stream", lambda t: t.file().open_binary_stream().execute_query().value, HR),
    Asked("content by address", lambda t: t.file().read(), HR),
    Asked("download", _downloaded, HR),
    Asked("download in chunks", _in_chunks, (HR, [50, 100, len(HR)])),
    Asked("download resumed", _resumed, (HR, 0)),
    Asked("download of a folder", _whole_folder, [(f"{_LOG_FOLDER}/{LOG_NAME}", LOG), ("hr.json", HR)]),
    Asked("download of a folder as zip", _zipped, [LOG_NAME]),
    Asked("error", _error, ("-2130575338, Microsoft.SharePoint.SPException", "en-US", 404)),
]
