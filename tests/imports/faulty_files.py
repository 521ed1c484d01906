"""Source files with faults of every kind, and the tenant that they are imported into."""

from __future__ import annotations

import json
import re
import string
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

from analyzer.emulator.profiles import ProfileStore, Property, User
from analyzer.imports.property_schema import ProfileProperty, PropertySchema, ValueType
from analyzer.model.service import IdType
from tests.source.spellings import Pairs, Pen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

ID = "IdName"
Record: TypeAlias = dict[str, Any]

TYPES = {
    "string": ValueType.text,
    "date": ValueType.date,
    "integer": ValueType.integer,
    "float": ValueType.number,
    "boolean": ValueType.boolean,
    "person": ValueType.person,
    "taxonomic": ValueType.text,
    "multivalue": ValueType.text,
}
STORE = (
    Property("City"),
    Property("OfficeCode", max_length=6),
    Property("Birthday", type="date"),
    Property("Floor", type="integer"),
    Property("Share", type="float"),
    Property("Remote", type="boolean"),
    Property("Manager", type="person"),
    Property("Department"),
    Property("Mark"),
    Property("AboutMe", editable=True),
    Property("Skills", type="taxonomic"),
    Property("Projects", type="multivalue"),
)
SCHEMA = PropertySchema(
    [
        ProfileProperty(
            known.name,
            TYPES[known.type],
            known.max_length,
            editable=known.editable,
            multi_value=known.type == "multivalue",
            taxonomic=known.type == "taxonomic",
        )
        for known in STORE
    ],
    "schema.csv",
)
MAPPED = {
    "City": "City",
    "Office": "officeCODE",
    "Born": "Birthday",
    "Floor": "Floor",
    "Share": "Share",
    "Remote": "Remote",
    "Boss": "manager",
    "Dept": "Department",
}
REFUSED = ("Birthdy", "AboutMe", "skills", "Projects", "Nothing")


@dataclass
class Case:
    """A source file, and what it is queued with.

    Attributes:
        source: the file's bytes.
        id_type: of the job.
        property_map: of the job.
        users: of the tenant.
        about: which faults it has, for messages.
    """

    source: bytes
    id_type: IdType
    property_map: dict[str, str]
    users: list[User]
    about: list[str] = field(default_factory=list)

    @property
    def is_ansi(self) -> bool:
        """Whether the file has letters that are not UTF-8."""
        return "letters" in self.about and not self.source.isascii()

    def store(self) -> ProfileStore:
        """A tenant in which nothing was imported yet."""
        return ProfileStore([User(one.mail, one.object_id, one.user_principal_name) for one in self.users], STORE)


def case_of(random: Random) -> Case:
    """A file with no fault, one, or several."""
    users = [_user(random, number) for number in range(random.randint(1, 6))]
    id_type = random.choice(list(IdType))
    mapped = dict(random.sample(list(MAPPED.items()), random.randint(1, len(MAPPED))))
    made = Case(b"", id_type, mapped, users)
    faults = random.sample(FAULTS, random.choice([0, 1, 1, 1, 2, 3]))
    records: list[Record | None] = [
        _record(random, made, user)
        for user in random.sample(users, random.randint(min(1, random.randrange(8)), len(users)))
    ]
    for fault in faults:
        made.about.append(fault)
        _spoil(random, made, records, fault)
    made.source = _written(random, made, records)
    return made


FAULTS = (
    *("unknown", "empty id", "null id", "no id", "number as id", "duplicate", "other spelling", "other kind"),
    *("unmapped", "too long", "wrong type", "null", "empty text", "nested", "null record", "no record", "refused map"),
    *("cut", "sign gone", "sign more", "backslash", "bare list", "other name", "letters", "without a mark", "behind"),
)


def _user(random: Random, number: int) -> User:
    name = f"{random.choice(['ada', 'bo', 'zoë', 'o.brien'])}{number}"
    guid = str(UUID(int=random.getrandbits(128), version=4))
    return User(f"{name}@contoso.com", guid, f"{name}.x@contoso.onmicrosoft.com")


def _record(random: Random, case: Case, user: User) -> Record:
    mapped = [name for name in case.property_map if name in MAPPED]
    names = random.sample(mapped, random.randint(0, len(mapped)))
    values = {name: _good(random, case, name) for name in names}
    members = [(ID, user.identity(case.id_type)), *values.items()]
    if random.random() < 0.2:
        random.shuffle(members)
    return dict(members)


def _good(random: Random, case: Case, name: str) -> object:
    choices: dict[str, list[object]] = {
        "City": ["Oslo", "Tromsø", "日本", "😀", "", "a\tb", "\\\\server", "x" * 50, 12, 1.5, True],
        "Office": ["E1", "", "12345😀"[1:], 123456, 1.25, False, "ÄÖÜäöü"],
        "Born": ["2026-11-23", "11/23/2026", "1 May 1990", "2026-11-23T08:00:00Z", ""],
        "Floor": [3, "-12", "", 2.0, 10**18],
        "Share": [0.5, "1.5", 7, "1E+3", ""],
        "Remote": [True, False, "true", "FALSE", ""],
        "Boss": [random.choice(case.users).user_principal_name, ""],
        "Dept": ["HR", ""],
    }
    return random.choice(choices[name])


