"""The commands of PnP PowerShell that queue a retry file, and remarks on what is inferred in them.

``New-PnPUPABulkImportJob`` uploads ``-Path`` into ``-Folder`` of the web that ``Connect-PnPOnline`` named, in place of
a file of that name, and queues it on the admin site by itself. ``-Folder`` may be relative to the web; one that is
server-relative is compared with the web's path in a way that fails for capital letters. In the map, the left side is
the name in the file, the right side that in the profile store. All that is from the cmdlet's source and documentation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.catalogue.conditions import SPLIT
from analyzer.model.identity import WITHOUT_IDS, InferredIdType
from analyzer.model.language import gettext as _
from analyzer.model.language import ngettext
from analyzer.model.next_step import powershell_text
from analyzer.model.service import IdType
from analyzer.model.text import listed
from analyzer.model.uri import host_of, scheme_of, server_paths
from analyzer.tenant.sharepoint.webs import site_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from analyzer.model.queued_job import QueuedJob
    from analyzer.storage.manifest_file import Manifest

SITE_UNKNOWN = "SITE-URL"
FOLDER_UNKNOWN = "FOLDER"
ID_PROPERTY_UNKNOWN = "ID-PROPERTY"


@dataclass(frozen=True, slots=True)
class RetryToQueue:
    """A retry file to queue.

    Attributes:
        paths: absolute paths of the file, or of its parts in order.
        site: the address of the site to upload to; empty if unknown.
        folder: relative to that site.
        id_property: the property that contains the IDs; empty if unknown.
        id_type: by the shape of the IDs.
        properties: the other properties in the file.
        condition: what to do before that, a clause; empty if nothing is known.
        recorded: what we queued the job with; None if somebody else queued it.
    """

    paths: Sequence[str]
    site: str
    folder: str
    id_property: str
    id_type: InferredIdType
    properties: Sequence[str]
    condition: str = ""
    recorded: QueuedJob | None = None

    @property
    def id_type_name(self) -> str:
        """The name of the ID type to queue the file with: the recorded one, else by the IDs; empty if unknown."""
        return self.recorded.id_type if self.recorded else self.id_type.name

    @property
    def property_map(self) -> list[tuple[str, str]]:
        """The properties of the file with those of the profile: as recorded, else with the same names."""
        if self.recorded is None:
            return [(name, name) for name in self.properties]
        return [
            (name, self.recorded.property_map[name]) for name in self.properties if name in self.recorded.property_map
        ]

    @property
    def importable(self) -> bool:
        """Whether the service can import it: some record has an ID."""
        return self.id_type != WITHOUT_IDS


def to_queue(manifest: Manifest, folder: Path, recorded: QueuedJob | None = None) -> RetryToQueue:
    """Return how to queue the retry files of a manifest in a folder; ``recorded`` is what we queued the job with."""
    return RetryToQueue(
        paths=[str((folder / file.name).absolute()) for file in manifest.files],
        site=manifest.site,
        folder=manifest.folder,
        id_property=manifest.id_property or (recorded.id_property if recorded else ""),
        id_type=InferredIdType(manifest.id_type, manifest.id_type_because),
        properties=manifest.properties,
        condition=manifest.first,
        recorded=recorded,
    )


def importable_files(manifest: Manifest | None, folder: Path, recorded: QueuedJob | None = None) -> RetryToQueue | None:
    """Return how to queue the retry files of a manifest; None if there are none that the service can import."""
    queued = to_queue(manifest, folder, recorded) if manifest and manifest.files else None
    return queued if queued and queued.importable else None


def site_and_folder(source_uri: str) -> tuple[str, str]:
    """Return the address of the site collection with a source file, and the file's folder in it; both empty if unknown.

    >>> site_and_folder("https://contoso.sharepoint.com/sites/hr/Shared%20Documents/in/a.json")
    ('https://contoso.sharepoint.com/sites/hr', 'Shared Documents/in')
    """
    paths = server_paths(source_uri)
    if not paths:
        return "", ""
    site = site_of(paths[0])
    folder = paths[0].rpartition("/")[0].removeprefix(site).strip("/")
    # A site's address contains no credentials.
    host = host_of(source_uri).rsplit("@", 1)[-1]
    return (f"{scheme_of(source_uri)}://{host}{site}" if host else ""), folder


def queue_commands(retry: RetryToQueue) -> tuple[str, ...]:
    """Return the lines for PowerShell, in order: one that connects, then one for each file."""
    return (f"Connect-PnPOnline -Url {powershell_text(retry.site or SITE_UNKNOWN)} -Interactive", *_imports(retry))


def queue_remarks(retry: RetryToQueue) -> tuple[str, ...]:
    """Return what to check or fill in in the lines, a sentence each."""
    return tuple(_remarks(retry))


def _imports(retry: RetryToQueue) -> Iterator[str]:
    before, property_map = _property_map(retry.property_map)
    for path in retry.paths:
        words = [
            f"{before}New-PnPUPABulkImportJob",
            f"-Folder {powershell_text(_folder(retry))}",
            f"-Path {powershell_text(path)}",
            f"-UserProfilePropertyMapping {property_map}",
            f"-IdProperty {powershell_text(retry.id_property or ID_PROPERTY_UNKNOWN)}",
            f"-IdType {retry.id_type_name or IdType.Email.name}",
        ]
        # Parts that run at the same time would exceed the service's limits.
        yield " ".join([*words, *(["-Wait"] if len(retry.paths) > 1 else [])])


def _folder(retry: RetryToQueue) -> str:
    if not retry.site and not retry.folder:
        return FOLDER_UNKNOWN
    return retry.folder or "/"


def _property_map(properties: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Return the code to put before a command that uses the map, and the map."""
    texts = [(powershell_text(name), powershell_text(of_profile)) for name, of_profile in properties]
    if len({name.casefold() for name, _ in properties}) == len(properties):
        return "", f"@{{{'; '.join(f'{name}={of_profile}' for name, of_profile in texts)}}}"
    # PowerShell refuses a hash literal with two names that differ only in case.
    adding = "; ".join(f"$map.Add({name}, {of_profile})" for name, of_profile in texts)
    return f"$map = [System.Collections.Hashtable]::new(); {adding}; ", "$map"


