"""What headers tell in numbers, of which none may be more than we can count with."""

from __future__ import annotations

import email.utils
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_WAIT = 31_536_000.0
"""Seconds, a year: whoever asks for more is as much beyond all patience, and may ask for more than can be counted."""
_LONGEST_NUMBER = 18
"""Digits of a number of bytes."""


def seconds_in(text: str) -> float | None:
    """A number of seconds as a header tells it, a year at most; None where it is no number."""
    told = number_in(text)
    return None if told is None else min(told, _LONGEST_WAIT)


def number_in(text: str) -> float | None:
    """A number as a header tells it, infinite where it has too many digits; None where it is no number."""
    told = text.strip()
    return float(told) if told.isascii() and told.replace(".", "", 1).isdecimal() else None


def byte_count(text: str) -> int | None:
    """A number of bytes as the service tells it; None where it is none that a file can have."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER else None


def told_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that ``Retry-After`` asks to wait, as a number or as a date; None where it does not say.

    Args:
        headers: an answer's.
        now: our time, taken where the answer does not tell the tenant's.
    """
    told = headers.get("Retry-After", "").strip()
    # What something in between says as well arrives as one header, parted by a comma; so does a date.
    parts = told.split(",")
    numbers = [number for part in parts if (number := seconds_in(part)) is not None]
    if len(numbers) == len(parts):
        return max(numbers)
    until = date_in(told)
    if until is None:
        return None
    # Both by the tenant's clock, as ours may be off.
    left = (until - (date_in(headers.get("Date", "")) or now)).total_seconds()
    return min(max(0.0, left), _LONGEST_WAIT)


def date_in(text: str) -> datetime | None:
    """A date as a header tells it; None where it is none."""
    try:
        date = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
