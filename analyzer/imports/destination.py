"""Find out what a file is to be queued with, and where in the tenant it is uploaded to.

What the user specifies counts first, then the feed of the configuration, then the feed's last import by this program.
The ID type and the property map are never inferred: the service doesn't list them, and wrong ones do harm.
"""

from __future__ import annotations

import dataclasses
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.analysis.feeds import source_name
from analyzer.errors import UsageError
from analyzer.imports.plan import feed_of, plan_of
from analyzer.model.service import IdType, stem
from analyzer.model.text import listed
from analyzer.model.uri import host_of, server_paths

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from analyzer.config.settings import FeedConfig
    from analyzer.history.load import Tables
    from analyzer.imports.model import ImportPlan
    from analyzer.imports.plan import PlanOptions
    from analyzer.storage.import_record import ImportRecord

_TOKEN_BYTES = 4
_FORBIDDEN = re.compile(r'["*:<>?/\\|\x00-\x1f]')
"""Characters that names of files in SharePoint can't have."""
_LONGEST = 80
_NAMELESS = "import"
"""What a file is called whose name has nothing to call it by, such as ``.json``."""


@dataclass(frozen=True, slots=True)
class FeedOfFile:
    """The feed that a file belongs to.

    Attributes:
        name: the feed's name.
        config: its table in the configuration; None if it has none.
        known_folder: address of the folder of its jobs in the library; empty without any.
    """

    name: str
    config: FeedConfig | None = None
    known_folder: str = ""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a file is uploaded to, and what it is queued with.

    Attributes:
        folder: absolute address of the library folder, not encoded.
        plan: the ID type and the property map are known.
    """

    folder: str
    plan: ImportPlan


def feed_of_file(
    file_name: str, feeds: Mapping[str, FeedConfig], wanted: str, folder: str, tables: Tables | None
) -> FeedOfFile:
    """Return the feed of a file: of the configuration, else that of the jobs whose files are named alike.

    Args:
        file_name: the file's name.
        feeds: the feeds of the configuration by name.
        wanted: the feed that the user specified; empty for none.
        folder: the address of the folder to upload to, as the user specified it; may be empty.
        tables: the history; None without a library.

    Raises:
        UsageError: the configuration has no feed ``wanted``, or jobs of several feeds have files of this name.
    """
    configured = feed_of(file_name, feeds, wanted)
    of_jobs = _folders_of_jobs(tables)
    if configured:
        known = of_jobs.get(configured, [""])[-1]
        return FeedOfFile(configured, feeds[configured], known.rpartition("/")[0])
    name = source_name(file_name).feed.casefold()
    alike = {
        feed: [uri for uri in uris if source_name(uri).feed.casefold() == name and _is_in(uri, folder)]
        for feed, uris in of_jobs.items()
    }
    found = [feed for feed, uris in alike.items() if uris]
    if len(found) > 1:
        raise UsageError(
            f"jobs of {len(found)} feeds have files named like {file_name}: {listed(found)}",
            "Specify the address of the folder to upload to with --folder.",
        )
    if found:
        return FeedOfFile(found[0], None, alike[found[0]][-1].rpartition("/")[0])
    return FeedOfFile(source_name(file_name).feed or stem(file_name) or _NAMELESS)


def destination(feed: FeedOfFile, options: PlanOptions, folder: str, last: ImportRecord | None) -> Destination:
    """Return where a feed's file is uploaded to, and what it is queued with.

    Args:
        feed: the feed.
        options: what the user specified.
        folder: the address of the folder, as the user specified it; may be empty.
        last: the feed's last import by this program; None if there is none.

    Raises:
        UsageError: the folder, the ID type, or the property map isn't known.
    """
    plan = plan_of(options, feed.config)
    configured = feed.config.folder if feed.config else ""
    if last is not None:
        plan = dataclasses.replace(
            plan,
            id_type=plan.id_type or IdType[last.id_type],
            id_property=plan.id_property or last.id_property,
            property_map=plan.property_map or last.property_map,
        )
    place = folder or configured or (last.folder if last else "") or feed.known_folder
    missing = [
        (not place, "the folder to upload to", "--folder URL"),
        (plan.id_type is None, "the ID type", "--id-type TYPE"),
        (not plan.property_map, "the property map", "--map SOURCE=PROFILE"),
    ]
    unknown = [(what, option) for is_missing, what, option in missing if is_missing]
    if unknown:
        raise UsageError(
            f"the feed {feed.name} lacks {listed(what for what, _ in unknown)}",
            f"Specify {listed(option for _, option in unknown)}, or add a table [tenants.NAME.feeds.FEED] to the"
            " configuration (docs/configuration.md).",
        )
    return Destination(place, plan)


def import_id(now: datetime, token: Callable[[int], str] = secrets.token_hex) -> str:
    """Return a new ID of an import, ``20261129-021500-1a2b3c4d``; ``now`` is UTC."""
    return f"{now:%Y%m%d-%H%M%S}-{_unique(token)}"


def fresh_name(
    file_name: str, now: datetime, retry_of: str = "", token: Callable[[int], str] = secrets.token_hex
) -> str:
    """Return a name that no other import has, by which the file's feed and a retry's job are recognized.

    >>> from datetime import UTC
    >>> now = __import__("datetime").datetime(2026, 11, 29, 2, 15, tzinfo=UTC)
    >>> fresh_name("hr-feed-2026-11-28.json", now, token=lambda _: "1a2b3c4d")
    'hr-feed-20261129-021500-1a2b3c4d.json'
    """
    name = _FORBIDDEN.sub("-", source_name(file_name).feed or stem(file_name))[:_LONGEST].strip(" .~-") or _NAMELESS
    return f"{name}{f'-{retry_of}-retry' if retry_of else ''}-{now:%Y%m%d-%H%M%S}-{_unique(token)}.json"


def _unique(token: Callable[[int], str]) -> str:
    """Return 8 hexadecimal digits with a letter and a digit, so that names are recognized as a feed's."""
    while True:
        found = token(_TOKEN_BYTES)
        if not found.isdigit() and not found.isalpha():
            return found


def absolute_folder(folder: str, site_host: str) -> str:
    """Return the absolute address of a folder, decoded; a server-relative one is on the site's host.

    Raises:
        UsageError: it isn't an address or a server-relative path.
    """
    paths = server_paths(folder)
    if not paths or not paths[0].strip("/"):
        raise UsageError(
            f"{folder!r} isn't the address of a folder",
            "It looks like https://contoso.sharepoint.com/sites/hr/Shared Documents/imports.",
        )
    return f"https://{host_of(folder) or site_host}{paths[0].rstrip('/')}"


def _folders_of_jobs(tables: Tables | None) -> dict[str, list[str]]:
    """Return the source files' addresses of each feed's runs, the oldest first."""
    uris: dict[str, list[str]] = {}
    if tables is not None:
        rows = tables.jobs.select("feed", "source_uri", "retry_of").iter_rows()
        for feed, uri, retry_of in rows:
            if feed and uri and not retry_of:
                uris.setdefault(feed, []).append(uri)
    return uris


def _is_in(uri: str, folder: str) -> bool:
    if not folder:
        return True
    paths, wanted = server_paths(uri), server_paths(folder)
    return bool(paths and wanted) and paths[0].rpartition("/")[0].casefold() == wanted[0].rstrip("/").casefold()
