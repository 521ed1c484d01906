"""Compare the value of a source file with the text that a profile shows for it.

A profile shows every value as text: dates as ``2/8/2019 7:53:37 AM`` (English of the United States, no time zone),
Booleans as ``True`` and ``False``, several values joined by ``|``, an unset one as an empty text (all seen). The type
of a property isn't shown, so it is taken from the two texts. What is certain is the same or different; everything else
is unclear, such as a date in another time zone.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum, auto
from typing import TYPE_CHECKING

from analyzer.imports.value_types import is_boolean, is_number, moment_of
from analyzer.model.identity import IdKind, identity_key, kind_of
from analyzer.source.batches import as_written

if TYPE_CHECKING:
    from collections.abc import Callable

# 2/8/2019 7:53:37 AM, 01/01/0001 00:00:00
_DATE_SHOWN = re.compile(r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d\d:\d\d(?: [AP]M)?")
_DAY_FIRST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{2,4}.*)", re.DOTALL)
_SEPARATORS = re.compile(r"[;,|]")
_TAG = re.compile(r"<[^>]*>")
_ZONES = timedelta(hours=14)
"""The largest difference of a time zone from UTC."""
_NO_YEAR = 2000
"""The year of dates that are stored without one, such as birthdays (inferred)."""
_BINARY = "System.Byte[]"


class Verdict(StrEnum):
    """Whether a profile has the value of a source file."""

    same = auto()
    differs = auto()
    unclear = auto()


def compare(expected: object, found: str) -> Verdict:
    """Compare a value with the text of a profile.

    >>> [compare("2019-02-08", "2/8/2019 12:00:00 AM"), compare(True, "True"), compare("Oslo", "Bergen")]
    [<Verdict.same: 'same'>, <Verdict.same: 'same'>, <Verdict.differs: 'differs'>]

    Args:
        expected: as JSON has it, but not null, which changes nothing.
        found: of the profile.
    """
    text = as_written(expected)
    if text is None or found == _BINARY:
        return Verdict.unclear
    if text == found:
        return Verdict.same
    if not text or not found:
        # An empty text was seen to become 1 January in dates.
        is_unclear = _DATE_SHOWN.fullmatch(found) or not (text + found).strip()
        return Verdict.unclear if is_unclear else Verdict.differs
    for compare_as in (_as_dates, _as_booleans, _as_numbers, _as_people):
        if (verdict := compare_as(expected, text, found)) is not None:
            return verdict
    return Verdict.unclear if any(form(text) == form(found) for form in _FORMS) else Verdict.differs


def _as_dates(_expected: object, text: str, found: str) -> Verdict | None:
    """Compare dates. A profile that shows no date has a text property, which keeps a date as it is written."""
    shown = moment_of(found) if _DATE_SHOWN.fullmatch(found) else None
    if shown is None:
        return None
    written = _in_utc(text)
    if written == shown:
        return Verdict.same
    other = _DAY_FIRST.fullmatch(text.strip())
    swapped = _in_utc(f"{other[3]}{other[2]}{other[1]}{other[2]}{other[4]}") if other else None
    if written is None or swapped == shown:
        return Verdict.unclear
    if shown.year == _NO_YEAR and shown.date() == written.replace(year=_NO_YEAR).date():
        return Verdict.unclear
    return Verdict.unclear if abs(shown - written) <= _ZONES else Verdict.differs


def _in_utc(text: str) -> datetime | None:
    time = moment_of(text)
    return time.astimezone(UTC).replace(tzinfo=None) if time and time.tzinfo else time


def _as_booleans(_expected: object, text: str, found: str) -> Verdict | None:
    if found not in {"True", "False"} or not is_boolean(text):
        return None
    return Verdict.same if text.strip().lower() == found.lower() else Verdict.differs


def _as_numbers(expected: object, text: str, found: str) -> Verdict | None:
    if not (is_number(text) and is_number(found)):
        return None
    try:
        one, other = (Decimal(number.strip().replace(",", "")) for number in (text, found))
    except InvalidOperation:
        return None
    if one != other and f"{one:.14E}" != f"{other:.14E}":
        return Verdict.differs
    # A text such as 007 has another meaning in a text property than in a number.
    return Verdict.unclear if isinstance(expected, str) else Verdict.same


def _as_people(_expected: object, text: str, found: str) -> Verdict | None:
    if kind_of(found) is not IdKind.claims:
        return None
    # A person may be written by another ID than the account name that is shown.
    return Verdict.same if identity_key(text) == identity_key(found) else Verdict.unclear


def _blanks(text: str) -> str:
    return " ".join(text.split())


def _composed(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def _several(text: str) -> str:
    return "|".join(part.strip() for part in _SEPARATORS.split(text))


def _without_markup(text: str) -> str:
    return _blanks(_TAG.sub(" ", text))


def _address(text: str) -> str:
    return text.strip().rstrip("/").lower() if "://" in text else text


_FORMS: tuple[Callable[[str], str], ...] = (_blanks, _composed, _several, _without_markup, _address)
"""What a type of property may change in a text: blanks, composed letters, several values, HTML, addresses."""
