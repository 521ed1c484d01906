"""Who works at Contoso: invented people, when the tenant knows them, and the store of profiles on a date.

Everybody and everything here is made up; the names in ``names.json`` are common given names beside invented or
everyday family names of eight scripts and spellings.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FOREVER = date(2027, 12, 31)
BEFORE = date(2026, 1, 1)


class Group(Enum):
    """Why a person is in the story."""

    STAFF = "known all the time"
    FABRIKAM = "of the company bought in summer; moved into the directory batch by batch"
    NEWCOMER = "in the feed before the directory knows them"
    CONTRACTOR = "has a badge, is not in HR's list, leaves the directory"
    FORGOTTEN = "never moved: unresolvable week after week"


@dataclass(frozen=True, slots=True)
class Person:
    """One person, as HR, the telephone exchange and the doormen know them.

    Attributes:
        number: runs through everybody from 0.
        listed_from: the first day that HR's feed lists them.
        known_from: the first day that the tenant has their profile.
        known_until: the first day that it has it no longer.
    """

    number: int
    group: Group
    mail: str
    principal_name: str
    native_name: str
    city: str
    office: str
    listed_from: date
    known_from: date
    known_until: date

    @property
    def object_id(self) -> str:
        """The directory's id: a Guid that follows from the address."""
        return str(uuid5(NAMESPACE_URL, f"mailto:{self.mail}"))

    def is_known(self, on: date) -> bool:
        """Whether the tenant can resolve them on that day."""
        return self.known_from <= on < self.known_until

    def is_listed(self, on: date) -> bool:
        """Whether HR's feed of that day has them."""
        return self.group is not Group.CONTRACTOR and self.listed_from <= on


@dataclass(frozen=True, slots=True)
class _Batch:
    """So many people who share their dates."""

    group: Group
    size: int
    listed_from: date = BEFORE
    known_from: date = BEFORE
    known_until: date = FOREVER


def _october(day: int) -> date:
    return date(2026, 10, day)


def _november(day: int) -> date:
    return date(2026, 11, day)


# Unresolvable in HR's feed week by week, without the bad one: 41, 38, 35, 32, 27, 19, 15, 12.
_BATCHES = (
    _Batch(Group.STAFF, 225),
    _Batch(Group.FABRIKAM, 3, known_from=_october(12)),
    _Batch(Group.FABRIKAM, 4, known_from=_october(19)),
    _Batch(Group.FABRIKAM, 3, known_from=_october(26)),
    _Batch(Group.FABRIKAM, 6, known_from=_november(2)),
    _Batch(Group.FABRIKAM, 6, known_from=_november(9)),
    _Batch(Group.FABRIKAM, 4, known_from=_november(16)),
    _Batch(Group.FABRIKAM, 4, known_from=_november(23)),
    _Batch(Group.FABRIKAM, 3, known_from=FOREVER),
    _Batch(Group.NEWCOMER, 3, _october(5), _october(12)),
    _Batch(Group.NEWCOMER, 2, _october(5), _october(19)),
    _Batch(Group.NEWCOMER, 1, _october(12), _october(19)),
    _Batch(Group.NEWCOMER, 2, _october(12), _october(26)),
    _Batch(Group.NEWCOMER, 3, _october(19), _october(26)),
    _Batch(Group.NEWCOMER, 1, _october(19), _november(2)),
    _Batch(Group.NEWCOMER, 3, _october(26), _november(2)),
    _Batch(Group.NEWCOMER, 2, _october(26), _november(9)),
    _Batch(Group.NEWCOMER, 4, _november(2), _november(9)),
    _Batch(Group.NEWCOMER, 1, _november(2), _november(16)),
    _Batch(Group.NEWCOMER, 3, _november(9), _november(16)),
    _Batch(Group.NEWCOMER, 1, _november(9), _november(23)),
    _Batch(Group.NEWCOMER, 2, _november(16), _november(23)),
    _Batch(Group.NEWCOMER, 2, _november(16), FOREVER),
    _Batch(Group.NEWCOMER, 4, _november(23), FOREVER),
    _Batch(Group.CONTRACTOR, 9, known_until=_october(1)),
    _Batch(Group.CONTRACTOR, 4, known_until=_november(5)),
)

# Addresses that a careless program breaks on: an apostrophe, a plus, letters beyond ASCII.
_FORGOTTEN = (
    ("o'brien@contoso.com", "Nuala O'Brien", "Dublin", "DUB"),
    ("jane+payroll@contoso.com", "Jane Harewick", "Dublin", "DUB"),
    ("jürgen.müller@contoso.com", "Jürgen Müller", "Köln", "CGN"),
)


def everybody() -> tuple[Person, ...]:
    """All persons of the story, in the order of their numbers."""
    names = _names(json.loads(Path(__file__).with_name("names.json").read_text("utf-8")))
    batches = [batch for batch in _BATCHES for _ in range(batch.size)]
    people = [_person(number, batch, next(names)) for number, batch in enumerate(batches)]
    people += [
        Person(len(people) + place, Group.FORGOTTEN, mail, mail, name, city, office, BEFORE, FOREVER, FOREVER)
        for place, (mail, name, city, office) in enumerate(_FORGOTTEN)
    ]
    return tuple(people)


def settings(people: Sequence[Person], on: date) -> dict[str, object]:
    """The content of ``emulator.json``: the tenant's users on that day, and its properties."""
    users = [
        {"mail": person.mail, "objectId": person.object_id, "userPrincipalName": person.principal_name}
        for person in people
        if person.is_known(on)
    ]
    return {"users": users, "properties": [dict(declared) for declared in _PROPERTIES]}


_PROPERTIES: tuple[dict[str, object], ...] = (
    {"name": "City", "editable": False, "type": "string"},
    {"name": "OfficeCode", "editable": False, "type": "string"},
    {"name": "NativeName", "editable": False, "type": "string", "maxLength": 64},
    {"name": "CostCenter", "editable": False, "type": "string"},
    {"name": "Phone", "editable": False, "type": "string"},
    {"name": "Extension", "editable": False, "type": "string"},
    {"name": "BadgeId", "editable": False, "type": "string", "maxLength": 12},
    {"name": "Building", "editable": False, "type": "string"},
    {"name": "ValidUntil", "editable": False, "type": "date"},
    {"name": "AboutMe", "editable": True, "type": "string"},
    {"name": "Topics", "editable": False, "type": "taxonomic"},
)


def _names(regions: list[dict[str, object]]) -> Iterator[tuple[str, str, str, str]]:
    """``given.family`` in ASCII, the name as its owner writes it, city and office; one region after the other."""
    for turn in range(100):
        for region in regions:
            given, family, family_first = region["given"], region["family"], region["family_first"]
            if not (isinstance(given, list) and isinstance(family, list)):
                raise TypeError("names.json: given and family are lists")
            # Three and ten share no factor with each other: no pair comes twice in a hundred turns.
            first, last = given[turn % 10], family[(3 * turn + turn // 10) % 10]
            native = f"{last[1]} {first[1]}" if family_first else f"{first[1]} {last[1]}"
            yield f"{first[0]}.{last[0]}", native, str(region["city"]), str(region["office"])


def _person(number: int, batch: _Batch, name: tuple[str, str, str, str]) -> Person:
    address, native, city, office = name
    mail = principal = f"{address}@contoso.com"
    if batch.group is Group.FABRIKAM:
        mail, principal = f"{address}@fabrikam.com", f"{address}.ext@contoso.com"
    dates = (batch.listed_from, batch.known_from, batch.known_until)
    return Person(number, batch.group, mail, principal, native, city, office, *dates)
