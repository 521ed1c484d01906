"""Format numbers, times, IDs, and lists as text; suggest names; show progress."""

from __future__ import annotations

import difflib
import itertools
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo


SHORT_ID = 8
_KILO = 1000
_SIXTY = 60
_HOURS = 24
_CLOSE = 0.7
"""How similar a suggested name has to be, from 0 to 1."""

_LEAST_UNITS = 2
"""The smallest number for which a longer unit of time is used."""


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: ``1 user``, ``12,480 users``; the default plural adds an s.

    >>> count(12480, "user")
    '12,480 users'
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def capitalised(text: str) -> str:
    """Return a text with a capital first letter."""
    return f"{text[:1].upper()}{text[1:]}"


def shortened(text: str, most: int) -> str:
    """Return a text, or its first characters and an ellipsis if it is longer.

    >>> shortened("Department", 4)
    'Depa…'
    """
    return text if len(text) <= most else f"{text[:most]}…"


def size(number: int) -> str:
    """Return a number of bytes in a suitable unit: ``1.2 MB`` (of 1,000,000 bytes)."""
    amount = float(number)
    for unit in ("bytes", "kB", "MB"):
        if round(amount, 1) < _KILO:
            return f"{amount:,.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= _KILO
    return f"{amount:.1f} GB"


def duration(seconds: float, *, down: bool = False) -> str:
    """Return a time span in a suitable unit: ``40 s``, ``15 minutes``, ``2 hours``, ``12 days``.

    It is rounded up, or down where it is a lower bound.

    >>> duration(899.2)
    '15 minutes'
    """
    span, unit = seconds, "s"
    for longer, many in (("minutes", _SIXTY), ("hours", _SIXTY), ("days", _HOURS)):
        if span < _LEAST_UNITS * many:
            break
        span, unit = span / many, longer
    return f"{math.floor(span) if down else math.ceil(span)} {unit}"


def listed(words: Iterable[str]) -> str:
    """Join words: ``a``, ``a and b``, ``a, b and c``."""
    *head, last = list(words) or [""]
    return f"{', '.join(head)} and {last}" if head else last


def listed_first(words: Sequence[str], most: int, number: int | None = None, more: str = "more") -> str:
    """Join the first words, and add how many more there are.

    Args:
        words: all words, or at least the first ones.
        most: how many are listed.
        number: the number of all words; None if ``words`` has all of them.
        more: the noun after the number of the others.

    >>> listed_first(["a", "b", "c", "d"], 2)
    'a, b and 2 more'
    """
    shown = words[:most]
    left = (len(words) if number is None else number) - len(shown)
    return listed([*shown, f"{left:,} {more}"] if left > 0 else shown)


def nearest(wanted: str, known: Iterable[str]) -> str:
    """Return the known name that is most similar to a misspelled one, ignoring case; empty if none is similar.

    >>> nearest("reprot", ["pull", "report"])
    'report'
    """
    by_key = {name.casefold(): name for name in reversed([*known])}
    matches = difflib.get_close_matches(wanted.casefold(), by_key, n=1, cutoff=_CLOSE)
    return by_key[matches[0]] if matches else ""


def did_you_mean(wanted: str, known: Iterable[str], otherwise: str = "") -> str:
    """Ask whether the nearest known name was meant; return ``otherwise`` if none is similar."""
    near = nearest(wanted, known)
    return f"Did you mean {near}?" if near else otherwise


def short_ids(job_ids: Iterable[str]) -> dict[str, str]:
    """Return by ID its first eight characters, or as many as make it unique."""
    ordered = sorted(set(job_ids))
    # In this order, neighbors share the longest prefixes; one more character makes an ID unique.
    shared = [-1, *(common_length(*pair) for pair in itertools.pairwise(ordered)), -1]
    return {
        job_id: job_id[: max(SHORT_ID, before + 1, after + 1)]
        for job_id, before, after in zip(ordered, shared, shared[1:], strict=False)
    }


def day(date: datetime, today: datetime) -> str:
    """Return a day without its time: ``23 Nov``, with the year unless it is this year."""
    year = "" if date.year == today.year else f" {date.year}"
    return f"{date.day} {date:%b}{year}"


def common_length(one: str, other: str) -> int:
    """Return the length of the common prefix of two texts."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def moment(time: datetime | None, zone: ZoneInfo | None, today: datetime) -> str:
    """Return a time in the tenant's zone: ``today 02:14``, ``23 Nov 02:14``, with the year unless it is this year.

    Args:
        time: UTC; None becomes a dash.
        zone: None for UTC.
        today: now, UTC.
    """
    if time is None:
        return "-"
    local, now = time.astimezone(zone or UTC), today.astimezone(zone or UTC)
    if local.date() == now.date():
        return f"today {local:%H:%M}"
    return f"{day(local, now)} {local:%H:%M}"


def percent(part: int, whole: int) -> str:
    """Return a share in percent: ``4%``, ``under 1%``."""
    share = 100 * part / whole if whole else 0
    return "under 1%" if 0 < share < 1 else f"{share:.0f}%"


class Progress(Protocol):
    """Shows how far some work is."""

    def __call__(self, done: int, total: int, doing: str) -> None:
        """Show that ``done`` of ``total`` items are finished; ``doing`` names the next one."""
        ...
