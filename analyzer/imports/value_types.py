"""Say whether the profile store can read a text as a date, a number, a Boolean, or a person.

What the service does with other texts was not seen. It writes values in English of the United States (seen: "2/8/2019
7:53:37 AM"), so it is inferred that .NET reads them so, too: a date of numbers has the month first, unless it begins
with the year. An empty text is never of the wrong type: it was seen to become a date.
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import TYPE_CHECKING

from analyzer.imports.property_schema import ValueType
from analyzer.model.identity import IdKind, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Not ``calendar.month_name``, which follows the locale.
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_SHORT_MONTHS = [name[:3] for name in _MONTHS]
_MONTH_NUMBERS = range(1, len(_MONTHS) + 1)
_MONTH = rf"(?P<word>{'|'.join(f'{name[:3]}(?:{name[3:]})?' for name in _MONTHS)})"
_DAY, _YEAR = r"(?P<day>\d{1,2})", r"(?P<year>\d{4}|\d\d)"
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>[0-5]?\d)(?::(?P<second>[0-5]?\d)(?:\.\d{1,7})?)?(?P<half> ?[AP]M)?"
_TIME = rf"(?:[T ] *{_CLOCK}(?: ?(?P<zone>Z|GMT|[-+]\d\d:?\d\d))?)?"
_DATES = tuple(
    re.compile(
        rf"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,? +)?{date}{_TIME}",
        re.IGNORECASE | re.ASCII,
    )
    for date in (
        r"(?P<year>\d{4})(?P<sign>[-/.])(?P<month>\d{1,2})(?:(?P=sign)(?P<day>\d{1,2}))?",
        rf"(?P<month>\d{{1,2}})(?P<sign>[-/.])(?P<day>\d{{1,2}})(?P=sign){_YEAR}",
        rf"(?P<month>\d{{1,2}})(?P<sign>[-/]){_DAY}",
        rf"{_DAY}[- ]+{_MONTH}(?:[-, ]+{_YEAR})?",
        rf"{_MONTH} +{_DAY}(?:,? +(?P<year>\d{{4}}))?",
        rf"{_MONTH},? +(?P<year>\d{{4}})",
    )
)
_LEAP_YEAR = 2000
_HOURS, _HALF_DAY = 24, 12
# Without leading zeros, of which Python reads a few thousand only.
_INTEGER = re.compile(r"([-+]?)(?=[0-9])0*+([0-9]{0,19})")
_INT64 = 2**63
_NUMBER = re.compile(r"[-+]?(?:[0-9][0-9,]*\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_ACCOUNTS = frozenset({IdKind.at_domain, IdKind.guest, IdKind.claims})


def is_date(text: str) -> bool:
    """Return whether a text is a date with or without a time, perhaps without a day or a year.

    >>> [is_date(text) for text in ("2026-11-23", "11/23/2026 8:00 AM", "23 Nov 2026", "23/11/2026")]
    [True, True, True, False]
    """
    return any((found := form.fullmatch(text.strip())) and _exists(found.groupdict()) for form in _DATES)


def _exists(parts: Mapping[str, str | None]) -> bool:
    """Return whether there is such a day and hour."""
    word, hour = parts.get("word"), int(parts["hour"] or 0)
    month = _SHORT_MONTHS.index(word[:3].lower()) + 1 if word else int(parts["month"] or 0)
    if month not in _MONTH_NUMBERS or parts.get("year") == "0000" or hour >= _HOURS:
        return False
    if parts["half"] and not 0 < hour <= _HALF_DAY:
        return False
    # Years of two digits are leap years as those of this century.
    year = int(parts.get("year") or _LEAP_YEAR) or _LEAP_YEAR
    return 1 <= int(parts.get("day") or 1) <= calendar.monthrange(year, month)[1]


def moment_of(text: str) -> datetime | None:
    """Return the time that a text means, to the second, read as by ``is_date``; without a zone if it has none.

    >>> [moment_of(text) for text in ("2/8/2019 7:53:37 PM", "31.12.1990", "Nov 2026")]
    [datetime.datetime(2019, 2, 8, 19, 53, 37), None, None]

    Returns:
        None if it isn't a date, or lacks a day or a year of four digits.
    """
    found = next((match for form in _DATES if (match := form.fullmatch(text.strip()))), None)
    parts: Mapping[str, str | None] = found.groupdict() if found else {}
    if not _exists_whole(parts):
        return None
    word, half, hour = parts.get("word"), (parts["half"] or "").strip().upper(), int(parts["hour"] or 0)
    if half:
        hour = hour % _HALF_DAY + _HALF_DAY * (half == "PM")
    month = _SHORT_MONTHS.index(word[:3].lower()) + 1 if word else int(parts["month"] or 0)
    year, day = int(parts["year"] or 0), int(parts["day"] or 0)
    minute, second = int(parts["minute"] or 0), int(parts["second"] or 0)
    return datetime(year, month, day, hour, minute, second, tzinfo=_zone(parts["zone"] or ""))


def _exists_whole(parts: Mapping[str, str | None]) -> bool:
    is_whole = bool(parts.get("day")) and len(parts.get("year") or "") == len("2026")
    return is_whole and _exists(parts)


def _zone(text: str) -> timezone | None:
    digits = text[1:].replace(":", "")
    if not digits.isdigit():
        return UTC if text else None
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset) if offset < timedelta(days=1) else UTC


def is_integer(text: str) -> bool:
    """Return whether a text is a whole number of 64 bits."""
    found = _INTEGER.fullmatch(text.strip())
    return found is not None and -_INT64 <= int(f"{found[1]}0{found[2]}") < _INT64


def is_number(text: str) -> bool:
    """Return whether a text is a number, with a decimal point."""
    return _NUMBER.fullmatch(text.strip()) is not None


def is_boolean(text: str) -> bool:
    """Return whether a text is true or false."""
    return text.strip().lower() in {"true", "false"}


def is_account(text: str) -> bool:
    """Return whether a text has the form of an account name that a tenant may have."""
    return kind_of(text.strip()) in _ACCOUNTS


FITS: Mapping[ValueType, Callable[[str], bool]] = MappingProxyType(
    {
        ValueType.date: is_date,
        ValueType.integer: is_integer,
        ValueType.number: is_number,
        ValueType.boolean: is_boolean,
        ValueType.person: is_account,
    }
)
"""Whether a text that isn't empty is of a type; the other types take any text."""

NOUNS: Mapping[ValueType, str] = MappingProxyType(
    {
        ValueType.date: "a date",
        ValueType.integer: "a whole number",
        ValueType.number: "a number",
        ValueType.boolean: "true or false",
        ValueType.person: "a user of the tenant",
    }
)
