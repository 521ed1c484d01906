"""What was odd about single exports: records as the feed would have them to records as they were sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.samples import feeds
from tools.samples.people import Group

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.samples.people import Person
    from tools.samples.styles import Record

FORMULA = '=HYPERLINK("http://example.com")'
SCRIPT = "<script>alert(1)</script>@contoso.com"


def unchanged(records: list[Record], _people: Sequence[Person]) -> list[Record]:
    """An ordinary export."""
    return records


def wrong_domain(records: list[Record], people: Sequence[Person]) -> list[Record]:
    """The mail server's own domain in the addresses of 24 people, and two records that somebody planted."""
    staff = [person.mail for person in people if person.group is Group.STAFF]
    moved = frozenset(staff[4::9][:24])
    sent = [
        {**record, "IdName": record["IdName"].replace("@", "@mail.")} if record["IdName"] in moved else record
        for record in records
    ]
    planted = {"Office": "", "NativeName": "", "CostCenter": "CC-1000"}
    return [{"IdName": SCRIPT, "City": FORMULA, **planted}, {"IdName": FORMULA, "City": SCRIPT, **planted}, *sent]


def with_fabrikam(records: list[Record], people: Sequence[Person]) -> list[Record]:
    """Two extensions of people who are not in the directory yet (Fabrikam)."""
    unknown = [person for person in people if person.group is Group.FABRIKAM][-2:]
    return [*records, *(feeds.phone_record(person) for person in unknown)]


def with_meeting_room(records: list[Record], _people: Sequence[Person]) -> list[Record]:
    """An extension without a user: a record without the ID property."""
    room = {"Phone": "+44 20 7946 0990", "Extension": "4990"}
    return [*records[:60], room, *records[60:]]


def with_wing(records: list[Record], _people: Sequence[Person]) -> list[Record]:
    """A new column for some, which the property map does not have."""
    return [{**record, "Wing": "Nord"} if place % 12 == 0 else record for place, record in enumerate(records)]


def with_floor(records: list[Record], _people: Sequence[Person]) -> list[Record]:
    """The same once more: another column, for one building."""
    return [{**record, "Floor": "3"} if record["Building"].endswith("C") else record for record in records]


def with_second_badge(records: list[Record], _people: Sequence[Person]) -> list[Record]:
    """Somebody lost a badge and got another: two records with one id."""
    lost = records[31]
    return [*records, {**lost, "BadgeId": "B99031"}]


def without_dates(records: list[Record], _people: Sequence[Person]) -> list[Record]:
    """Three badges that never end: the service writes 1 January for an empty date, and reports success."""
    return [{**record, "ValidUntil": ""} if place in {17, 48, 90} else record for place, record in enumerate(records)]
