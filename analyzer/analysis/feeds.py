"""Which feed a job belongs to, and its day, by the name of its source file.

The service knows no feeds. A feed writes one file after another under names that differ in a date, a number or a Guid
only, so what is left of the name is the feed's: an inference, and said to be one where it is shown.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import unquote

from analyzer.facts import GUID, stem
from analyzer.uri import file_name

_DATE = re.compile(r"(?<!\d)(20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")
# Also what our own retry files add to the name: hr-feed-GUID-retry-1-of-3.json
_CHANGING = re.compile(rf"{GUID.pattern}|{_DATE.pattern}|(?<![^\W_])\d+(?![^\W_])|(?i:\bretry\b(?:-\d+-of-\d+\b)?)")
_SEPARATORS = re.compile(r"[\s._-]+")


def feed_of(source_uri: str) -> str:
    """The feed's name: the source file's without folder, ending, dates, numbers and Guids.

    >>> feed_of("https://contoso.sharepoint.com/sites/hr/Shared Documents/hr-feed-2026-11-23.json")
    'hr-feed'
    """
    name = _stem(source_uri)
    left = _SEPARATORS.sub("-", _CHANGING.sub("-", name)).strip("-")
    # Names of which no letter is left have nothing in common.
    return left if any(character.isalpha() for character in left) else name or "?"


def day_in_name(source_uri: str) -> datetime | None:
    """The day (UTC midnight) that the source file's name tells; None where it tells none."""
    found = _DATE.search(_stem(source_uri))
    if found is None:
        return None
    try:
        return datetime(int(found[1]), int(found[2]), int(found[3]), tzinfo=UTC)
    except ValueError:
        return None


def _stem(source_uri: str) -> str:
    return stem(unquote(file_name(source_uri)))
