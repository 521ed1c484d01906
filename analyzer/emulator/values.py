"""Which texts a property of a type takes, and how a profile shows them.

What the service does with texts of another type was not seen: that it fails is inferred.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING, Final

from analyzer.model.service import IdType

if TYPE_CHECKING:
    from analyzer.emulator.profiles import ProfileStore, Property

_DAYS: Final = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y-%m"),
    *("%m/%d/%Y", "%m-%d-%Y", "%m.%d.%Y", "%m/%d/%y", "%m-%d-%y", "%m.%d.%y", "%m/%d", "%m-%d"),
    *(f"%d{sign}{month}{year}" for sign, month, year in product(" -", ("%b", "%B"), ("", " %Y", "-%Y"))),
    *(f"{month} %d{year}" for month, year in product(("%b", "%B"), ("", ", %Y", " %Y"))),
    *("%b %Y", "%B %Y"),
)
_TIMES: Final = ("", " %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p")
_WEEKDAY = re.compile(r"[A-Z][a-z]{2,8}day, ")
# 2026-11-23T08:00:00.123+01:00
_ISO = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{1,2}:\d{1,2}(?::\d{1,2})?)(?:\.\d{1,7})?(?:Z|(?P<offset>[-+]\d{2}:\d{2}))?")
_INT64 = 2**63
_WHOLE = 10**15
_LEAP_YEAR = 2000
"""In which 29 February is a day."""
CLAIMS: Final = "i:0#.f|membership|"
"""Comes before a user principal name in the name of an account (seen)."""


def is_of_type(value: str, kind: str, store: ProfileStore) -> bool:
    """Whether a value that is not empty can be written to a property of a type.

    As .NET reads texts in the culture en-US, in which the service writes dates (seen); a person is an account's name.
    """
    text = value.strip()
    match kind:
        case "date":
            return _date(text, _LEAP_YEAR) is not None
        case "boolean":
            return text.lower() in ("true", "false")
        case "integer":
            return re.fullmatch(r"[-+]?[0-9]+", text) is not None and -_INT64 <= int(text) < _INT64
        case "float":
            return re.fullmatch(r"[-+]?([0-9][0-9,]*(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?", text) is not None
        case "person":
            return store.user(IdType.PrincipalName, text) is not None
    return True


def shown(value: str, known: Property | None, store: ProfileStore, year: int) -> str:
    """Return a value as a profile shows it, by its property's type; of an unknown type as it was imported.

    Dates and truth values look as recorded of the service. That numbers lose signs, zeros, and commas that say nothing,
    that a person is shown with the claims prefix, and that a date with an offset is shown in UTC is inferred.

    Args:
        value: as imported.
        known: the property; None for an unknown one.
        store: knows the people.
        year: of a date without one.
    """
    text = value.strip()
    if known is None or not text or not is_of_type(text, known.type, store):
        return value
    match known.type:
        case "date":
            return _date_shown(text, year)
        case "boolean":
            return text.capitalize()
        case "integer" | "float":
            number = int(text) if known.type == "integer" else float(text.replace(",", ""))
            return str(int(number)) if abs(number) < _WHOLE and number == int(number) else repr(number)
        case "person":
            user = store.user(IdType.PrincipalName, text)
            return CLAIMS + (user.user_principal_name if user is not None else text)
    return value


def _date_shown(text: str, year: int) -> str:
    """``2/8/2019 7:53:37 AM``."""
    moment = _date(text, year) or _date(text, _LEAP_YEAR)
    if moment is None:
        return text
    half = "AM" if moment.hour < 12 else "PM"  # noqa: PLR2004 - noon
    return f"{moment.month}/{moment.day}/{moment.year:04} {moment.hour % 12 or 12}:{moment:%M:%S} {half}"


def _date(text: str, year: int) -> datetime | None:
    """Return the moment that a text is; ``year`` is that of a text without one."""
    if not text.isascii():
        return None
    offset = timedelta()
    if iso := _ISO.fullmatch(text):
        text = f"{iso[1]} {iso[2]}"
        offset = datetime.strptime(iso["offset"] or "+00:00", "%z").utcoffset() or offset
    text = _WEEKDAY.sub("", text, count=1)
    for day, time in product(_DAYS, _TIMES):
        has_year = "%y" in day.lower()
        found = _read(text, day + time) if has_year else _read(f"{text} {year}", f"{day}{time} %Y")
        if found is not None:
            return found - offset if found.year > 1 else found
    return None


def _read(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007 - without a zone, as the service's own
    except ValueError:
        return None