def _remarks(retry: RetryToQueue) -> Iterator[str]:
    if retry.condition and not (len(retry.paths) > 1 and retry.condition == SPLIT):
        yield _("Before you queue this file: {action}.").format(action=retry.condition)
    unknown = [
        placeholder
        for placeholder, known in (
            (SITE_UNKNOWN, retry.site),
            (FOLDER_UNKNOWN, retry.site or retry.folder),
            (ID_PROPERTY_UNKNOWN, retry.id_property),
        )
        if not known
    ]
    if unknown:
        text = ngettext("Replace {names}, which is unknown.", "Replace {names}, which are unknown.", len(unknown))
        yield text.format(names=listed(unknown))
    yield from _on_what_is_inferred(retry)
    if len(retry.paths) > 1:
        yield _("Queue each part only after the job of the part before has ended; -Wait waits for that.")


def _on_what_is_inferred(retry: RetryToQueue) -> Iterator[str]:
    if retry.recorded is not None:
        yield _("-IdType and the property map are those with which upa-analyzer queued the job.")
        return
    kind, because = retry.id_type.name, retry.id_type.because
    if kind == IdType.CloudId.name:
        yield _("-IdType is inferred: {because}.").format(because=because)
    else:
        text = _("-IdType is unknown: {because}. Use the type with which the job was queued.")
        if kind:
            text = _("-IdType is inferred: {because}. Use the type with which the job was queued.")
        yield text.format(because=because)
    if retry.properties:
        yield _(
            "In the property map, the left side is the name in the file and the right side the name in the profile "
            "store. The right side is assumed to be the same. Check it."
        )
