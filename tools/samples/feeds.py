"""The feeds of the story: where each puts its files, how the service is asked to read them, and what is in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from analyzer.model.service import IdType
from tools.samples.people import Group

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tools.samples.people import Person
    from tools.samples.styles import Record

CLAIMS = "i:0#.f|membership|"


@dataclass(frozen=True, slots=True)
class Feed:
    """A recurring import.

    Attributes:
        folder: server-relative, in the tenant's document libraries.
        ends: minutes after midnight UTC, when its jobs end on an ordinary night.
        records: what an export of that day holds.
    """

    name: str
    folder: str
    id_type: IdType
    id_property: str
    property_map: Mapping[str, str]
    ends: int
    records: Callable[[Sequence[Person], date], list[Record]]

    def source_path(self, on: date) -> str:
        """The server-relative path of the file of that day."""
        return f"{self.folder}/{self.name}-{on.isoformat()}.json"


# The office that the laboratory calls itself by: a backslash, which JSON wants doubled.
_LABORATORY = frozenset({40, 88, 136, 192})


def hr_records(people: Sequence[Person], on: date) -> list[Record]:
    """HR's list of that day, by address."""
    listed = sorted((person for person in people if person.is_listed(on)), key=lambda person: person.mail)
    return [_hr_record(person) for person in listed]


def phone_records(people: Sequence[Person], on: date) -> list[Record]:
    """The exchange's list: half of the staff that the tenant knows on that day."""
    staff = [person for person in people if person.group is Group.STAFF and person.is_known(on)]
    return [phone_record(person) for person in staff if person.number % 2 == 0]


def phone_record(person: Person) -> Record:
    """One extension; the numbers are of a range kept for works of fiction."""
    return {
        "AccountName": CLAIMS + person.principal_name,
        "Phone": f"+44 20 7946 0{person.number:03d}",
        "Extension": str(4000 + person.number),
    }


def badge_records(people: Sequence[Person], on: date) -> list[Record]:
    """The doormen's list: the other half of the staff; contractors stay on it some days too long."""
    grace = timedelta(days=9)
    holders = [
        person
        for person in people
        if (person.group is Group.STAFF and person.number % 2) or person.group is Group.CONTRACTOR
    ]
    return [_badge_record(person) for person in holders if on < person.known_until + grace]


def _hr_record(person: Person) -> Record:
    laboratory = person.number in _LABORATORY
    return {
        "IdName": person.mail,
        "City": person.city,
        "Office": f"R\\V {person.office}" if laboratory else f"{person.office}-{1 + person.number % 5}",
        "NativeName": person.native_name,
        "CostCenter": f"CC-{1000 + person.number % 37}",
    }


def _badge_record(person: Person) -> Record:
    year = 2027 + person.number % 3
    return {
        "ObjectId": person.object_id,
        "BadgeId": f"B{20000 + 7 * person.number}",
        "Building": f"Gebäude {'ABCD'[person.number // 2 % 4]}",
        "ValidUntil": date(year, 3, 31).isoformat(),
    }


HR = Feed(
    "hr-feed",
    "/sites/hr/Shared Documents/imports",
    IdType.Email,
    "IdName",
    {"City": "City", "Office": "OfficeCode", "NativeName": "NativeName", "CostCenter": "CostCenter"},
    128,
    hr_records,
)
# Tried once.
HR_HISTORY = Feed("hr-history", HR.folder, IdType.Email, "IdName", HR.property_map, 112, hr_records)
BADGES = Feed(
    "badges-feed",
    "/sites/facilities/Freigegebene Dokumente/Zugänge",
    IdType.CloudId,
    "ObjectId",
    {"BadgeId": "BadgeId", "Building": "Building", "ValidUntil": "ValidUntil"},
    144,
    badge_records,
)
PHONES = Feed(
    "phones-feed",
    "/sites/hr/Shared Documents/imports",
    IdType.PrincipalName,
    "AccountName",
    {"Phone": "Phone", "Extension": "Extension"},
    156,
    phone_records,
)
