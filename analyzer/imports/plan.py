"""What a file is to be queued with: the options of the command, then the feed of the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.analysis.feeds import FeedRule
from analyzer.errors import UsageError
from analyzer.imports.model import ImportPlan
from analyzer.model.service import IdType
from analyzer.model.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analyzer.config.settings import FeedConfig


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What the user specified.

    Attributes:
        feed: name of a feed of the configuration; empty to find it by the file's name.
        id_type: the ID type; empty for the feed's.
        id_property: the ID property; empty for the feed's.
        properties: ``SOURCE=PROFILE`` or ``NAME`` for both; empty for the feed's.
    """

    feed: str = ""
    id_type: str = ""
    id_property: str = ""
    properties: Sequence[str] = ()


def feed_of(file_name: str, feeds: Mapping[str, FeedConfig], wanted: str = "") -> str:
    """Return the feed of the configuration that a file belongs to; empty if there is none.

    Only the file's name is compared, because a file that isn't uploaded yet isn't in the feed's folder.

    Args:
        file_name: the file's name.
        feeds: the feeds of the configuration by name.
        wanted: the feed that the user specified; empty for none.

    Raises:
        UsageError: the configuration has no feed ``wanted``.
    """
    if not wanted:
        return next((name for name, feed in feeds.items() if FeedRule(name, feed.match).takes(file_name)), "")
    named = [name for name in feeds if name.casefold() == wanted.casefold()]
    if not named:
        known = f"Known feeds: {', '.join(feeds)}." if feeds else "It has none; see docs/configuration.md."
        raise UsageError(f"the configuration has no feed {wanted!r}", did_you_mean(wanted, feeds) or known)
    return named[0]


def plan_of(options: PlanOptions, feed: FeedConfig | None) -> ImportPlan:
    """Return what a file is to be queued with.

    Raises:
        UsageError: a property is specified twice, or isn't of the form.
    """
    id_type = options.id_type or (feed.id_type if feed else "")
    properties = _map_of(options.properties) or (dict(feed.properties) if feed else None) or None
    return ImportPlan(
        IdType[id_type] if id_type else None,
        options.id_property or (feed.id_property if feed else ""),
        properties,
    )


def _map_of(words: Sequence[str]) -> dict[str, str]:
    properties: dict[str, str] = {}
    for word in words:
        source, equals, profile = (part.strip() for part in word.partition("="))
        if not source or (equals and not profile):
            raise UsageError(
                f"--map {word!r} isn't a pair of names", "Use --map Office=OfficeCode, or --map City for the same name."
            )
        if source in properties:
            raise UsageError(f"--map has {source} twice", "Map each property of the file once.")
        properties[source] = profile or source
    return properties
