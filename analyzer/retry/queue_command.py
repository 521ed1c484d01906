"""How to queue a retry file with PnP PowerShell: the lines to paste, and what in them is inferred.

``New-PnPUPABulkImportJob`` uploads ``-Path`` into ``-Folder`` of the web that ``Connect-PnPOnline`` named, in place of
a file of that name, and queues it on the admin site by itself. ``-Folder`` may be relative to the web; one that is
server-relative is compared with the web's path in a way that fails for capital letters. In the map, the left side is
the name in the file, the right side that in the profile store. All that is from the cmdlet's source and documentation.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.catalogue.job_errors import SPLIT
from analyzer.model.service import GUID, IdType
from analyzer.model.text import count, listed
from analyzer.model.uri import host_of, scheme_of, server_paths
from analyzer.tenant.sharepoint.protocol import site_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from analyzer.storage.manifest import Manifest

SITE_UNKNOWN = "SITE-URL"
FOLDER_UNKNOWN = "FOLDER"
ID_PROPERTY_UNKNOWN = "ID-PROPERTY"

_GUID, _ADDRESS, _OTHER = "Guid", "address", "other"
_OBJECT_ID = re.compile(rf"\{{?{GUID.pattern}\}}?|[0-9A-Fa-f]{{32}}")
_PLAIN_GUID = re.compile(rf'"{GUID.pattern}"'.encode()).fullmatch
_QUOTES = frozenset("'\u2018\u2019\u201a\u201b")
"""All of these end a text in single quotes, and two in a row are one (PowerShell's tokenizer)."""
_LAST_OF_16_BITS = 0xFFFF


@dataclass(frozen=True, slots=True)
class InferredIdType:
    """What the IDs of a retry file are by their shape.

    Attributes:
        name: as the service calls it; empty where it is unclear.
        because: a clause.
    """

    name: str = ""
    because: str = "no record has an ID"


WITHOUT_IDS = InferredIdType()


class IdShapes:
    """The shapes of IDs, as they are counted."""

    def __init__(self) -> None:
        """Begin without IDs."""
        self._numbers: Counter[str] = Counter()

    def add(self, values: Sequence[bytes]) -> None:
        """Add the IDs of some records, as JSON spells them; null and an empty text are none."""
        # Most are addresses, or object IDs, as they are.
        not_addresses = [value for value in values if b"@" not in value]
        others = [value for value in not_addresses if not _PLAIN_GUID(value)]
        self._numbers[_ADDRESS] += len(values) - len(not_addresses)
        self._numbers[_GUID] += len(not_addresses) - len(others)
        for value in others:
            self._numbers[_shape(value)] += 1

    def id_type(self) -> InferredIdType:
        """The ID type that all of them fit."""
        guids, addresses, others = (self._numbers[shape] for shape in (_GUID, _ADDRESS, _OTHER))
        total = guids + addresses + others
        if not total:
            return WITHOUT_IDS
        every = "the only ID" if total == 1 else f"all {total:,} IDs"
        if guids == total:
            return InferredIdType(IdType.CloudId.name, f"{every} {_be(total, 'an object ID', 'object IDs')}")
        if addresses == total:
            shape = _be(total, "an address", "addresses")
            return InferredIdType(IdType.Email.name, f"{every} {shape}, which fits Email and PrincipalName")
        shapes = [
            f"{number:,} {_be(number, one, many)}"
            for number, one, many in (
                (guids, "an object ID", "object IDs"),
                (addresses, "an address", "addresses"),
                (others, "neither an object ID nor an address", "neither object IDs nor addresses"),
            )
            if number
        ]
        return InferredIdType("", f"of {count(total, 'ID')} {listed(shapes)}")


def _be(number: int, one: str, many: str) -> str:
    return f"is {one}" if number == 1 else f"are {many}"


def _shape(value: bytes) -> str:
    """The shape of an ID, as JSON spells it; empty where it is null or an empty text."""
    if not value.startswith(b'"'):
        return "" if value == b"null" else _OTHER
    text = value[1:-1] if b"\\" not in value else str(json.loads(value)).encode("utf-8", "replace")
    if b"@" in text:
        return _ADDRESS
    plain = text.strip()
    if not plain:
        return ""
    return _GUID if plain.isascii() and _OBJECT_ID.fullmatch(plain.decode("ascii")) else _OTHER


@dataclass(frozen=True, slots=True)
class RetryToQueue:
    """A retry file that is to be queued.

    Attributes:
        paths: absolute paths of the file, or of its parts in their order.
        site: the address of the site to upload to; empty where it is unknown.
        folder: in that site, relative to it.
        id_property: the property with the IDs; empty where it is unknown.
        id_type: by the shape of the IDs.
        properties: the other properties in the file.
        first: what has to be done before that, a clause; empty where nothing is known.
    """

    paths: Sequence[str]
    site: str
    folder: str
    id_property: str
    id_type: InferredIdType
    properties: Sequence[str]
    first: str = ""

    @property
    def importable(self) -> bool:
        """Whether the service can import it: some record has an ID."""
        return self.id_type != WITHOUT_IDS


def to_queue(manifest: Manifest, folder: Path) -> RetryToQueue:
    """What a manifest says of the retry files beside it.

    Args:
        manifest: of the files.
        folder: in which they are.
    """
    return RetryToQueue(
        paths=[str((folder / file.name).absolute()) for file in manifest.files],
        site=manifest.site,
        folder=manifest.folder,
        id_property=manifest.id_property,
        id_type=InferredIdType(manifest.id_type, manifest.id_type_because),
        properties=manifest.properties,
        first=manifest.first,
    )


def site_and_folder(source_uri: str) -> tuple[str, str]:
    """The address of the site collection with a source file, and the file's folder in it; empty where unknown.

    >>> site_and_folder("https://contoso.sharepoint.com/sites/hr/Shared%20Documents/in/a.json")
    ('https://contoso.sharepoint.com/sites/hr', 'Shared Documents/in')
    """
    paths = server_paths(source_uri)
    if not paths:
        return "", ""
    site = site_of(paths[0])
    folder = paths[0].rpartition("/")[0].removeprefix(site).strip("/")
    # What signs somebody in is no part of a site's address.
    host = host_of(source_uri).rsplit("@", 1)[-1]
    return (f"{scheme_of(source_uri)}://{host}{site}" if host else ""), folder


def queue_commands(retry: RetryToQueue) -> tuple[str, ...]:
    """The lines for PowerShell: one that connects, then one for each file, to be run in this order."""
    return (f"Connect-PnPOnline -Url {quoted(retry.site or SITE_UNKNOWN)} -Interactive", *_imports(retry))


def queue_remarks(retry: RetryToQueue) -> tuple[str, ...]:
    """What to check in the lines, or to fill in, a sentence each."""
    return tuple(_remarks(retry))


def quoted(text: str) -> str:
    """A text in PowerShell that is nothing but itself, on one line, and safe to paste.

    >>> print(quoted("Ada's $Office"))
    'Ada''s $Office'
    """
    pieces = [""]
    for character in text:
        # What a terminal obeys or shows as nothing, and blanks that copying turns into others.
        if not character.isprintable():
            code = ord(character)
            pieces += [
                f"[char]::ConvertFromUtf32(0x{code:X})" if code > _LAST_OF_16_BITS else f"[char]0x{code:04X}",
                "",
            ]
        else:
            pieces[-1] += character * 2 if character in _QUOTES else character
    if len(pieces) == 1:
        return f"'{pieces[0]}'"
    # It has to begin with a text, so that what follows is appended to it as text.
    joined = " + ".join(f"'{one}'" if not at % 2 else one for at, one in enumerate(pieces) if one or not at)
    return f"({joined})"


def _imports(retry: RetryToQueue) -> Iterator[str]:
    before, property_map = _property_map(retry.properties)
    for path in retry.paths:
        words = [
            f"{before}New-PnPUPABulkImportJob",
            f"-Folder {quoted(_folder(retry))}",
            f"-Path {quoted(path)}",
            f"-UserProfilePropertyMapping {property_map}",
            f"-IdProperty {quoted(retry.id_property or ID_PROPERTY_UNKNOWN)}",
            f"-IdType {retry.id_type.name or IdType.Email.name}",
        ]
        # A second part while the first one runs is beyond the service's limits.
        yield " ".join([*words, *(["-Wait"] if len(retry.paths) > 1 else [])])


def _folder(retry: RetryToQueue) -> str:
    if not retry.site and not retry.folder:
        return FOLDER_UNKNOWN
    return retry.folder or "/"


def _property_map(names: Sequence[str]) -> tuple[str, str]:
    """What has to come before a command that uses the map, and the map."""
    if len({name.casefold() for name in names}) == len(names):
        return "", f"@{{{'; '.join(f'{quoted(name)}={quoted(name)}' for name in names)}}}"
    # A map that is written out takes two names that differ in case alone for one, and is refused.
    adding = "; ".join(f"$map.Add({quoted(name)}, {quoted(name)})" for name in names)
    return f"$map = [System.Collections.Hashtable]::new(); {adding}; ", "$map"


def _remarks(retry: RetryToQueue) -> Iterator[str]:
    if retry.first and not (len(retry.paths) > 1 and retry.first == SPLIT):
        yield f"Before you queue this file: {retry.first}."
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
        yield f"Replace {listed(unknown)}, which {'is' if len(unknown) == 1 else 'are'} unknown."
    kind, because = retry.id_type.name, retry.id_type.because
    if kind == IdType.CloudId.name:
        yield f"-IdType is inferred: {because}."
    else:
        unclear = "inferred" if kind else "unknown"
        yield f"-IdType is {unclear}: {because}. Use the type with which the job was queued."
    if retry.properties:
        yield (
            "In the property map, the left side is the name in the file and the right side the name in the profile "
            "store. The right side is assumed to be the same. Check it."
        )
    if len(retry.paths) > 1:
        yield "Queue each part only after the job of the part before has ended; -Wait waits for that."
