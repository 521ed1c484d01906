"""Files with faults of every kind, what ``check`` foretells of them, and what the emulator's import then does."""

from __future__ import annotations

import json
import re
import string
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

import polars as pl

from analyzer.catalogue import OURS
from analyzer.directory.model import Attribute
from analyzer.directory.headings import Column
from analyzer.directory.users import directory_of
from analyzer.emulator.importing import ImportRequest, run_import
from analyzer.emulator.profiles import ProfileStore, Property, User
from analyzer.imports.check import check_file
from analyzer.imports.directory_checks import DirectoryCheck
from analyzer.imports.foretold import Ending
from analyzer.imports.model import ImportPlan
from analyzer.imports.property_schema import ProfileProperty, PropertySchema, ValueType
from analyzer.model.identity import identity_key
from analyzer.model.service import IdType, JobError, LogCode
from tests.source.spellings import Pairs, Pen

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from analyzer.imports.check import CheckResult

JOB = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
ID = "IdName"

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
    **{"City": "City", "Office": "officeCODE", "Born": "Birthday", "Floor": "Floor"},
    **{"Share": "Share", "Remote": "Remote", "Boss": "manager", "Dept": "Department"},
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
    records = [_record(random, made, user) for user in random.sample(users, random.randint(0, len(users)))]
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


def _record(random: Random, case: Case, user: User) -> dict[str, Any]:
    names = random.sample(list(case.property_map), random.randint(0, len(case.property_map)))
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


def _bad(random: Random, name: str) -> object:
    choices: dict[str, list[object]] = {
        "Born": ["31.12.2026", "tomorrow", 20261231, True],
        "Floor": ["two", 2.5, True, 2**63, "1,000"],
        "Share": ["half", "1.5.2", True],
        "Remote": ["yes", 1, 0.5],
        "Boss": ["Bo Smith", "eve@contoso.com", 12],
    }
    return random.choice(choices.get(name, ["x"]))


def _spoil(random: Random, case: Case, records: list[dict[str, Any] | None], fault: str) -> None:
    """Put a fault into the records, or into what they are queued with; the others come with ``_written``."""
    if fault == "refused map":
        case.property_map[random.choice(["Extra", *case.property_map])] = random.choice(REFUSED)
        return
    if fault in {"null record", "no record"}:
        other = None if fault == "null record" else random.choice(["x", 5, True, []])
        records.insert(random.randint(0, len(records)), other)  # type: ignore[arg-type]
        return
    of_users = [one for one in records if isinstance(one, dict)]
    if not of_users:
        return
    chosen = random.choice(of_users)
    name = random.choice(list(case.property_map))
    match fault:
        case "unknown":
            chosen[ID] = random.choice(["eve@contoso.com", "ada@fabrikam.com", "x", "ada0@contoso.co", str(UUID(int=7))])
        case "empty id":
            chosen[ID] = random.choice(["", " ", "\t"])
        case "null id":
            chosen[ID] = None
        case "no id":
            del chosen[ID]
        case "number as id":
            chosen[ID] = random.choice([4711, 1.5, True])
        case "duplicate":
            records.append({**_record(random, case, case.users[0]), ID: _respelled(random, str(chosen.get(ID)))})
        case "other spelling":
            chosen[ID] = _respelled(random, str(chosen.get(ID)))
        case "other kind":
            chosen[ID] = random.choice(case.users).identity(random.choice(list(IdType)))
        case "unmapped":
            chosen[random.choice(["Desk", "city", "idName", "Room No", ""])] = "x"
        case "too long" if "Office" in case.property_map:
            chosen["Office"] = random.choice(["1234567", "123456😀"[1:] + "7", 1234567, "x" * 300])
        case "wrong type":
            if name in chosen:
                chosen[name] = _bad(random, name)
        case "null":
            chosen[name] = None
        case "empty text":
            chosen[name] = ""
        case "nested":
            value = random.choice([[], {}, ["a"], {"a": [1]}])
            chosen[random.choice([name, "Desk", ID])] = value


def _respelled(random: Random, identity: str) -> str:
    ways = [identity.upper(), identity.title(), f" {identity} ", f"i:0#.f|membership|{identity}", identity]
    return random.choice(ways)


def _written(random: Random, case: Case, records: list[dict[str, Any]]) -> bytes:
    document: object = {"value": records}
    faults = set(case.about)
    if "bare list" in faults:
        document = records
    elif "other name" in faults:
        document = {random.choice(["Value", "users", "values"]): records}
    elif "behind" in faults:
        document = {"about": {"n": [1]}, "value": records, "count": len(records)}
    if random.random() < 0.5:
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
        text = text[:at] + random.choice('{}[],:"\'\\/x1 \0\n' + string.ascii_letters) + text[at:]
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