_BAD: dict[str, tuple[object, ...]] = {
    "Born": ("31.12.2026", "tomorrow", 20261231, True),
    "Floor": ("two", 2.5, True, 2**63, "1,000"),
    "Share": ("half", "1.5.2", True),
    "Remote": ("yes", 1, 0.5),
    "Boss": ("Bo Smith", "eve@contoso.com", 12),
}


def _bad(random: Random, name: str) -> object:
    return random.choice(_BAD[name])


def _spoil(random: Random, case: Case, records: list[Record | None], fault: str) -> None:
    """Put a fault into the records, or into what they are queued with; the others come with ``_written``."""
    of_users = [one for one in records if one is not None]
    if fault == "refused map":
        case.property_map[random.choice(["Extra", *case.property_map])] = random.choice(REFUSED)
    elif fault == "null record":
        records.insert(random.randint(0, len(records)), None)
    elif fault in _IDS and of_users:
        random.choice(of_users)[ID] = _IDS[fault](random, case)
    elif fault in _MEMBERS and of_users:
        chosen = random.choice(of_users)
        chosen |= _MEMBERS[fault](random, case, chosen)
    elif fault == "no id" and of_users:
        random.choice(of_users).pop(ID, None)
    elif fault == "duplicate" and of_users:
        again = _respelled(random, str(random.choice(of_users).get(ID)))
        records.append({**_record(random, case, case.users[0]), ID: again})


_UNKNOWN = ("eve@contoso.com", "ada@fabrikam.com", "x", "ada0@contoso.co", str(UUID(int=7)))
_IDS: dict[str, Callable[[Random, Case], object]] = {
    "unknown": lambda random, _: random.choice(_UNKNOWN),
    "empty id": lambda random, _: random.choice(["", " ", "\t", "i:0#.f|membership| "]),
    "null id": lambda *_: None,
    "number as id": lambda random, _: random.choice([4711, 1.5, True]),
    "other kind": lambda random, case: random.choice(case.users).identity(random.choice(list(IdType))),
}
_TOO_LONG = ("1234567", "23456😀7", 1234567, "x" * 300)
_NESTED: tuple[object, ...] = ([], {}, ["a"], {"a": [1]})
_MEMBERS: dict[str, Callable[[Random, Case, Record], Record]] = {
    "other spelling": lambda random, _, record: {ID: _respelled(random, str(record.get(ID)))},
    "unmapped": lambda random, *_: {random.choice(["Desk", "city", "idName", "Room No", ""]): "x"},
    "too long": lambda random, case, _: {"Office": random.choice(_TOO_LONG)} if "Office" in case.property_map else {},
    "wrong type": lambda random, _, record: {name: _bad(random, name) for name in record if name in _BAD},
    "null": lambda random, case, _: {random.choice(list(case.property_map)): None},
    "empty text": lambda random, case, _: {random.choice(list(case.property_map)): ""},
    "nested": lambda random, case, _: {random.choice([*case.property_map, "Desk", ID]): random.choice(_NESTED)},
}


def _respelled(random: Random, identity: str) -> str:
    ways = [identity.upper(), identity.title(), f" {identity} ", f"i:0#.f|membership|{identity}", identity]
    return random.choice(ways)


def _written(random: Random, case: Case, records: Sequence[Record | None]) -> bytes:
    faults = set(case.about)
    values: list[object] = [*records]
    if "no record" in faults:
        values.insert(random.randint(0, len(values)), random.choice(["x", 5, True, []]))
    document: object = {"value": values}
    if "bare list" in faults:
        document = values
    elif "other name" in faults:
        document = {random.choice(["Value", "users", "values"]): values}
    elif "behind" in faults:
        document = {"about": {"n": [1]}, "value": values, "count": len(values)}
    # Blanks beyond ASCII would be others in another encoding.
    if random.random() < 0.5 and "letters" not in faults:
        pen = Pen(random, jsonnet=True)
        pen.value(_model(document))
        text = "".join(pen.raw)
    else:
        text = json.dumps(document, ensure_ascii=random.random() < 0.3, indent=random.choice([None, 1, "\t"]))
    return _encoded(random, _damaged(random, text, faults), faults)


def _model(value: object) -> Any:  # noqa: ANN401 - as ``Pen`` takes them
    if isinstance(value, dict):
        return Pairs(tuple((name, _model(inner)) for name, inner in value.items()))
    return [_model(inner) for inner in value] if isinstance(value, list) else value


def _damaged(random: Random, text: str, faults: set[str]) -> str:
    at = random.randrange(len(text)) if text else 0
    if "cut" in faults:
        text = text[:at]
    if "sign gone" in faults:
        text = text[:at] + text[at + 1 :]
    if "sign more" in faults:
        # Without NUL, which Json.NET skips between tokens, and which we call a fault.
        text = text[:at] + random.choice("{}[],:\"'\\/x1 \n" + string.ascii_letters) + text[at:]
    if "backslash" in faults:
        found = [found.start() for found in re.finditer("[A-Za-z]", text)]
        at = random.choice(found) if found else 0
        text = text[:at] + "\\" + text[at:]
    return text


def _encoded(random: Random, text: str, faults: set[str]) -> bytes:
    if "without a mark" in faults:
        return text.encode(random.choice(["utf-16-le", "utf-16-be"]))
    if "letters" in faults:
        return text.encode("cp1252", "replace")
    mark = random.choice(["", "", "\ufeff"])
    encoding = random.choice(["utf-8"] * 5 + ["utf-16-le", "utf-16-be"])
    return (("\ufeff" if encoding != "utf-8" else mark) + text).encode(encoding, "surrogatepass")
