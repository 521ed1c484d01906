"""Format numbers, times, IDs, and lists as text; suggest names; show progress.

Numbers, times, and lists are as the language that is spoken writes them.
"""

from __future__ import annotations

import difflib
import itertools
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from analyzer.model.language import gettext as _
from analyzer.model.language import ngettext, spoken

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from zoneinfo import ZoneInfo


SHORT_ID = 8
_KILO = 1000
_SIXTY = 60
_HOURS = 24
_CLOSE = 0.7
"""How similar a suggested name has to be, from 0 to 1."""

_UNITS = {"s": "duration-second", "minutes": "duration-minute", "hours": "duration-hour", "days": "duration-day"}
"""Babel's names of units."""

_LEAST_UNITS = 2
"""The smallest number for which a longer unit of time is used."""


def grouped(number: float, decimals: int = 0) -> str:
    """Return a number with separators of thousands: ``12,480``.

    >>> grouped(12480)
    '12,480'
    """
    locale = spoken().locale
    if locale is None:
        return f"{number:,.{decimals}f}"
    from babel.numbers import format_decimal

    return format_decimal(number, f"#,##0.{'0' * decimals}" if decimals else "#,##0", locale)


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: ``1 user``, ``12,480 users``; the default plural adds an s.

    >>> count(12480, "user")
    '12,480 users'
    """
    return f"{grouped(number)} {ngettext(one, many or one + 's', number)}"


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
            return f"{grouped(amount)} {_('bytes')}" if unit == "bytes" else f"{grouped(amount, 1)} {unit}"
        amount /= _KILO
    return f"{amount:.1f} GB" if spoken().locale is None else f"{grouped(amount, 1)} GB"


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
    whole = math.floor(span) if down else math.ceil(span)
    locale = spoken().locale
    if locale is None:
        return f"{whole} {unit}"
    from babel.units import format_unit

    name = _UNITS[unit]
    return format_unit(whole, name, "short" if name == _UNITS["s"] else "long", locale=locale)


def listed(words: Iterable[str]) -> str:
    """Join words: ``a``, ``a and b``, ``a, b and c``."""
    locale = spoken().locale
    if locale is not None:
        from babel.lists import format_list

        return format_list(list(words), locale=locale)
    *head, last = list(words) or [""]
    return f"{', '.join(head)} and {last}" if head else last


def listed_first(words: Sequence[str], most: int, number: int | None = None, more: str = "") -> str:
    """Join the first words, and add how many more there are.

    Args:
        words: all words, or at least the first ones.
        most: how many are listed.
        number: the number of all words; None if ``words`` has all of them.
        more: the noun after the number of the others; empty for "more".

    >>> listed_first(["a", "b", "c", "d"], 2)
    'a, b and 2 more'
    """
    shown = words[:most]
    left = (len(words) if number is None else number) - len(shown)
    return listed([*shown, f"{grouped(left)} {more or _('more')}"] if left > 0 else shown)


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


def day(date: date, today: date | None = None) -> str:
    """Return a day without its time: ``23 Nov 2026``, without the year if it is that of ``today``."""
    with_year = today is None or date.year != today.year
    if spoken().locale is not None:
        return _skeleton("yMMMd" if with_year else "MMMd", date)
    return f"{date.day} {date:%b}{f' {date.year}' if with_year else ''}"


def long_day(date: date) -> str:
    """Return ``Monday, 5 October 2026``."""
    locale = spoken().locale
    if locale is None:
        return f"{date:%A}, {date.day} {date:%B} {date.year}"
    from babel.dates import format_date

    return format_date(date, "full", locale)


def month(date: date) -> str:
    """Return ``October 2026``."""
    return _skeleton("yMMMM", date) if spoken().locale is not None else f"{date:%B %Y}"


def clock(time: datetime) -> str:
    """Return a time of day: ``02:14``."""
    return _skeleton("Hm", time) if spoken().locale is not None else f"{time:%H:%M}"


def weekdays() -> list[tuple[str, str]]:
    """Return the names of the days of a week from Monday, and their short forms: ``("Monday", "Mo")``."""
    locale = spoken().locale
    if locale is None:
        return [(name, name[:2]) for name in _WEEKDAYS]
    full, short = (locale.days["stand-alone"][width] for width in ("wide", "short"))
    return [(full[number], short[number].rstrip(".")) for number in range(len(_WEEKDAYS))]


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _skeleton(skeleton: str, time: date) -> str:
    """Return a date or time as the language that is spoken writes it."""
    from babel.dates import format_skeleton

    # Babel converts a time to UTC unless it has no zone.
    plain = time.replace(tzinfo=None) if isinstance(time, datetime) else datetime(time.year, time.month, time.day)  # noqa: DTZ001 - a day
    return format_skeleton(skeleton, plain, locale=spoken().locale)


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
        return _("today {time}").format(time=clock(local))
    return f"{day(local, now)} {clock(local)}"


def percent(part: int, whole: int) -> str:
    """Return a share in percent: ``4%``, ``under 1%``."""
    share = 100 * part / whole if whole else 0
    if 0 < share < 1:
        return _("under 1%")
    locale = spoken().locale
    if locale is None:
        return f"{share:.0f}%"
    from babel.numbers import format_percent

    return format_percent(share / 100, locale=locale)


class Progress(Protocol):
    """Shows how far some work is."""

    def __call__(self, done: int, total: int, doing: str) -> None:
        """Show that ``done`` of ``total`` items are finished; ``doing`` names the next one."""
        ...
