"""Which texts a property of a type takes. What the service does with others was not seen: that it fails is inferred."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import product
from typing import TYPE_CHECKING, Final

from analyzer.model.service import IdType

if TYPE_CHECKING:
    from analyzer.emulator.profiles import ProfileStore

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
_ISO = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{1,2}:\d{1,2}(?::\d{1,2})?)(?:\.\d{1,7})?(?:Z|[-+]\d{2}:\d{2})?")
_INT64 = 2**63


def is_of_type(value: str, kind: str, store: ProfileStore) -> bool:
    """Whether a value that is not empty can be written to a property of a type.

    As .NET reads texts in the culture en-US, in which the service writes dates (seen); a person is an account's name.
    """
    text = value.strip()
    match kind:
        case "date":
            return _is_date(text)
        case "boolean":
            return text.lower() in ("true", "false")
        case "integer":
            return re.fullmatch(r"[-+]?[0-9]+", text) is not None and -_INT64 <= int(text) < _INT64
        case "float":
            return re.fullmatch(r"[-+]?([0-9][0-9,]*(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?", text) is not None
        case "person":
            return store.user(IdType.PrincipalName, text) is not None
    return True


def _is_date(text: str) -> bool:
    if not text.isascii():
        return False
    if iso := _ISO.fullmatch(text):
        text = f"{iso[1]} {iso[2]}"
    text = _WEEKDAY.sub("", text, count=1)
    # In a leap year, so that 29 February without a year is a day.
    return any(
        _reads(f"{text} 2000", f"{day}{time} %Y") if "%y" not in day.lower() else _reads(text, day + time)
        for day, time in product(_DAYS, _TIMES)
    )


def _reads(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007 - only whether there is such a day
    except ValueError:
        return False
    return True