def checked(case: Case, path: Path) -> CheckResult:
    """What ``check`` finds, with the schema and a directory export of the tenant's users."""
    path.write_bytes(case.source)
    users = pl.DataFrame(
        {
            Column.principal_name: [one.user_principal_name for one in case.users],
            Column.mail: [one.mail for one in case.users],
            Column.object_id: [one.object_id for one in case.users],
        }
    )
    directory = directory_of(users, "users.csv")
    plan = ImportPlan(case.id_type, ID, case.property_map)
    return check_file(path, plan, [DirectoryCheck(directory, case.id_type)], SCHEMA)


@dataclass(frozen=True)
class Outcome:
    """How an import ended, or is foretold to end.

    Attributes:
        ending: how.
        error: the job's error; None without a job.
        entries: of a refusal or an aborted job code, identity, and property of each; else code and, if the user isn't
            found, identity.
        failing: keys of the users who aren't updated although the job isn't aborted.
    """

    ending: Ending
    error: JobError | None
    entries: Counter[tuple[str, str, str]]
    failing: frozenset[str]


def foretold_of(result: CheckResult) -> Outcome:
    """What ``check`` foretells, as a log would show it."""
    foretold = result.foretold()
    entries = Counter[tuple[str, str, str]]()
    for code, identity, name in foretold.entries.iter_rows():
        shown = "" if code == LogCode.GenericError else re.sub("[\t\r\n]", " ", identity or "")
        entries[code, shown, name or ""] += 1
    failing = frozenset()
    if foretold.ending is Ending.partial:
        failing = frozenset(identity_key(identity) for identity in foretold.entries["identity"])
    return Outcome(foretold.ending, foretold.error, entries, failing)


def run_of(case: Case, path: Path) -> Outcome:
    """What the emulator does: the refusal of the queue call, or the job's log and whose profiles it wrote."""
    store = case.store()
    refusal = store.refusal(case.property_map)
    if refusal is not None:
        pattern = OURS.pattern_of("QueueImportProfileProperties", refusal, None)
        names = re.search(r"\[(.*)\]", refusal)
        assert pattern is not None
        assert names is not None
        return Outcome(
            Ending.refused, None, Counter((pattern.code, "", name) for name in names[1].split(",")), frozenset()
        )
    request = ImportRequest(JOB, case.id_type, ID, case.property_map, "https://contoso.sharepoint.com/a.json")
    result = run_import(request, path, store)
    log = (result.log or b"").decode("utf-8-sig")
    entries = Counter[tuple[str, str, str]]()
    for line in log.split("\r\n"):
        code, *fields = line.split("\t")
        if len(fields) == 2 and code in LogCode.__members__:
            name = re.match(r"Property '(.*)' is not mapped", fields[1], re.DOTALL)
            entries[code, "" if code == LogCode.GenericError else fields[0], name[1] if name else ""] += 1
    endings = {
        JobError.NoError: Ending.succeeded,
        JobError.ImportCompleteWithError: Ending.partial,
    }
    ending = endings.get(result.error, Ending.aborted)
    failing = frozenset(_failing(case, path, log)) if ending is Ending.partial else frozenset()
    return Outcome(ending, result.error, entries, failing)


def _failing(case: Case, path: Path, log: str) -> set[str]:
    """The keys of the users in the file whose profiles weren't written, by importing each record with a mark."""
    from analyzer.emulator.importing import Validated, validate, write  # noqa: PLC0415 - beside its only use

    request = ImportRequest(JOB, case.id_type, ID, case.property_map, "https://contoso.sharepoint.com/a.json")
    validated = validate(path, request)
    assert isinstance(validated, Validated)
    store = case.store()
    unmarked = {identity_key(record.identity) for record in validated.records}
    # A value in each record shows whose profile was written.
    marked_map = {**case.property_map, "\0": "City"}
    marked = Validated(
        ImportRequest(JOB, case.id_type, ID, marked_map, request.source_uri),
        [type(record)(record.identity, {**record.values, "\0": "!"}) for record in validated.records],
    )
    write(marked, store)
    written = {
        identity_key(user.identity(case.id_type))
        for user in (store.user(case.id_type, one.identity(case.id_type)) for one in case.users)
        if user is not None and user.values.get("City") == "!"
    }
    return unmarked - written
